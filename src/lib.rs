//! catholyte: a digital twin of halide-sulfide hybrid cathodes for all-solid-state lithium batteries.

// Units stand in brackets, and rustdoc takes [V] for a link.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod analysis;
pub mod cell;
pub mod composition;
pub mod constants;
pub mod export;
pub mod grid;
pub mod import;
pub mod linalg;
pub mod materials;
pub mod microstructure;
pub mod plots;
pub mod presets;
pub mod protocol;
pub mod recipe;
pub mod results;
pub mod simulation;
pub mod verify;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
