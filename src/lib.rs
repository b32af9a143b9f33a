//! catholyte: a digital twin of halide-sulfide hybrid cathodes for all-solid-state lithium batteries.

pub mod analysis;
pub mod composition;
pub mod constants;
pub mod grid;
pub mod materials;
pub mod microstructure;
pub mod presets;
pub mod recipe;
