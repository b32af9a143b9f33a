//! What an electrode conducts through its thickness by each rail.
//!
//! The ionic one is what a symmetric cell with lithium on both sides measures: ions enter and leave by the end faces and
//! electrons carry nothing; lithium inside the NCA is no way through. Voxels that touch conduct without a contact resistance.

use serde::Serialize;

use super::{Conduction, Error, Request, Transport, Volume};
use crate::materials::Phase;
use crate::microstructure::Microstructure;

/// Conduction along z by each rail, the sides periodic; conductivities in S/m. What `connected_fraction` leaves out is
/// isolated and carries nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rails {
    pub ionic: Transport,
    pub electronic: Transport,
}

/// Sends a current through both rails of a structure.
///
/// * `ionic`, `electronic` – conductivity of each phase on the rail [S/m]
///
/// # Errors
/// [`Error`], if the solver fails.
pub fn conduct(
    structure: &Microstructure,
    ionic: &[f64; Phase::COUNT],
    electronic: &[f64; Phase::COUNT],
) -> Result<Rails, Error> {
    let labels: Vec<u8> = structure.phase.iter().map(|&phase| phase as u8).collect();
    let volume = Volume { size: structure.grid.size, labels: &labels };
    let rail = |conductivity: &[f64; Phase::COUNT]| {
        let mut table = [0.0; 256];
        table[..Phase::COUNT].copy_from_slice(conductivity);
        Conduction::new(volume, &Request { periodic: [true; 3], ..Request::new(table) })?.run()
    };
    Ok(Rails { ionic: rail(ionic)?, electronic: rail(electronic)? })
}
