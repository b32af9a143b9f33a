//! catholyte: a digital twin of halide-sulfide hybrid cathodes for all-solid-state lithium batteries.
//!
//! The flow runs in one direction:
//!
//! ```text
//! Recipe -> Composition -> Microstructure -> Analysis
//!                               |
//!                               v
//!              Cell (two-rail network) --Protocol--> Results
//! ```
//!
//! * [`recipe`]: what an experimenter weighs in and asks for; one table of fields for page, command line and docs
//! * [`composition`]: masses to volumes, porosity, loading and capacity
//! * [`microstructure`]: the voxels: packed NCA spheres, their coat, carbon, electrolyte
//! * [`analysis`]: contacts, coverage, clusters, effective transport, before any cell runs
//! * [`cell`]: the network of two rails and the voltages on it over time
//! * [`simulation`]: takes a recipe through a protocol, a bounded piece of work at a time
//! * [`linalg`]: solves the networks, and knows no chemistry
//!
//! ```
//! use catholyte::{microstructure, recipe::Recipe, simulation::Simulation};
//!
//! let small = serde_json::json!({"width_um": 10, "thickness_um": 15, "voxel_um": 1.25, "c_rate": 1});
//! let recipe = Recipe::from_json(&small).unwrap();
//! let structure = microstructure::build(&recipe).unwrap();
//! let summary = Simulation::new(&recipe, &structure).run().unwrap();
//! assert!(summary.discharge_capacity_mah_g > 50.0 && summary.charge_balance_error < 1e-4);
//! ```
//!
//! Axes: x runs fastest in memory, then y, then z; x and y are periodic; the separator lies at z = 0 and the current collector
//! at z = L. Signs: a discharge current is positive. Units: SI inside; where another unit enters or leaves, the name says so
//! (`thickness_um`, `loading_mg_cm2`, `capacity_mah_g`). Voltages are against lithium.
//!
//! The same recipe and seed give the same voxels, and the same voltages, natively and in wasm: sums run in a fixed order, and
//! transcendental functions come from one library on every platform.
//!
//! Not modelled: mechanics, heat, ageing, cracks and grain boundaries in NCA, double layers and space charge, hysteresis of the
//! open-circuit voltage, the kinetics of the counter electrode.

// Units stand in brackets, and rustdoc takes [V] for a link.
#![allow(rustdoc::broken_intra_doc_links)]

pub mod analysis;
pub mod cell;
pub mod citation;
pub mod composition;
pub mod constants;
pub mod export;
pub mod grid;
pub mod import;
pub mod linalg;
pub mod materials;
pub mod microstructure;
pub mod paper;
pub mod plots;
pub mod presets;
pub mod protocol;
pub mod recipe;
pub mod results;
pub mod simulation;
pub mod snapshots;
pub mod verify;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
