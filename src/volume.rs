//! The tasks on a segmented volume: `analyse` and `conduct`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use catholyte::analysis::transport::{self, Conduction, Electrodes, Request, Volume};
use catholyte::analysis::{self, Report};
use catholyte::export;
use catholyte::grid::Axis;
use catholyte::import::{self, LabelMap, LabelType, LabelVolume};
use catholyte::microstructure::Microstructure;
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::site::BadInput;

/// A file of labels.
#[derive(Args)]
pub struct VolumeFile {
    /// Multi-page TIFF, npy, or raw bytes with --shape
    #[arg(value_name = "VOLUME")]
    path: PathBuf,
    /// Voxels along z, y and x of a raw file, x fastest
    #[arg(long, value_name = "NZ,NY,NX", value_delimiter = ',')]
    shape: Vec<u64>,
    /// Two bytes a voxel in a raw file, not one
    #[arg(long)]
    u16: bool,
}

impl VolumeFile {
    fn read(&self) -> Result<LabelVolume> {
        let name = self.path.display();
        let bytes = std::fs::read(&self.path).map_err(|e| bad(format!("cannot read {name}: {e}")))?;
        let volume = match self.shape[..] {
            [] => import::read(&bytes),
            [z, y, x] => import::read_raw(&bytes, [z, y, x], if self.u16 { LabelType::U16 } else { LabelType::U8 }),
            _ => return Err(bad("--shape takes three numbers, for example --shape 200,100,100".into())),
        };
        volume.map_err(|e| bad(format!("{name}: {e}")))
    }
}

/// Writes a result to stdout; a reader that has gone away is no fault.
///
/// # Errors
/// Those of writing, but for a closed pipe.
pub fn print(result: &impl serde::Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(result)?;
    match writeln!(std::io::stdout(), "{text}") {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn bad(message: String) -> anyhow::Error {
    anyhow::Error::new(BadInput(message))
}

#[derive(Args)]
pub struct Analyse {
    #[command(flatten)]
    file: VolumeFile,
    /// Phase of each label, for example 0=pore,1=nca,2=halide,3=lpscl,4=carbon [default: the twin's own numbers]
    #[arg(long, value_name = "LABEL=PHASE,...")]
    labels: Option<String>,
    /// Edge of a voxel [um]
    #[arg(long, value_name = "H", default_value_t = 0.25)]
    voxel_um: f64,
    /// Directory for report.json, report.csv, particles.csv and structure.vti, .npy and .tiff
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Prints what can be known of a segmented volume before current flows.
///
/// # Errors
/// [`BadInput`] for files and labels that cannot be taken in; files that cannot be written.
pub fn analyse(task: &Analyse) -> Result<()> {
    let volume = task.file.read()?;
    prepare(task.out.as_deref())?;
    let map = match &task.labels {
        Some(text) => LabelMap::parse(text).map_err(|e| bad(format!("--labels: {e}")))?,
        None => LabelMap::default(),
    };
    let start = Instant::now();
    let structure = import::microstructure(&volume, &map, task.voxel_um).map_err(|e| bad(e.to_string()))?;
    let report = analysis::analyse(&structure, None);
    let mut result = serde_json::to_value(&report)?;
    result["seconds"] = json!(start.elapsed().as_secs_f64());
    print(&result)?;
    match &task.out {
        Some(out) => write_structure(&structure, &report, out),
        None => Ok(()),
    }
}

/// Makes the directory that files will be written to, before anything is computed for it.
///
/// # Errors
/// [`BadInput`] if it cannot be made or written to.
pub fn prepare(out: Option<&Path>) -> Result<()> {
    let Some(out) = out else { return Ok(()) };
    let probe = out.join(format!(".catholyte-{}", std::process::id()));
    std::fs::create_dir_all(out)
        .and_then(|()| std::fs::write(&probe, ""))
        .and_then(|()| std::fs::remove_file(&probe))
        .map_err(|e| bad(format!("--out: cannot write to {}: {e}", out.display())))
}

/// Writes a structure in three formats and its report in two.
///
/// # Errors
/// Files that cannot be written.
pub fn write_structure(structure: &Microstructure, report: &Report, out: &Path) -> Result<()> {
    let write = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    write("report.json", serde_json::to_string_pretty(report)?.as_bytes())?;
    write("report.csv", export::report_csv(report)?.as_bytes())?;
    write("particles.csv", export::particles_csv(report).as_bytes())?;
    write("structure.vti", &export::vti(structure))?;
    write("structure.npy", &export::npy(structure))?;
    write("structure.tiff", &export::tiff(structure)?)
}

#[derive(Clone, Copy, ValueEnum)]
enum AxisName {
    X,
    Y,
    Z,
}

#[derive(Clone, Copy, ValueEnum)]
enum ElectrodePlace {
    Faces,
    Centres,
}

#[derive(Args)]
pub struct Conduct {
    #[command(flatten)]
    file: VolumeFile,
    /// Conductivity of each label in any one unit, for example 0=0,1=1.8e-3; labels that are not named insulate
    #[arg(long, value_name = "LABEL=VALUE,...", required = true)]
    conductivity: String,
    /// Direction of the current
    #[arg(long, value_enum, default_value = "z")]
    axis: AxisName,
    /// Axes across which the sides are periodic, for example xy; the others insulate
    #[arg(long, default_value = "")]
    periodic: String,
    /// Relative residual to reach
    #[arg(long, default_value_t = 1e-6)]
    tolerance: f64,
    /// Where the end potentials sit: on the outer faces, or in the centres of the first and last voxels
    #[arg(long, value_enum, default_value = "faces")]
    electrodes: ElectrodePlace,
}

/// Prints effective conductivity and tortuosity factor of a segmented volume.
///
/// # Errors
/// [`BadInput`] for files and options that cannot be taken in; the solver's failure.
pub fn conduct(task: &Conduct) -> Result<()> {
    let volume = task.file.read()?;
    let (labels, names) = compact(&volume)?;
    let mut request = Request::new(conductivities(&task.conductivity, &names)?);
    request.axis = [Axis::X, Axis::Y, Axis::Z][task.axis as usize];
    for c in task.periodic.chars() {
        match "xyz".find(c) {
            Some(axis) => request.periodic[axis] = true,
            None => return Err(bad(format!("--periodic {}: allowed are the letters x, y and z", task.periodic))),
        }
    }
    if !(1e-12..=0.1).contains(&task.tolerance) {
        return Err(bad(format!("--tolerance {}: allowed is a number from 1e-12 to 0.1", task.tolerance)));
    }
    request.tolerance = task.tolerance;
    request.electrodes = match task.electrodes {
        ElectrodePlace::Faces => Electrodes::Faces,
        ElectrodePlace::Centres => Electrodes::Centres,
    };
    let start = Instant::now();
    let mut conduction =
        Conduction::new(Volume { size: volume.size, labels: &labels }, &request).map_err(|e| bad(e.to_string()))?;
    let transport: transport::Transport = conduction.run()?;
    let seconds = start.elapsed().as_secs_f64();
    let mut result = serde_json::to_value(&transport)?;
    result["voxels"] = json!(volume.size);
    result["seconds"] = json!(seconds);
    result["peak_bytes"] = json!(peak_bytes());
    print(&result)?;
    Ok(())
}

/// Labels numbered anew from 0 in rising order, and what they were called.
fn compact(volume: &LabelVolume) -> Result<(Vec<u8>, Vec<u16>)> {
    let mut used = vec![false; 1 << 16];
    volume.labels.iter().for_each(|&l| used[usize::from(l)] = true);
    let names: Vec<u16> = (0..=u16::MAX).filter(|&l| used[usize::from(l)]).collect();
    if names.len() > 256 {
        return Err(bad(format!("{} different labels: conduct takes 256", names.len())));
    }
    let mut number = vec![0_u8; 1 << 16];
    names.iter().enumerate().for_each(|(k, &l)| number[usize::from(l)] = k as u8);
    Ok((volume.labels.iter().map(|&l| number[usize::from(l)]).collect(), names))
}

/// Reads `0=0,1=1.8e-3` into a table by compact label.
fn conductivities(text: &str, names: &[u16]) -> Result<[f64; 256]> {
    let mut table = [0.0; 256];
    let (mut named, mut absent) = (0, Vec::new());
    for part in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let parsed = part.split_once('=').and_then(|(l, v)| Some((l.trim().parse().ok()?, v.trim().parse().ok()?)));
        let Some((label, value)): Option<(u16, f64)> = parsed else {
            return Err(bad(format!("--conductivity: cannot read '{part}'; write label=value, for example 1=1.8e-3")));
        };
        if !value.is_finite() || value < 0.0 {
            return Err(bad(format!("--conductivity: {value} for label {label}; allowed is a number from 0 up")));
        }
        match names.iter().position(|&name| name == label) {
            Some(k) => table[k] = value,
            None => absent.push(label),
        }
        named += 1;
    }
    if named == absent.len() {
        return Err(bad(format!(
            "--conductivity: none of the labels {absent:?} is in the volume, which has {names:?}"
        )));
    }
    Ok(table)
}

/// Largest resident memory of this process, where the system tells it [bytes].
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(1024 * kilobytes)
}
