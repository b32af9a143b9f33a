//! Solves high-contrast resistor networks on voxel grids: `A x = b`, A symmetric positive definite.
//!
//! A is the matrix of a network of conductances: row i says `Σ_j g_ij (x_i − x_j) + e_i x_i = b_i`. It knows no
//! chemistry: unknowns are nodes, coefficients are conductances.
//!
//! * [`lattice`]: the network on the grid, one or two layers of nodes, stored as face arrays and never as a sparse matrix
//! * [`aggregate`]: groups nodes that conduct well to each other; [`blocks`]: the same on the lattice
//! * [`graph`]: the network between such groups, in compressed rows
//! * [`elimination`]: the direct solution of the smallest
//! * [`multigrid`]: the hierarchy of networks and its cycle, the preconditioner (f32)
//! * [`pcg`]: flexible preconditioned conjugate gradients, one bounded piece of work at a time
//! * [`refine`]: an f64 solution from f32 solves
//!
//! Sums run in a fixed order, so that results carry the same bits natively and in wasm.

// Several arrays of equal length run in step through the kernels: an index says it best.
#![allow(clippy::needless_range_loop)]

pub mod aggregate;
pub mod blocks;
pub mod elimination;
pub mod graph;
pub mod lattice;
pub mod multigrid;
pub mod pcg;
pub mod refine;
pub mod vector;
