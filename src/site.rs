//! The page: built from this source tree, written out as static files, or served.

mod build;
mod serve;
mod toolchain;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub use build::{build, write};
pub use serve::{Port, listen, serve};
pub use toolchain::wasm_cargo;

/// The user asked for something that cannot be done: another exit code than a failure.
#[derive(Debug)]
pub struct BadInput(pub String);

impl std::fmt::Display for BadInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadInput {}

/// The source tree: where this program was compiled, or else (the tree was moved) around the current directory.
pub fn source_tree() -> Result<PathBuf> {
    let here = std::env::current_dir().context("no current directory")?;
    let compiled_in = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = std::iter::once(compiled_in).chain(here.ancestors()).find(|dir| {
        std::fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|toml| toml.contains("name = \"catholyte\""))
    });
    found
        .context("the page is built from catholyte's source tree: run this inside it")?
        .canonicalize()
        .context("source")
}

/// The type of a file that belongs to the page; none for any other (type declarations, hidden files).
fn media_type(path: &Path) -> Option<&'static str> {
    let name = path.file_name().and_then(OsStr::to_str).filter(|name| !name.starts_with('.'))?;
    Some(match name.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
