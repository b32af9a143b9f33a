//! What a run yields: columns over time, numbers at its end, and the books that certify them.

use serde::Serialize;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The voltage fell to the cut-off.
    LowerCutoff,
    /// The voltage rose to the cut-off.
    UpperCutoff,
    /// No chain of particles joins the separator to the current collector: no current can flow.
    NoConductingPath,
}

/// Columns of a run, one row per accepted time step; the first row is the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Series {
    pub time_s: Vec<f64>,
    /// Charge passed per mass of NCA [mAh g⁻¹].
    pub capacity_mah_g: Vec<f64>,
    /// Terminal voltage against lithium [V].
    pub voltage_v: Vec<f64>,
}

impl Series {
    pub fn len(&self) -> usize {
        self.time_s.len()
    }

    pub fn is_empty(&self) -> bool {
        self.time_s.is_empty()
    }

    pub fn push(&mut self, time_s: f64, capacity_mah_g: f64, voltage_v: f64) {
        self.time_s.push(time_s);
        self.capacity_mah_g.push(capacity_mah_g);
        self.voltage_v.push(voltage_v);
    }

    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<&[f64]> {
        match name {
            "time_s" => Some(&self.time_s),
            "capacity_mah_g" => Some(&self.capacity_mah_g),
            "voltage_v" => Some(&self.voltage_v),
            _ => None,
        }
    }

    /// Energy per mass of NCA, `∫ V dQ` by the trapezoidal rule [mWh g⁻¹, which is Wh kg⁻¹].
    pub fn energy_wh_kg(&self) -> f64 {
        let mut energy = 0.0;
        for k in 1..self.len() {
            let charge = self.capacity_mah_g[k] - self.capacity_mah_g[k - 1];
            energy += 0.5 * (self.voltage_v[k] + self.voltage_v[k - 1]) * charge;
        }
        energy
    }

    /// Mean voltage over the charge passed, `∫ V dQ / Q` [V]; 0 without charge.
    pub fn mean_voltage(&self) -> f64 {
        match self.capacity_mah_g.last() {
            Some(&q) if q > 0.0 => self.energy_wh_kg() / q,
            _ => 0.0,
        }
    }

    /// Comma-separated values with a header.
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("time_s,capacity_mah_g,voltage_v\n");
        for k in 0..self.len() {
            csv += &format!("{},{},{}\n", self.time_s[k], self.capacity_mah_g[k], self.voltage_v[k]);
        }
        csv
    }
}

/// The numbers of a run and its certificate.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub c_rate: f64,
    pub discharge_capacity_mah_g: f64,
    pub mean_voltage_v: f64,
    /// Energy per mass of NCA [Wh kg⁻¹].
    pub energy_wh_kg: f64,
    pub final_voltage_v: f64,
    pub stop_reason: Option<StopReason>,
    /// Largest difference, over the steps, between the applied current and what passes the separator or is stored as
    /// lithium, relative to it.
    pub charge_balance_error: f64,
    /// |lithium stored / charge passed − 1|, in units of charge, over the whole run.
    pub lithium_balance_error: f64,
    pub time_steps: usize,
    pub rejected_steps: usize,
    pub newton_iterations: usize,
    pub linear_iterations: usize,
    pub multigrid_setups: usize,
    pub multigrid_refreshes: usize,
    /// Unknown potentials.
    pub unknowns: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_voltage_is_energy_over_charge() {
        let mut series = Series::default();
        series.push(0.0, 0.0, 4.0);
        series.push(1.0, 1.0, 4.0);
        series.push(2.0, 4.0, 3.0);
        assert!((series.mean_voltage() - (4.0 + 3.0 * 3.5) / 4.0).abs() < 1e-12);
        assert!((series.energy_wh_kg() - 14.5).abs() < 1e-12);
        assert_eq!(series.to_csv().lines().nth(2), Some("1,1,4"));
        assert_eq!(Series::default().mean_voltage(), 0.0);
    }
}
