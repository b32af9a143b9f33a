//! A small static server for the page, on this machine only: one thread and one answer per connection.
//!
//! Browsers open connections ahead of need and leave them silent; those must hold up nobody.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::media_type;

/// Nothing from elsewhere, and no code but the page's own.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";
/// A longer request than this is none of a browser for this page.
const MAX_REQUEST_BYTES: u64 = 32 * 1024;
const PATIENCE: Duration = Duration::from_secs(60);

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub enum Port {
    /// This one, or the next that is free.
    From(u16),
    /// This one and no other; 0 lets the system choose.
    Exactly(u16),
}

/// A listener on this machine's own address, before anything slow is done for it.
pub fn listen(port: Port) -> Result<TcpListener> {
    let (first, last) = match port {
        Port::From(first) => (first, first.saturating_add(100)),
        Port::Exactly(port) => (port, port),
    };
    for candidate in first..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).with_context(|| format!("cannot listen on port {candidate}")),
        }
    }
    if first == last {
        bail!("port {first} is taken by another program; name another, or none to get the next free one");
    }
    bail!("all ports from {first} to {last} are taken by other programs; name another")
}

/// Serves `index.html` and `www/` of `root` until the program is stopped.
pub fn serve(root: &Path, listener: &TcpListener) {
    thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            // A browser that goes away in the middle is no fault.
            scope.spawn(move || answer(root, stream).unwrap_or_default());
        }
    });
}

fn answer(root: &Path, mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new((&stream).take(MAX_REQUEST_BYTES)).lines();
    let Some(request) = lines.next().transpose()? else { return Ok(()) };
    // The headers change nothing, but must be read before the answer.
    while lines.next().transpose()?.is_some_and(|header| !header.is_empty()) {}

    let mut words = request.split(' ');
    let (method, address) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let text = "text/plain; charset=utf-8";
    let (status, kind, body) = if !["GET", "HEAD"].contains(&method) {
        ("405 Method Not Allowed\r\nAllow: GET, HEAD", text, b"only GET and HEAD\n".to_vec())
    } else if let Some((path, kind)) = file_at(root, address)
        && let Ok(content) = fs::read(path)
    {
        ("200 OK", kind, content)
    } else {
        ("404 Not Found", text, b"not found\n".to_vec())
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nContent-Security-Policy: {POLICY}\r\n\
         X-Content-Type-Options: nosniff\r\nCache-Control: no-cache\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file of the page that an address names, and its type.
fn file_at(root: &Path, url: &str) -> Option<(PathBuf, &'static str)> {
    // Names of the page's files need no percent-encoding, so that an address with any names none.
    let path = match url.split(['?', '#']).next()?.strip_prefix('/')? {
        "" => "index.html",
        path => path,
    };
    let inside = path == "index.html" || path.starts_with("www/");
    let plain = path.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if !(inside && plain && path.chars().all(allowed)) {
        return None;
    }
    // A link may still lead out of the tree.
    let file = root.join(path).canonicalize().ok().filter(|file| file.starts_with(root) && file.is_file())?;
    let kind = media_type(&file)?;
    Some((file, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server over a small page of its own.
    fn page(name: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/serve-tests").join(name);
        fs::create_dir_all(root.join("www/pkg")).unwrap();
        let root = root.canonicalize().unwrap();
        let files = [
            ("index.html", "<title>page</title>"),
            ("www/main.js", "export {}"),
            ("www/pkg/catholyte_bg.wasm", "\0asm"),
            ("www/pkg/catholyte.d.ts", "secret"),
            ("www/.hidden.js", "secret"),
            ("Cargo.toml", "secret"),
        ];
        for (path, text) in files {
            fs::write(root.join(path), text).unwrap();
        }
        let listener = listen(Port::Exactly(0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || serve(&root, &listener));
        address
    }

    fn ask(address: &str, line: &str) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_come_with_their_types_and_a_policy() {
        let address = page("types");
        for (line, kind) in [
            ("GET /", "text/html; charset=utf-8"),
            ("GET /index.html?embed=1", "text/html; charset=utf-8"),
            ("GET /www/main.js", "text/javascript; charset=utf-8"),
            ("GET /www/pkg/catholyte_bg.wasm", "application/wasm"),
        ] {
            let answer = ask(&address, line);
            assert!(answer.starts_with("HTTP/1.1 200"), "{line}: {answer}");
            for expected in [&format!("Content-Type: {kind}\r\n"), "Cache-Control: no-cache\r\n"] {
                assert!(answer.contains(expected), "{line}: {answer}");
            }
            let policy =
                "Content-Security-Policy: default-src 'self'; script-src 'self' 'wasm-unsafe-eval'\r\n".to_string();
            assert!(answer.contains(&policy), "{line}: {answer}");
        }
        assert!(ask(&address, "GET /").ends_with("\r\n\r\n<title>page</title>"));
    }

    #[test]
    fn head_sends_headers_alone() {
        let answer = ask(&page("head"), "HEAD /index.html");
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("Content-Length: 19\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }

    #[test]
    fn nothing_but_the_page_is_served() {
        let address = page("outside");
        for path in [
            "/Cargo.toml",
            "/www/../Cargo.toml",
            "/../../../../etc/passwd",
            "/www/%2e%2e/Cargo.toml",
            "/www//etc/passwd",
            "/www/.hidden.js",
            "/www/pkg/catholyte.d.ts",
            "/www",
            "/www/none.js",
        ] {
            let answer = ask(&address, &format!("GET {path}"));
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
            assert!(!answer.contains("secret"), "{path}: {answer}");
        }
        assert!(ask(&address, "POST /").starts_with("HTTP/1.1 405"));
    }

    #[test]
    fn a_silent_connection_holds_up_nobody() {
        let address = page("silent");
        let _silent: Vec<TcpStream> = (0..30).map(|_| TcpStream::connect(&address).unwrap()).collect();
        assert!(ask(&address, "GET /").starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn a_taken_port_is_passed_over_or_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = listen(Port::Exactly(port)).unwrap_err().to_string();
        assert!(error.starts_with(&format!("port {port} is taken")), "{error}");
        assert_ne!(listen(Port::From(port)).unwrap().local_addr().unwrap().port(), port);
    }
}
