//! What the cell is put through: data only.

use serde::{Deserialize, Serialize};

/// A constant current until a voltage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConstantCurrent {
    /// In units of 1C, 180 mA per gram of NCA; positive discharges, negative charges.
    pub c_rate: f64,
    /// Terminal voltage that ends the step [V].
    pub until_voltage_v: f64,
}

/// A cell at rest, then one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Open-circuit voltage of the uniform electrode at the start [V].
    pub initial_voltage_v: f64,
    pub step: ConstantCurrent,
}
