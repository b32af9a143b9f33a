//! The structure in numbers, as labels for the 3D view, and as files that come and go.

use js_sys::{Array, Uint8Array};
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::twin::Twin;
use super::{MEMORY_LIMIT, failure, to_js};
use crate::analysis::{self, Report};
use crate::composition::Composition;
use crate::export;
use crate::grid::VoxelGrid;
use crate::import::{self, LabelMap, LabelType, LabelVolume};
use crate::materials::Phase;
use crate::microstructure::{Microstructure, NO_PARTICLE};
use crate::simulation;

/// Volumes from files larger than this are refused in a tab: reading and analysing take 30 bytes a voxel.
const MOST_IMPORTED: usize = 1 << 24;

/// Labels of the 3D view beyond those of the phases.
const ISOLATED: u8 = Phase::COUNT as u8;
const WEAK: u8 = ISOLATED + 1;

/// Phases that are guessed in turn for labels that are none of the twin's own numbers, from the lowest label.
const GUESSES: [Phase; 4] = [Phase::Pore, Phase::Nca, Phase::Lpscl, Phase::Carbon];

/// The labels of a file.
#[wasm_bindgen]
pub struct Volume {
    labels: LabelVolume,
}

#[wasm_bindgen]
impl Volume {
    /// Reads a TIFF or npy file.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Volume, JsValue> {
        Volume::within_limit(import::read(bytes).map_err(bad_file)?)
    }

    /// Reads a file without a header.
    ///
    /// * `size` – voxels along x, y, z; what is no whole number counts as none
    /// * `kind` – `u8`, `u16` or `u16be`
    pub fn raw(bytes: &[u8], size: &[f64], kind: &str) -> Result<Volume, JsValue> {
        const HINT: &str = "Change voxels or type until they fit the file.";
        let bad = |e: &dyn std::fmt::Display| failure("bad_file", STAGE, sentence(e), HINT);
        let kind = match kind {
            "u8" => LabelType::U8,
            "u16" => LabelType::U16,
            "u16be" => LabelType::Unsigned { bytes: 2, big_endian: true },
            _ => return Err(bad(&format!("there is no type '{kind}'"))),
        };
        let &[x, y, z] = size else { return Err(bad(&"a volume has three sizes")) };
        let shape = [z, y, x].map(|n| if n.fract() == 0.0 { n as u64 } else { 0 });
        Volume::within_limit(import::read_raw(bytes, shape, kind).map_err(|e| bad(&e))?)
    }

    /// `{size, labels: [{label, voxels, phase}]}`, labels rising; the phases are guesses.
    pub fn summary(&self) -> JsValue {
        let mut voxels = vec![0_usize; 1 << 16];
        self.labels.labels.iter().for_each(|&l| voxels[usize::from(l)] += 1);
        let used: Vec<usize> = (0..voxels.len()).filter(|&l| voxels[l] > 0).collect();
        let own = used.iter().all(|&l| l < Phase::COUNT);
        let rows: Vec<_> = used
            .iter()
            .enumerate()
            .map(|(rank, &label)| {
                let guess = if own {
                    Phase::ALL[label]
                } else if used.len() > GUESSES.len() {
                    // So many labels number particles one by one.
                    if rank == 0 { Phase::Pore } else { Phase::Nca }
                } else {
                    GUESSES[rank]
                };
                json!({"label": label, "voxels": voxels[label], "phase": guess})
            })
            .collect();
        to_js(&json!({"size": self.labels.size, "labels": rows}))
    }
}

impl Volume {
    fn within_limit(labels: LabelVolume) -> Result<Volume, JsValue> {
        if labels.labels.len() > MOST_IMPORTED {
            let message = format!("The volume has {} voxels; a tab takes {MOST_IMPORTED}.", labels.labels.len());
            return Err(failure("too_large", STAGE, message, "Crop it or make its voxels coarser."));
        }
        Ok(Volume { labels })
    }

    /// The structure that these labels mean.
    pub(super) fn structure(&self, labels: &str, voxel_um: f64) -> Result<Microstructure, JsValue> {
        let map = LabelMap::parse(labels).map_err(bad_file)?;
        import::microstructure(&self.labels, &map, voxel_um).map_err(bad_file)
    }
}

const STAGE: &str = "reading the file";

fn bad_file(e: import::ImportError) -> JsValue {
    failure(
        "bad_file",
        STAGE,
        sentence(&e),
        "Multi-page TIFF (8 or 16 bit grey) and npy files of whole numbers work, and raw files named .raw, .bin, .dat or .vol.",
    )
}

fn sentence(fault: &dyn std::fmt::Display) -> String {
    let text = fault.to_string();
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).chain(['.']).collect()
}

/// Refuses grids on which a run would not fit into a tab; recipes are checked earlier.
pub(super) fn memory_for_run(grid: &VoxelGrid) -> Result<(), JsValue> {
    let needed = simulation::bytes_for_run(grid);
    if needed <= MEMORY_LIMIT {
        return Ok(());
    }
    let gigabytes = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let message = format!(
        "A run on this volume needs {:.1} GB; {:.1} GB are allowed.",
        gigabytes(needed),
        gigabytes(MEMORY_LIMIT)
    );
    Err(failure("too_large", "discharge", message, "Crop the volume or make its voxels coarser."))
}

#[wasm_bindgen]
impl Twin {
    /// The structure in numbers; `analysis` is the part of [`Report`] that the page shows.
    pub fn report(&self) -> JsValue {
        let s = &self.structure;
        let area: f64 = s.surface.iter().map(|f| f64::from(f.area)).sum();
        let covered: f64 = s.surface.iter().map(|f| f64::from(f.area * f.covered)).sum();
        let report = self.analysis();
        to_js(&json!({
            "grid": s.grid,
            "imported": self.imported,
            "volume_fractions": s.volume_fractions(),
            "has_run": self.simulation.is_some(),
            "has_flow": self.flow.as_ref().is_some_and(|f| f.flux().is_some()),
            "particles": report.particles.len(),
            "coat_coverage": if area > 0.0 { covered / area } else { 0.0 },
            "voxel_hash": report.voxel_hash,
            "analysis": {
                "coverage": report.coverage.nca,
                "coverage_per_particle": report.coverage_per_particle,
                "nca_surface_um2": report.nca_surface_um2.corrected,
                "connectivity": report.connectivity,
            },
        }))
    }

    /// A label for each voxel, x fastest: its phase, or 6 in particles that electrons or ions do not reach, or 7 in weakly wired
    /// ones.
    pub fn labels(&self) -> Uint8Array {
        let nca = &self.analysis().connectivity.nca;
        let mut shown = vec![Phase::Nca as u8; self.analysis().particles.len()];
        for &number in &nca.weakly_wired_particles {
            shown[number as usize] = WEAK;
        }
        for &number in nca.electronically_isolated_particles.iter().chain(&nca.ionically_isolated_particles) {
            shown[number as usize] = ISOLATED;
        }
        let label = |(&phase, &number): (&Phase, &u32)| {
            if number == NO_PARTICLE { phase as u8 } else { shown[number as usize] }
        };
        let labels: Vec<u8> = self.structure.phase.iter().zip(&self.structure.particle).map(label).collect();
        Uint8Array::from(labels.as_slice())
    }

    /// A file of the structure (`vti`, `npy`, `tiff`) or of its report (`json`, `csv`, `particles`).
    pub fn file(&self, format: &str) -> Result<Uint8Array, JsValue> {
        const STAGE: &str = "writing the file";
        let failed = |e: &dyn std::fmt::Display| failure("export", STAGE, e, "Choose another format.");
        let bytes = match format {
            "vti" => export::vti(&self.structure),
            "npy" => export::npy(&self.structure),
            "tiff" => export::tiff(&self.structure).map_err(|e| failed(&e))?,
            "json" => serde_json::to_vec_pretty(self.analysis()).map_err(|e| failed(&e))?,
            "csv" => export::report_csv(self.analysis()).map_err(|e| failed(&e))?.into_bytes(),
            "particles" => export::particles_csv(self.analysis()).into_bytes(),
            _ => return Err(failed(&format!("There is no format '{format}'."))),
        };
        Ok(Uint8Array::from(bytes.as_slice()))
    }
}

impl Twin {
    pub(super) fn analysis(&self) -> &Report {
        self.analysis.get_or_init(|| {
            let targets = Composition::new(&self.recipe).voxel_targets(self.structure.grid.len());
            analysis::analyse(&self.structure, (!self.imported).then_some(targets))
        })
    }
}

/// Formats of [`Twin::file`]: `{key, label, name, media}`.
#[wasm_bindgen]
pub fn file_formats() -> Array {
    const FORMATS: [(&str, &str, &str, &str); 6] = [
        ("vti", "VTI", "structure.vti", "application/xml"),
        ("npy", "npy", "structure.npy", "application/octet-stream"),
        ("tiff", "TIFF", "structure.tiff", "image/tiff"),
        ("json", "JSON", "report.json", "application/json"),
        ("csv", "CSV", "report.csv", "text/csv"),
        ("particles", "Particles", "particles.csv", "text/csv"),
    ];
    let row = |(key, label, name, media)| to_js(&json!({"key": key, "label": label, "name": name, "media": media}));
    FORMATS.into_iter().map(row).collect()
}
