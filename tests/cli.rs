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
