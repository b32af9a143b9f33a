//! Particles that do not take part, or less than the others.

use serde::Serialize;

use super::Snapshot;
use crate::analysis::Report;

/// What a particle lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Starvation {
    /// No electrons reach it from the current collector.
    Electrons,
    /// No ions reach it from the separator.
    Ions,
    /// It touches carbon and its like with too little of its surface.
    WeaklyWired,
    /// Its stoichiometry is behind that of the electrode.
    Behind,
}

/// A starved particle.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Starved {
    pub number: u32,
    pub lacks: Starvation,
    pub centre_um: [f64; 3],
    pub diameter_um: f64,
    /// Mean stoichiometry of its voxels; `None` without a run.
    pub stoichiometry: Option<f64>,
}

/// A particle is behind if its stoichiometry lags the mean of the electrode by more than this; a *convention*.
const BEHIND: f64 = 0.03;
/// Of those, the ones that lag most.
const MOST_BEHIND: usize = 12;

/// The particles that nothing reaches, the weakly wired ones and, during a run, those that lag most; in this order.
///
/// * `snapshot` – an instant of the run, with the sign of dx/dt (+1 on discharge)
/// * `particle` – number of each voxel's particle
pub fn starved(report: &Report, snapshot: Option<(&Snapshot, f64)>, particle: &[u32]) -> Vec<Starved> {
    let nca = &report.connectivity.nca;
    let x = snapshot.map(|(s, _)| s.stoichiometry_by_particle(particle, report.particles.len()));
    let stoichiometry = |number: u32| x.as_ref().map(|x| x[number as usize]).filter(|x| x.is_finite());
    let mut lacks = vec![None; report.particles.len()];
    for (numbers, what) in [
        (&nca.weakly_wired_particles, Starvation::WeaklyWired),
        (&nca.ionically_isolated_particles, Starvation::Ions),
        (&nca.electronically_isolated_particles, Starvation::Electrons),
    ] {
        numbers.iter().for_each(|&n| lacks[n as usize] = Some(what));
    }
    if let (Some(x), Some((_, direction))) = (&x, snapshot) {
        // Particles that nothing reaches would hold the mean back.
        let there = |n: usize| x[n].is_finite() && !matches!(lacks[n], Some(Starvation::Electrons | Starvation::Ions));
        let taking_part = || report.particles.iter().filter(|p| there(p.number as usize));
        let voxels: usize = taking_part().map(|p| p.voxels).sum();
        let mean = taking_part().map(|p| x[p.number as usize] * p.voxels as f64).sum::<f64>() / voxels as f64;
        let lag = |n: usize| direction * (mean - x[n]);
        let mut behind: Vec<usize> = (0..x.len()).filter(|&n| lacks[n].is_none() && lag(n) > BEHIND).collect();
        behind.sort_by(|&a, &b| lag(b).total_cmp(&lag(a)));
        behind.truncate(MOST_BEHIND);
        behind.into_iter().for_each(|n| lacks[n] = Some(Starvation::Behind));
    }
    let mut found: Vec<Starved> = report
        .particles
        .iter()
        .filter(|p| p.voxels > 0)
        .filter_map(|p| {
            Some(Starved {
                number: p.number,
                lacks: lacks[p.number as usize]?,
                centre_um: p.centre_um,
                diameter_um: p.diameter_um,
                stoichiometry: stoichiometry(p.number),
            })
        })
        .collect();
    found.sort_by_key(|s| s.lacks);
    found
}
