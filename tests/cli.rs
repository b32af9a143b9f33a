//! The command line as another program sees it: exit codes, and what goes to which stream.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

fn catholyte(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_catholyte")).args(arguments).output().unwrap()
}

/// Ends with this code, says why on stderr, and leaves stdout empty.
fn assert_refused(arguments: &[&str], code: i32, why: &str) {
    let output = catholyte(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(why), "{arguments:?}: {stderr}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
}

#[test]
fn bad_input_ends_with_code_2() {
    assert_refused(&["brew"], 2, "unrecognized subcommand 'brew'");
    assert_refused(&["serve", "--port", "70000"], 2, "70000");
    assert_refused(&["site"], 2, "--out");
}

#[test]
fn a_page_is_not_written_over_its_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let www = root.join("www");
    for (out, why) in [(root, "its sources are there"), (&www, "its sources are there"), (Path::new(file!()), "a file")]
    {
        let out = if out.is_absolute() { out.to_path_buf() } else { root.join(out) };
        assert_refused(&["site", "--out", out.to_str().unwrap()], 2, why);
    }
}

#[test]
fn a_taken_port_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert_refused(&["serve", "--port", &port], 1, &format!("port {port} is taken"));
}

#[test]
fn every_fault_of_a_recipe_is_named_at_once() {
    let arguments =
        ["run", "lyc-11", "--set", "porosity=1.2", "--set", "nca_parts=-3", "--set", "porosty=0.2", "--voxel-um", "9"];
    for why in ["one of bare, lyc-3", "porosity: 1.2", "nca_parts: -3", "Did you mean porosity?", "voxel_um: 9"] {
        assert_refused(&arguments, 2, why);
    }
    assert_refused(&["run", "lyc-10", "--voxel-um", "4"], 2, "nca_diameter_um");
    assert_refused(&["run", "lyc-10", "--voxel-um", "0.05"], 2, "A voxel of 0.125 um would fit");
    assert_refused(&["run", "lyc-10", "--set", "nothing"], 2, "FIELD=VALUE");
    assert_refused(&["run", "missing.json"], 2, "cannot read missing.json");
    let no_json = std::env::temp_dir().join(format!("catholyte-{}.json", std::process::id()));
    std::fs::write(&no_json, "{half").unwrap();
    assert_refused(&["build", no_json.to_str().unwrap()], 2, "is not JSON");
    std::fs::write(&no_json, "[1, 2]").unwrap();
    assert_refused(&["build", no_json.to_str().unwrap()], 2, "a JSON object of fields");
    std::fs::write(&no_json, "{\"porosity\": 0.2, \"porosity\": 0.3}").unwrap();
    assert_refused(&["build", no_json.to_str().unwrap()], 2, "porosity: [0.2,0.3]");
    std::fs::remove_file(&no_json).unwrap();
    assert_refused(&["build", "lyc-10", "--set", "nca_diameters_um=4.1,five"], 2, "nca_diameters_um: \"five\"");
    assert_refused(&["survey", "lyc-10", "--voxels", "1,0.05"], 2, "A voxel of 0.125 um would fit");
}

/// Refused before the work is done: stdout, which carries the result, stays empty.
#[test]
fn a_directory_that_cannot_be_written_is_refused_before_the_work() {
    let below_a_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml").join("out");
    let out = below_a_file.to_str().unwrap();
    let volume = std::env::temp_dir().join(format!("catholyte-raw-{}", std::process::id()));
    std::fs::write(&volume, [1]).unwrap();
    let shape = ["analyse", volume.to_str().unwrap(), "--shape", "1,1,1"];
    for task in [&["build", "lyc-10"][..], &["run", "lyc-10"], &shape] {
        assert_refused(&[task, &["--out", out]].concat(), 2, "--out: cannot write to");
    }
    std::fs::remove_file(&volume).unwrap();
}

/// By list, by text or by file: the same particles, of the sizes that were measured.
#[test]
fn measured_diameters_are_what_is_packed() {
    let file = std::env::temp_dir().join(format!("catholyte-sizes-{}.json", std::process::id()));
    let build = |arguments: &[&str]| {
        let domain = ["--set", "width_um=12", "--set", "thickness_um=12", "--voxel-um", "0.5"];
        let output = catholyte(&[&["build"], arguments, &domain].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let text = build(&["lyc-10", "--set", "nca_diameters_um=1.8,2.6,2.6"]);
    let list = build(&["lyc-10", "--set", "nca_diameters_um=[1.8, 2.6, 2.6]"]);
    std::fs::write(&file, "{\"nca_diameters_um\": [1.8, 2.6, 2.6]}").unwrap();
    let read = build(&[file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    for other in [list, read] {
        assert_eq!(text["voxel_hash"], other["voxel_hash"]);
    }
    assert_eq!(text["recipe"]["nca_diameters_um"], serde_json::json!([1.8, 2.6, 2.6]));
    // Two sizes, so all volume lies in the first and the last class of diameter.
    let classes = text["packing"]["sizes"].as_array().unwrap();
    let volume = |class: &serde_json::Value| class["volume_fraction"].as_f64().unwrap();
    let (first, last) = (&classes[0], &classes[classes.len() - 1]);
    assert!((volume(first) + volume(last) - 1.0).abs() < 1e-12, "{classes:?}");
    let (small, large) = (first["from_um"].as_f64().unwrap(), last["to_um"].as_f64().unwrap());
    let cube = |v: f64| v * v * v;
    let ratio = cube(2.6 / 1.8);
    // One factor on all radii meets the volume: at most 6 % for the band, and what rounding the number of particles takes.
    assert!((cube(large / small) - ratio).abs() < 1e-9 && (small / 1.8 - 1.0).abs() < 0.08, "{small}, {large}");
    // A third of the particles are small, but for two at most.
    let n = text["packing"]["particles"].as_f64().unwrap();
    let small_ones = n * volume(first) / (volume(first) + volume(last) / ratio);
    assert!((small_ones - n / 3.0).abs() < 2.0, "{small_ones} of {n}");
    assert_eq!(text["packing"]["d50_um"].as_f64(), Some(large));
}

#[test]
fn a_run_prints_json_and_writes_curve_and_figure() {
    let out = std::env::temp_dir().join(format!("catholyte-run-{}", std::process::id()));
    let small = ["--set", "width_um=10", "--set", "thickness_um=15", "--voxel-um", "1"];
    let run = |arguments: &[&str]| {
        let output = catholyte(&[arguments, &small].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let result = run(&["run", "lyc-10", "--c-rate", "1", "--out", out.to_str().unwrap()]);
    assert_eq!(result["stop_reason"], "lower_cutoff");
    let capacity = result["discharge_capacity_mah_g"].as_f64().unwrap();
    let curve = std::fs::read_to_string(out.join("curve.csv")).unwrap();
    let last: f64 = curve.lines().last().unwrap().split(',').nth(2).unwrap().parse().unwrap();
    assert_eq!(last, capacity);
    assert_eq!(curve.lines().count(), 2 + result["time_steps"].as_u64().unwrap() as usize);
    let figure = std::fs::read_to_string(out.join("voltage.svg")).unwrap();
    assert!(figure.contains("<polyline") && figure.contains("lyc-10, 1C"));

    let structure = run(&["build", "lyc-10", "--out", out.to_str().unwrap()]);
    assert_eq!(structure["voxel_hash"], result["voxel_hash"]);
    assert_eq!(structure["counts"]["nca"]["target"], structure["counts"]["nca"]["actual"]);
    let volume = out.join("structure.npy");
    let output = catholyte(&["analyse", volume.to_str().unwrap(), "--voxel-um", "1"]);
    let analysed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(analysed["volume_fraction"], structure["volume_fraction"]);
    let output = catholyte(&["conduct", volume.to_str().unwrap(), "--conductivity", "2=4e-4,3=1.8e-3"]);
    let conducted: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sigma = conducted["effective_conductivity"].as_f64().unwrap();
    assert!(sigma > 1e-5 && sigma < 1.8e-3, "{sigma}");
    assert_refused(&["conduct", volume.to_str().unwrap(), "--conductivity", "2=-1"], 2, "from 0 up");
    assert_refused(&["conduct", volume.to_str().unwrap(), "--conductivity", "two"], 2, "cannot read 'two'");
    assert_refused(&["analyse", volume.to_str().unwrap(), "--labels", "1=nca"], 2, "no phase is given");
    std::fs::remove_dir_all(&out).unwrap();
}
