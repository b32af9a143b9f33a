//! The native door: the command line.

mod accuracy;
mod electrode;
mod site;
mod validation;
mod volume;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use catholyte::verify::CASES;
use clap::{Parser, Subcommand};

use electrode::Electrode;
use site::{BadInput, Port};

/// A digital twin of halide-sulfide hybrid battery cathodes.
///
/// Without a command: builds the page and serves it on this machine.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the page and serves it on this machine (the default)
    Serve {
        /// Port to listen on, 0 for any [default: 8080, or the next that is free]
        #[arg(long)]
        port: Option<u16>,
    },
    /// Builds the page and writes its static files, for any web server
    Site {
        /// Directory to write to
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Builds the microstructure of an electrode and prints it as JSON
    Build {
        #[command(flatten)]
        electrode: Electrode,
        /// Effective conductivity of both rails as well, through the thickness
        #[arg(long)]
        transport: bool,
        /// Directory for report.json, report.csv, particles.csv and structure.vti, .npy and .tiff
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Analyses a segmented volume and prints the report as JSON
    Analyse(volume::Analyse),
    /// Finds effective conductivity and tortuosity factor of a segmented volume
    Conduct(volume::Conduct),
    /// Prints mean and spread over seeds of coverage and connectivity, for several electrodes and voxel sizes
    Survey(electrode::Survey),
    /// Discharges an electrode and prints the result as JSON
    Run {
        #[command(flatten)]
        electrode: Electrode,
        /// Directory for curve.csv, voltage.svg and fields
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Writes the fields of the first step at or after each of these capacities to fields-Q.vti
        #[arg(long, value_name = "MAH_G,...", value_delimiter = ',', requires = "out")]
        fields_at: Vec<f64>,
    },
    /// Fits the free parameters to some of the paper's numbers and prints them
    Calibrate {
        #[command(flatten)]
        sample: validation::Sample,
        /// Parameter sets to try at most
        #[arg(long, value_name = "N", default_value_t = 120)]
        evaluations: usize,
    },
    /// Prints every number of the paper beside the model's, over several seeds
    Validate {
        #[command(flatten)]
        sample: validation::Sample,
        /// Directory for validation.json
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Discharges an electrode on several grids and with sharper numerics and prints how far the results move
    Accuracy(accuracy::Accuracy),
    /// Runs the cases with known answers and prints expected and computed values as JSON
    Verify,
    /// Runs a cargo command for wasm32, with the compiler that builds the page
    #[command(hide = true)]
    WasmCargo {
        subcommand: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command.unwrap_or(Task::Serve { port: None }) {
        Task::Serve { port } => serve(port),
        Task::Site { out } => write_site(&out),
        Task::Build { electrode, transport, out } => electrode::build(&electrode, transport, out.as_deref()),
        Task::Analyse(task) => volume::analyse(&task),
        Task::Conduct(task) => volume::conduct(&task),
        Task::Survey(task) => electrode::survey(&task),
        Task::Run { electrode, out, fields_at } => electrode::run(&electrode, out.as_deref(), &fields_at),
        Task::Calibrate { sample, evaluations } => validation::calibrate(&sample, evaluations),
        Task::Validate { sample, out } => validation::validate(&sample, out.as_deref()),
        Task::Accuracy(task) => accuracy::compare(&task),
        Task::Verify => verify(),
        Task::WasmCargo { subcommand, arguments } => wasm_cargo(&subcommand, &arguments),
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("error: {error:#}");
    ExitCode::from(if error.is::<BadInput>() { 2 } else { 1 })
}

fn serve(port: Option<u16>) -> Result<()> {
    let root = site::source_tree()?;
    let listener = site::listen(port.map_or(Port::From(8080), Port::Exactly))?;
    site::build(&root)?;
    eprintln!("The page is served until you press Ctrl+C. Open");
    // Alone on stdout, for programs that start this one.
    println!("http://{}/", listener.local_addr()?);
    site::serve(&root, &listener);
    Ok(())
}

fn write_site(out: &Path) -> Result<()> {
    site::write(&site::source_tree()?, out)
}

fn verify() -> Result<()> {
    let outcomes = CASES.iter().map(|case| Ok(case.run()?)).collect::<Result<Vec<_>>>()?;
    volume::print(&outcomes)?;
    let wrong = outcomes.iter().filter(|o| !o.passes).count();
    anyhow::ensure!(wrong == 0, "{wrong} of {} cases came out wrong", outcomes.len());
    Ok(())
}

fn wasm_cargo(subcommand: &str, arguments: &[String]) -> Result<()> {
    let status = site::wasm_cargo(&site::source_tree()?, subcommand)?.args(arguments).status()?;
    anyhow::ensure!(status.success(), "cargo {subcommand} failed");
    Ok(())
}
