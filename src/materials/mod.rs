//! What each phase is made of: one file per material, one sourced function or constant per property.
//!
//! Every value says whether it is *measured* (in a paper or data set), *fitted* (to the paper's table) or *assumed*.
//! Units are SI unless the name says otherwise: conductivities in S m⁻¹ (1 S/m = 10 mS/cm).

pub mod carbon;
pub mod lic;
pub mod lpscl;
pub mod lyc;
pub mod nca;

use serde::{Deserialize, Serialize};

/// What fills a voxel. The numbers are the labels in files and in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Phase {
    /// Void: conducts nothing.
    Pore = 0,
    /// The active material.
    Nca = 1,
    /// The halide electrolyte, as coat or as grains: LYC, or LIC in its place.
    Halide = 2,
    /// The sulfide electrolyte.
    Lpscl = 3,
    Carbon = 4,
    /// The mixed-conducting coat of halide and carbon.
    Mixed = 5,
}

impl Phase {
    pub const COUNT: usize = 6;
    pub const ALL: [Phase; Phase::COUNT] =
        [Phase::Pore, Phase::Nca, Phase::Halide, Phase::Lpscl, Phase::Carbon, Phase::Mixed];

    /// The key of this phase in tables and JSON.
    pub fn key(self) -> &'static str {
        ["pore", "nca", "halide", "lpscl", "carbon", "mixed"][self as usize]
    }

    /// Does this phase store lithium (has it a chemical capacitance)?
    pub fn stores_lithium(self) -> bool {
        self == Phase::Nca
    }

    /// Has this phase a node on the electronic rail?
    pub fn conducts_electrons(self) -> bool {
        matches!(self, Phase::Nca | Phase::Carbon | Phase::Mixed)
    }

    /// Is this phase an electrolyte, that is, does it carry lithium ions without storing lithium?
    pub fn is_electrolyte(self) -> bool {
        matches!(self, Phase::Halide | Phase::Lpscl | Phase::Mixed)
    }
}

/// Which halide the recipe uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Halide {
    Lyc,
    Lic,
}

impl Halide {
    pub fn label(self) -> &'static str {
        match self {
            Halide::Lyc => "LYC",
            Halide::Lic => "LIC",
        }
    }

    /// Density [g cm⁻³].
    pub fn density(self) -> f64 {
        match self {
            Halide::Lyc => lyc::DENSITY,
            Halide::Lic => lic::DENSITY,
        }
    }

    /// Ionic conductivity at 30 °C [S m⁻¹].
    pub fn kappa(self) -> f64 {
        match self {
            Halide::Lyc => lyc::KAPPA,
            Halide::Lic => lic::KAPPA,
        }
    }
}

/// How a phase is named and drawn.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseStyle {
    pub key: &'static str,
    pub label: String,
    /// sRGB colour.
    pub rgb: [u8; 3],
}

/// Names and colours of all phases, in the order of their labels.
///
/// The colours are told apart by people with any common colour vision (Okabe and Ito's set, muted).
pub fn phase_styles(halide: Halide) -> [PhaseStyle; Phase::COUNT] {
    let h = halide.label();
    let style = |phase: Phase, label: String, rgb| PhaseStyle { key: phase.key(), label, rgb };
    [
        style(Phase::Pore, "pore".into(), [245, 245, 242]),
        style(Phase::Nca, "NCA".into(), [120, 128, 140]),
        style(Phase::Halide, h.into(), [0, 158, 115]),
        style(Phase::Lpscl, "LPSCl".into(), [240, 200, 80]),
        style(Phase::Carbon, "carbon".into(), [28, 28, 32]),
        style(Phase::Mixed, format!("{h}-C"), [0, 90, 140]),
    ]
}
