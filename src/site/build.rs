//! From the crate to `www/pkg`, and from the source tree to a directory of static files.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::toolchain::{TARGET, wasm_cargo};
use super::{BadInput, media_type};

/// Compiles the crate for wasm and writes module and glue into `www/pkg`, as far as they are out of date.
pub fn build(root: &Path) -> Result<()> {
    let mut cargo = wasm_cargo(root, "rustc")?;
    cargo.args(["--profile", "wasm", "--lib", "--crate-type", "cdylib"]);
    let status = cargo.status().with_context(|| format!("cannot run {cargo:?}"))?;
    if !status.success() {
        bail!("the crate did not compile for {TARGET}");
    }
    let module = root.join("target/wasm").join(TARGET).join("wasm/catholyte.wasm");
    let package = root.join("www/pkg");
    // This program, too, is an input: it holds the options below.
    let inputs = [modified(&module)?, modified(&std::env::current_exe()?)?];
    if modified(&package.join("catholyte_bg.wasm")).is_ok_and(|written| inputs.iter().all(|&input| input < written)) {
        return Ok(());
    }
    // Complete before it takes its place, so that an interrupted build leaves no half of a package.
    let fresh = root.join("target/wasm/pkg");
    remove_dir(&fresh)?;
    Bindgen::new()
        .input_path(&module)
        .web(true)?
        // Else the glue does not know its own module's address.
        .omit_default_module_path(false)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&fresh)?;
    remove_dir(&package)?;
    fs::rename(&fresh, &package).with_context(|| format!("cannot write {}", package.display()))
}

/// Builds the page and writes its files, and nothing else, into `out`.
///
/// # Errors
/// [`BadInput`] if `out` is no directory or lies where it would overwrite the sources.
pub fn write(root: &Path, out: &Path) -> Result<()> {
    let refuse = |why: &str| BadInput(format!("cannot write the page to {}: {why}", out.display()));
    if out.exists() && !out.is_dir() {
        bail!(refuse("it is a file"));
    }
    fs::create_dir_all(out).map_err(|error| refuse(&error.to_string()))?;
    let out = out.canonicalize()?;
    if out == root || out.starts_with(root.join("www")) {
        bail!(refuse("its sources are there"));
    }
    build(root)?;
    fs::copy(root.join("index.html"), out.join("index.html")).context("index.html")?;
    copy_dir(&root.join("www"), &out.join("www"))
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let (source, name) = entry.map(|e| (e.path(), e.file_name()))?;
        if source.is_dir() {
            copy_dir(&source, &to.join(name))?;
        } else if media_type(&source).is_some() {
            fs::copy(&source, to.join(name)).with_context(|| source.display().to_string())?;
        }
    }
    Ok(())
}

fn modified(path: &Path) -> Result<SystemTime> {
    let metadata = fs::metadata(path).with_context(|| path.display().to_string())?;
    Ok(metadata.modified()?)
}

fn remove_dir(path: &Path) -> Result<()> {
    if path.exists() { fs::remove_dir_all(path).with_context(|| path.display().to_string()) } else { Ok(()) }
}
