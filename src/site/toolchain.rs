//! A cargo that compiles for wasm32, on any machine.
//!
//! In this order: the toolchain has the target's libraries; rustup fetches them; Debian's packages bring the standard
//! library's source and a linker, and cargo compiles that source along with the crate.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

pub const TARGET: &str = "wasm32-unknown-unknown";

/// `cargo SUBCOMMAND` for wasm32, to which arguments can be added; installs what is missing.
///
/// The target directory is apart from the outer cargo's, whose lock `cargo run` may hold.
pub fn wasm_cargo(root: &Path, subcommand: &str) -> Result<Command> {
    let linker = if has_target() || (linker_of_debian().is_none() && rustup_adds_target()) {
        None
    } else {
        Some(linker_of_debian().map_or_else(install_from_debian, Ok)?)
    };
    let mut cargo = match &linker {
        None => Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())),
        Some(_) => {
            // Cargo would look for cargo-clippy in rustup's directory first.
            let own = format!("{DEBIAN_CARGO}-{subcommand}");
            let mut own = Command::new(if Path::new(&own).exists() { &own } else { DEBIAN_CARGO });
            own.env("CARGO", DEBIAN_CARGO);
            own
        }
    };
    // What `cargo run` tells its child about the native build, and flags that were meant for it.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let native = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_BUILD_", "CARGO_PROFILE_", "CARGO_TARGET_"];
        if native.iter().any(|p| name.starts_with(p)) || ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].contains(&&*name) {
            cargo.env_remove(&key);
        }
    }
    cargo.current_dir(root).args([subcommand, "--target", TARGET, "--target-dir", "target/wasm"]);
    if let Some(linker) = linker {
        cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
        cargo.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    Ok(cargo)
}

/// Does the toolchain in use have the standard library for wasm32?
fn has_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let Some(libdir) = output.ok().filter(|o| o.status.success()) else { return false };
    let Ok(files) = std::fs::read_dir(String::from_utf8_lossy(&libdir.stdout).trim()) else { return false };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn rustup_adds_target() -> bool {
    // Its messages go to stderr; stdout is for the page's address.
    let status = Command::new("rustup").args(["target", "add", TARGET]).stdout(Stdio::null()).status();
    status.is_ok_and(|s| s.success()) && has_target()
}

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// The newest `wasm-ld`, if Debian's cargo, rustc and the standard library's source are here as well.
fn linker_of_debian() -> Option<PathBuf> {
    let needed = [DEBIAN_CARGO, DEBIAN_RUSTC, "/usr/lib/rustlib/src/rust/library/std"];
    if !needed.iter().all(|path| Path::new(path).exists()) {
        return None;
    }
    let version = |path: &Path| path.file_name()?.to_str()?.strip_prefix("wasm-ld-")?.parse::<u32>().ok();
    let files = std::fs::read_dir("/usr/bin").ok()?.flatten().map(|file| file.path());
    files.filter(|path| version(path).is_some()).max_by_key(|path| version(path))
}

fn install_from_debian() -> Result<PathBuf> {
    let advice = format!("run `rustup target add {TARGET}`, then try again");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("Rust has no libraries for {TARGET} here: {advice}");
    }
    apt_get(&["update"])?;
    let search = Command::new("apt-cache").args(["search", "--names-only", "^lld-[0-9]+$"]).output()?;
    let listing = String::from_utf8_lossy(&search.stdout).into_owned();
    let versions = listing.lines().filter_map(|line| line.split_whitespace().next()?.strip_prefix("lld-"));
    let newest = versions.filter_map(|v| v.parse::<u32>().ok()).max().context("no package lld-*")?;
    let lld = format!("lld-{newest}");
    apt_get(&["install", "--yes", "--no-install-recommends", "rustc-web", "cargo-web", "rust-web-src", &lld])?;
    linker_of_debian().with_context(|| format!("Debian's packages did not bring a compiler for {TARGET}: {advice}"))
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.starts_with(b"0\n"));
    let line = [if root { &[][..] } else { &["sudo"][..] }, &["apt-get"], arguments].concat();
    eprintln!("{}", line.join(" "));
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    let status = command.status().with_context(|| format!("cannot run {}", line[0]))?;
    if status.success() { Ok(()) } else { bail!("`{}` failed", line.join(" ")) }
}
