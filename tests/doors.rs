//! The rooms of the house and their doors: what may import what, who knows JavaScript, who does input and output.
//!
//! Read from the sources themselves, with comments and literals taken out, tests within the rooms included.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms from the ground up. A room may import from earlier lines only; rooms of one line do not know each other.
const ORDER: &[&[&str]] = &[
    &["citation", "constants"],
    &["grid"],
    &["linalg"],
    &["materials"],
    &["protocol"],
    &["recipe"],
    &["composition"],
    &["presets"],
    &["paper"],
    &["microstructure"],
    &["analysis"],
    &["cell"],
    &["results", "snapshots"],
    &["simulation"],
    &["import", "export", "plots", "site", "verify"],
    &["volume"],
    &["electrode"],
    &["accuracy", "validation"],
    &["wasm", "main"],
];

/// The command line's rooms, which the library does not have, and the page's door.
const WORLDLY: &[&str] = &["main", "electrode", "accuracy", "validation", "volume", "site", "wasm"];

/// Doors that stay shut although they lead down: the network knows voxels and properties, not what was weighed in.
const SHUT: &[(&str, &[&str])] = &[("cell", &["recipe", "composition", "presets"])];

const JAVASCRIPT: &[&str] = &["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen", "plotters_canvas"];
/// Modules of std, and the clock among them: a run must not depend on when it is made.
const OUTSIDE_WORLD: &[&str] = &["fs", "net", "process", "env", "time"];
const STREAMS: &[&str] = &["stdin", "stdout", "stderr"];
const PRINTING: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

#[test]
fn imports_run_downward_and_few_rooms_know_the_world() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = rust_files(&source);
    assert!(files.len() > 10, "found no sources in {}", source.display());
    let faults: Vec<String> = files
        .iter()
        .flat_map(|file| faults(file.strip_prefix(&source).unwrap(), &fs::read_to_string(file).unwrap()))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn every_kind_of_fault_is_found() {
    for (file, text, fault) in [
        ("recipe.rs", "use crate::composition::Composition;", "recipe imports composition"),
        ("recipe.rs", "fn f() { crate::presets::find(\"bare\") }", "recipe imports presets"),
        ("recipe.rs", "use super::cell;", "recipe imports cell"),
        ("recipe.rs", "mod tests { use super::super::cell; }", "recipe imports cell"),
        ("linalg/pcg.rs", "use super::super::{constants::FARADAY, materials::{Phase}};", "linalg imports materials"),
        ("cell/mod.rs", "/* \" */ use crate::recipe;", "cell imports recipe"),
        ("plots/mod.rs", "use crate::export;", "plots imports export"),
        ("site/serve.rs", "use crate::main;", "site imports main"),
        ("site.rs", "use catholyte::wasm;", "site imports wasm"),
        ("grid.rs", "use crate::*;", "grid imports *"),
        ("grid.rs", "use crate::attic;", "grid imports attic, which has no place in ORDER"),
        ("attic.rs", "", "attic has no place in ORDER"),
        ("plots/canvas.rs", "let w = web_sys::window();", "plots knows JavaScript: web_sys"),
        ("export.rs", "use std::{fmt, fs::File};", "export does input or output: std::fs"),
        ("cell/newton.rs", "fn f() { eprintln!(\"{}\", 1) }", "cell does input or output: eprintln!"),
        ("results.rs", "io::stdout()", "results does input or output: stdout"),
    ] {
        let found = faults(Path::new(file), text);
        assert!(found.len() == 1 && found[0].ends_with(fault), "{file}, {text}: {found:?}");
    }
    for (file, text) in [
        ("recipe.rs", "// use crate::cell;\n/// [`crate::cell`] /* */\nconst A: &str = r#\"crate::cell \" \"#;"),
        ("recipe.rs", "mod tests { use super::*; } fn f<'a>(c: char) { c == '\"' || c == '\\'' } use crate::grid;"),
        ("cell/newton.rs", "use super::network::Network; mod tests { use super::super::network; }"),
        ("recipe.rs", "pub(crate) fn f() {} pub(super) fn g() {} pub(in crate::grid) fn h() {}"),
        ("main.rs", "mod site; use site::serve; use catholyte::simulation; fn main() { println!(\"\") }"),
        ("wasm.rs", "use wasm_bindgen::prelude::*; use crate::plots; use std::time::Instant;"),
        ("lib.rs", "pub mod cell; pub mod recipe;"),
    ] {
        assert_eq!(faults(Path::new(file), text), [""; 0], "{file}, {text}");
    }
}

/// What a source file (path below `src`) does that its room must not do.
fn faults(file: &Path, text: &str) -> Vec<String> {
    let mut place: Vec<String> = file.with_extension("").iter().map(|part| part.to_str().unwrap().into()).collect();
    place.retain(|part| part != "mod");
    let room = place[0].clone();
    // The table of contents.
    if room == "lib" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut fault = |line: usize, what: String| found.push(format!("src/{}:{line}: {room} {what}", file.display()));
    let Some(floor) = floor_of(&room) else {
        fault(1, "has no place in ORDER".into());
        return found;
    };
    let worldly = WORLDLY.contains(&room.as_str());
    let tokens = tokens(text);
    let is = |i: usize, what: &str| tokens.get(i).is_some_and(|t| t.text == what);
    // Inline modules around the current token, with the depth of braces at which each began.
    let (mut modules, mut depth): (Vec<usize>, usize) = (Vec::new(), 0);
    for (i, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "{" => {
                depth += 1;
                if i >= 2 && is(i - 2, "mod") {
                    modules.push(depth);
                }
            }
            "}" => {
                if modules.last() == Some(&depth) {
                    modules.pop();
                }
                depth -= 1;
            }
            head @ ("crate" | "catholyte" | "super") if is(i + 1, "::") && !(i > 0 && is(i - 1, "::")) => {
                let supers = (i..).step_by(2).take_while(|&k| is(k, "super") && is(k + 1, "::")).count();
                if head == "super" && supers < place.len() + modules.len() {
                    continue; // still inside the room
                }
                for name in first_names(&tokens[i + 2 * supers.max(1)..]) {
                    match floor_of(&name) {
                        _ if name == room => {}
                        None if name == "*" => fault(token.line, "imports *".into()),
                        None => fault(token.line, format!("imports {name}, which has no place in ORDER")),
                        Some(other) if other >= floor => fault(token.line, format!("imports {name}")),
                        Some(_) => {
                            if SHUT.iter().any(|(from, to)| *from == room && to.contains(&name.as_str())) {
                                fault(token.line, format!("imports {name}"));
                            }
                        }
                    }
                }
            }
            "std" if !worldly && is(i + 1, "::") => {
                for name in first_names(&tokens[i + 2..]).iter().filter(|n| OUTSIDE_WORLD.contains(&n.as_str())) {
                    fault(token.line, format!("does input or output: std::{name}"));
                }
            }
            name if !worldly && STREAMS.contains(&name) => {
                fault(token.line, format!("does input or output: {name}"));
            }
            name if !worldly && PRINTING.contains(&name) && is(i + 1, "!") => {
                fault(token.line, format!("does input or output: {name}!"));
            }
            name if room != "wasm" && JAVASCRIPT.contains(&name) => {
                fault(token.line, format!("knows JavaScript: {name}"));
            }
            _ => {}
        }
    }
    found
}

fn floor_of(room: &str) -> Option<usize> {
    ORDER.iter().position(|rooms| rooms.contains(&room))
}

/// `a` of `a::b`, and `a`, `b` of `{a::{x, y}, b}`.
fn first_names(tokens: &[Token]) -> Vec<String> {
    if tokens.first().is_none_or(|t| t.text != "{") {
        return tokens.first().map(|t| t.text.clone()).into_iter().collect();
    }
    let (mut names, mut depth) = (Vec::new(), 0);
    for pair in tokens.windows(2) {
        match pair[0].text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && ["{", ","].contains(&pair[0].text.as_str()) && pair[1].text != "}" {
            names.push(pair[1].text.clone());
        }
    }
    names
}

#[derive(Debug)]
struct Token {
    text: String,
    line: usize,
}

/// Words, `::` and single signs of Rust source, without comments, literals and lifetimes.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\n');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (mut tokens, mut i, mut line) = (Vec::new(), 0, 1);
    while i < chars.len() {
        let start = i;
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                while i < chars.len() {
                    let step = match (at(i), at(i + 1)) {
                        ('/', '*') => 1,
                        ('*', '/') => -1,
                        _ => 0,
                    };
                    depth += step;
                    i += if step == 0 { 1 } else { 2 };
                    if depth == 0 {
                        break;
                    }
                }
            }
            '"' => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
            }
            'r' if at(i + 1) == '"' || (at(i + 1) == '#' && "#\"".contains(at(i + 2))) => {
                let hashes = chars[i + 1..].iter().take_while(|&&c| c == '#').count();
                i += hashes + 2;
                while i < chars.len() && !(at(i) == '"' && (1..=hashes).all(|k| at(i + k) == '#')) {
                    i += 1;
                }
                i += hashes + 1;
            }
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
            }
            '\'' if at(i + 2) == '\'' => i += 3,
            '\'' => {
                i += 1;
                while word(at(i)) {
                    i += 1;
                }
            }
            ':' if at(i + 1) == ':' => {
                tokens.push(Token { text: "::".into(), line });
                i += 2;
            }
            c if word(c) => {
                while word(at(i)) {
                    i += 1;
                }
                tokens.push(Token { text: chars[start..i].iter().collect(), line });
            }
            c => {
                if !c.is_whitespace() {
                    tokens.push(Token { text: c.into(), line });
                }
                i += 1;
            }
        }
        line += chars[start..i.min(chars.len())].iter().filter(|&&c| c == '\n').count();
    }
    tokens
}

fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths
        .flat_map(|path| match path.extension() {
            _ if path.is_dir() => rust_files(&path),
            Some(extension) if extension == "rs" => vec![path],
            _ => Vec::new(),
        })
        .collect();
    files.sort();
    files
}
