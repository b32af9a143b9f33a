//! Fields for cross-sections and the 3D view, and the particles that starve.

use js_sys::{Array, Float32Array, Int32Array, Uint8Array};
use serde::Serialize;
use serde_json::json;
use wasm_bindgen::prelude::*;

use super::conduct::Flow;
use super::twin::Twin;
use super::{failure, object, to_js};
use crate::cell::fields::Field;
use crate::grid::{Axis, VoxelGrid};
use crate::materials::nca;
use crate::plots::Scale;
use crate::snapshots::{Snapshot, starved};

/// What a cross-section can show.
#[derive(Serialize)]
struct View {
    key: &'static str,
    label: &'static str,
    /// Beside the colour bar.
    bar: &'static str,
    unit: &'static str,
    /// What must have been computed: `run`, `flow` or nothing.
    needs: &'static str,
    /// Colour limits that hold for all runs, so that their pictures can be compared; none: only fitted ones.
    fixed: Option<Scale>,
    /// Shown unit per SI unit.
    #[serde(skip)]
    factor: f32,
}

const fn even(from: f64, to: f64) -> Option<Scale> {
    Some(Scale { from, to, log: false })
}

const fn decades(from: f64, to: f64) -> Option<Scale> {
    Some(Scale { from, to, log: true })
}

/// The fixed limits are conventions that hold discharges of the paper's electrodes from 0.1C to 2C: stoichiometry from the
/// charged state, potentials between the cut-offs, currents over the decades from barely wired to a carbon bridge.
const VIEWS: [View; Field::COUNT + 2] = [
    View { key: "phase", label: "Phase", bar: "", unit: "", needs: "", fixed: None, factor: 1.0 },
    View {
        key: "stoichiometry",
        label: "Lithium stoichiometry",
        bar: "x in LiₓNCA",
        unit: "",
        needs: "run",
        fixed: even(0.15, 1.0),
        factor: 1.0,
    },
    View {
        key: "phi_s",
        label: "Electronic potential",
        bar: "Electronic potential (V)",
        unit: "V",
        needs: "run",
        fixed: even(3.0, 4.3),
        factor: 1.0,
    },
    View {
        key: "phi_e",
        label: "Ionic potential",
        bar: "Ionic potential (V)",
        unit: "V",
        needs: "run",
        fixed: even(-0.6, 0.0),
        factor: 1.0,
    },
    View {
        key: "current_s",
        label: "Electronic current",
        bar: "Electronic current density (mA/cm²)",
        unit: "mA/cm²",
        needs: "run",
        fixed: decades(0.01, 100.0),
        factor: 0.1,
    },
    View {
        key: "current_e",
        label: "Ionic current",
        bar: "Ionic current density (mA/cm²)",
        unit: "mA/cm²",
        needs: "run",
        fixed: decades(0.01, 100.0),
        factor: 0.1,
    },
    View {
        key: "reaction_current",
        label: "Reaction current",
        bar: "Current into the NCA (mA/cm² of its surface)",
        unit: "mA/cm²",
        needs: "run",
        fixed: decades(0.001, 1.0),
        factor: 0.1,
    },
    View {
        key: "overpotential",
        label: "Interface overpotential",
        bar: "Film and charge transfer (mV)",
        unit: "mV",
        needs: "run",
        fixed: even(0.0, 250.0),
        factor: 1000.0,
    },
    View {
        key: "flux",
        label: "Current density",
        bar: "Current density over its mean",
        unit: "of the mean",
        needs: "flow",
        fixed: None,
        factor: 1.0,
    },
];

const STAGE: &str = "cross-section";

/// What cross-sections and the 3D view can show: `{key, label, bar, unit, needs, fixed}`; `needs` is `run`, `flow` or empty,
/// `fixed` are colour limits that hold for all runs, `{from, to, log}` or null.
#[wasm_bindgen]
pub fn slice_views() -> JsValue {
    to_js(&VIEWS)
}

/// Where values come from.
enum Source<'a> {
    Phase,
    Flow(&'a [f32], f32),
    Run(&'a Snapshot, Field, f32),
}

#[wasm_bindgen]
impl Twin {
    /// Three cross-sections through one voxel: `{x, y, z, from, to, instant, instants, arrows}`, the first three `{data, particle,
    /// rows, columns, voxel_um}`; `arrows` are null, or of a current density `{x, y, z, edge_um, unit}`: of each block of voxels that a
    /// section goes through, its centre [um] and mean vector along x, y and z; the edge of a block, and the current over the area. Data are NaN where there is no value, particle numbers −1 outside NCA. `from` and `to` hold all values
    /// of the volume; `instants` are those kept of the run, `instant` the number of this one or −1.
    ///
    /// * `time_s` – chooses the nearest instant; none is the newest, which is then kept up to date while the run goes on
    pub fn slices(&mut self, field: &str, at: &[usize], time_s: Option<f64>) -> Result<JsValue, JsValue> {
        let grid = self.structure.grid;
        let at = inside(&grid, at)?;
        if time_s.is_none()
            && let Some(simulation) = &mut self.simulation
        {
            simulation.watch();
        }
        let source = self.source(field, time_s)?;
        let [from, to] = self.range(&source);
        let time = self.instant(time_s).map(|s| s.at.time_s);
        let instant = self.kept().position(|s| Some(s.at.time_s) == time);
        let value = |voxel: usize| match &source {
            Source::Phase => f32::from(self.structure.phase[voxel] as u8),
            Source::Flow(values, _) => values[voxel],
            Source::Run(snapshot, field, factor) => factor * snapshot.value(*field, voxel),
        };
        let number = |voxel: usize| i32::try_from(self.structure.particle[voxel]).unwrap_or(-1);
        let [x, y, z] = cuts(&grid, at, value, number);
        Ok(object([
            ("x", x),
            ("y", y),
            ("z", z),
            ("from", from.into()),
            ("to", to.into()),
            ("instant", instant.map_or(-1, |i| i as i32).into()),
            ("instants", to_js(&self.kept().map(|s| s.at).collect::<Vec<_>>())),
            ("arrows", arrows(&source, &grid, at)),
        ]))
    }

    /// A field of all voxels for the 3D view, x fastest: 0 where there is no value, else 1 to 255 along `scale` (`{from, to,
    /// log}`), held at its ends.
    pub fn field_bytes(&self, field: &str, time_s: Option<f64>, scale: JsValue) -> Result<Uint8Array, JsValue> {
        let scale: Scale =
            serde_wasm_bindgen::from_value(scale).map_err(|e| failure("scale", STAGE, e, "Give from, to and log."))?;
        let byte = |v: f32| if v.is_finite() { 1 + (254.0 * scale.share(v.into())).round() as u8 } else { 0 };
        let bytes: Vec<u8> = match self.source(field, time_s)? {
            Source::Phase => vec![0; self.structure.grid.len()],
            Source::Flow(values, _) => values.iter().map(|&v| byte(v)).collect(),
            Source::Run(snapshot, field, factor) => snapshot.values(field).map(|v| byte(factor * v)).collect(),
        };
        Ok(Uint8Array::from(bytes.as_slice()))
    }

    /// Particles that lack something: `{number, lacks, centre_um, diameter_um, stoichiometry, state_of_charge}`, the last two
    /// null without a run. The state of charge [%] is 100 at the recipe's starting voltage and 0 at its cut-off.
    pub fn starved(&self, time_s: Option<f64>) -> JsValue {
        let simulation = self.simulation.as_ref();
        let instant = self.instant(time_s).zip(simulation.map(|s| s.direction()));
        let ocv = nca::OpenCircuitVoltage::measured();
        let (full, empty) = (self.recipe.initial_voltage_v, self.recipe.cutoff_voltage_v);
        let rows = starved(self.analysis(), instant, &self.structure.particle);
        let row = |s: &crate::snapshots::Starved| {
            let mut row = json!(s);
            row["state_of_charge"] = json!(s.stoichiometry.map(|x| ocv.state_of_charge(x, full, empty)));
            row
        };
        to_js(&rows.iter().map(row).collect::<Vec<_>>())
    }
}

impl Twin {
    fn kept(&self) -> impl Iterator<Item = &Snapshot> {
        self.simulation.iter().filter_map(|s| s.snapshots()).flat_map(|s| s.iter())
    }

    /// The instant nearest to a time, or the newest.
    fn instant(&self, time_s: Option<f64>) -> Option<&Snapshot> {
        match time_s {
            None => self.kept().last(),
            Some(t) => self.kept().min_by(|a, b| (a.at.time_s - t).abs().total_cmp(&(b.at.time_s - t).abs())),
        }
    }

    fn source(&self, field: &str, time_s: Option<f64>) -> Result<Source<'_>, JsValue> {
        if field == "phase" {
            return Ok(Source::Phase);
        }
        if field == "flux" {
            let flow = self.flow.as_ref().and_then(Flow::flux).ok_or_else(no_flow)?;
            return Ok(Source::Flow(&flow.values, flow.top));
        }
        let view = VIEWS.iter().find(|view| view.key == field);
        let (Some(known), Some(view)) = (Field::from_key(field), view) else {
            let message = format!("There is no field '{field}'.");
            return Err(failure("unknown_field", STAGE, message, "Choose another field."));
        };
        let snapshot = self.instant(time_s).ok_or_else(super::twin::no_run)?;
        Ok(Source::Run(snapshot, known, view.factor))
    }

    /// Colour limits that hold all values, never empty.
    fn range(&self, source: &Source) -> [f32; 2] {
        match source {
            Source::Phase => [0.0, 1.0],
            Source::Flow(_, top) => [0.0, *top],
            Source::Run(snapshot, field, factor) => {
                let [from, to] = snapshot.range(*field).unwrap_or([0.0, 1.0]).map(|v| v * factor);
                // Below a tenth of a millivolt only rounding would be seen.
                let least = 1e-4 * factor;
                if to - from >= least { [from, to] } else { [from - 0.5 * least, from + 0.5 * least] }
            }
        }
    }
}

/// As [`Twin::slices`], of the labels of a sketch.
#[wasm_bindgen]
pub fn sketch_slices(grid: JsValue, labels: &[u8], at: &[usize]) -> Result<JsValue, JsValue> {
    let grid: VoxelGrid =
        serde_wasm_bindgen::from_value(grid).map_err(|e| failure("grid", STAGE, e, "Give size and voxel_um."))?;
    let at = inside(&grid, at)?;
    if labels.len() != grid.len() {
        return Err(failure("labels", STAGE, "The sketch has the wrong size.", "Give one label for each voxel."));
    }
    let [x, y, z] = cuts(&grid, at, |voxel| labels[voxel].into(), |_| -1);
    Ok(object([
        ("x", x),
        ("y", y),
        ("z", z),
        ("from", 0.into()),
        ("to", 1.into()),
        ("instant", (-1).into()),
        ("instants", Array::new().into()),
        ("arrows", JsValue::NULL),
    ]))
}

/// The voxel in which three sections meet.
fn inside(grid: &VoxelGrid, at: &[usize]) -> Result<[usize; 3], JsValue> {
    let place = <[usize; 3]>::try_from(at).ok().filter(|at| at.iter().zip(grid.size).all(|(&i, n)| i < n));
    place.ok_or_else(|| {
        let message = format!("The place {at:?} lies outside the volume.");
        failure("outside", STAGE, message, &format!("It has {:?} voxels.", grid.size))
    })
}

/// The `arrows` of [`Twin::slices`].
fn arrows(source: &Source, grid: &VoxelGrid, at: [usize; 3]) -> JsValue {
    let &Source::Run(Snapshot { blocks, .. }, field @ (Field::CurrentS | Field::CurrentE), factor) = source else {
        return JsValue::NULL;
    };
    let [x, y, z] = Axis::ALL.map(|axis| {
        let place_um = (at[axis.index()] as f64 + 0.5) * grid.voxel_um;
        let cut = blocks.across(field, axis, place_um);
        let numbers =
            cut.iter().flat_map(|b| b.centre_um.map(|um| um as f32).into_iter().chain(b.current.map(|j| factor * j)));
        JsValue::from(Float32Array::from(numbers.collect::<Vec<f32>>().as_slice()))
    });
    let unit = f64::from(factor * blocks.through());
    object([("x", x), ("y", y), ("z", z), ("edge_um", blocks.edge_um().into()), ("unit", unit.into())])
}

/// The sections across x, y and z that meet in a voxel: `{data, particle, rows, columns, voxel_um}` each.
fn cuts(grid: &VoxelGrid, at: [usize; 3], value: impl Fn(usize) -> f32, number: impl Fn(usize) -> i32) -> [JsValue; 3] {
    Axis::ALL.map(|axis| {
        let (rows, columns, voxels) = grid.slice(axis, at[axis.index()]);
        let data: Vec<f32> = voxels.iter().map(|&v| value(v)).collect();
        let particle: Vec<i32> = voxels.iter().map(|&v| number(v)).collect();
        object([
            ("data", Float32Array::from(data.as_slice()).into()),
            ("particle", Int32Array::from(particle.as_slice()).into()),
            ("rows", rows.into()),
            ("columns", columns.into()),
            ("voxel_um", grid.voxel_um.into()),
        ])
    })
}

fn no_flow() -> JsValue {
    failure("no_flow", "results", "No current was sent through this structure.", "Press Compute first.")
}
