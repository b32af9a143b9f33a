//! Segmented volumes from elsewhere (tomography, another structure generator) in place of the builder.
//!
//! Three formats: multi-page TIFF (8 or 16 bit grey or palette; none, LZW or Deflate compression), npy (any integer type), and raw
//! bytes whose shape and type are given. All give labels; a [`LabelMap`] says which label is which phase. Axes are
//! [z, y, x], x fastest: a TIFF's pages run from the separator, z = 0, to the current collector. x and y are taken as periodic,
//! as everywhere in the twin.
//!
//! Nothing here panics, whatever the bytes, and nothing is allocated before the size has been checked.

use std::io::Cursor;

use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use crate::microstructure::build::MAX_VOXELS;

mod structure;

pub use structure::{LabelMap, microstructure};

/// Why a file cannot be taken in.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportError {
    /// Neither TIFF nor npy by its first bytes.
    UnknownFormat {
        begins_with: Vec<u8>,
    },
    /// The file ends too early.
    Truncated {
        format: &'static str,
        needed: u64,
        found: u64,
    },
    /// There is more in the file than its header says.
    TrailingBytes {
        needed: u64,
        found: u64,
    },
    /// The file contradicts its own format; `cause` is what the decoder says.
    Malformed {
        format: &'static str,
        cause: String,
    },
    /// Not an integer type that holds labels.
    WrongType {
        found: String,
        allowed: &'static str,
    },
    /// Not three axes, or an axis without voxels.
    WrongShape {
        found: Vec<u64>,
    },
    /// Pages of a TIFF differ in size.
    UnequalPages {
        page: usize,
        found: [u32; 2],
        first: [u32; 2],
    },
    TooManyVoxels {
        voxels: f64,
        limit: usize,
    },
    /// Labels run from 0 to 65535.
    LabelOutOfRange {
        label: i64,
        voxel: usize,
    },
    /// Labels that no phase was given for, with their voxels; the first 16.
    UnmappedLabels {
        labels: Vec<(u16, usize)>,
    },
    /// A part of the text of a label map that cannot be read.
    BadLabelMap {
        part: String,
        allowed: &'static str,
    },
    VoxelSize {
        voxel_um: f64,
    },
    /// Without NCA there is no cathode.
    NoActiveMaterial,
}

impl std::fmt::Display for ImportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ImportError::UnknownFormat { begins_with } => {
                write!(f, "neither a TIFF nor an npy file: it begins with the bytes {begins_with:02x?}")
            }
            ImportError::Truncated { format, needed, found } => {
                write!(f, "the {format} file ends too early: {needed} bytes are needed, {found} are there")
            }
            ImportError::TrailingBytes { needed, found } => {
                write!(f, "shape and type ask for {needed} bytes, but there are {found}")
            }
            ImportError::Malformed { format, cause } => write!(f, "not a valid {format} file: {cause}"),
            ImportError::WrongType { found, allowed } => {
                write!(f, "values of type {found} cannot be labels (allowed: {allowed})")
            }
            ImportError::WrongShape { found } => {
                write!(f, "shape {found:?} is not that of a volume; three axes [z, y, x], none empty, are needed")
            }
            ImportError::UnequalPages { page, found, first } => {
                write!(
                    f,
                    "page {page} has {} x {} pixels, the first one {} x {}",
                    found[0], found[1], first[0], first[1]
                )
            }
            ImportError::TooManyVoxels { voxels, limit } => {
                write!(f, "{voxels} voxels are more than {limit}; crop the volume or make its voxels coarser")
            }
            ImportError::LabelOutOfRange { label, voxel } => {
                write!(f, "label {label} at voxel {voxel} is not within 0 to 65535")
            }
            ImportError::UnmappedLabels { labels } => {
                write!(f, "no phase is given for the labels")?;
                for (i, (label, voxels)) in labels.iter().enumerate() {
                    write!(f, "{} {label} ({voxels} voxels)", if i > 0 { "," } else { "" })?;
                }
                Ok(())
            }
            ImportError::BadLabelMap { part, allowed } => write!(f, "cannot read '{part}' as a label map ({allowed})"),
            ImportError::VoxelSize { voxel_um } => {
                write!(f, "a voxel of {voxel_um} um is not allowed; 0.001 to 100 um are")
            }
            ImportError::NoActiveMaterial => write!(f, "no voxel is NCA; check the label map"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Labels of a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelVolume {
    /// Voxels along x, y and z.
    pub size: [usize; 3],
    /// Shape: [nz, ny, nx], x fastest.
    pub labels: Vec<u16>,
}

/// Integer types of labels in raw and npy files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelType {
    Unsigned { bytes: usize, big_endian: bool },
    Signed { bytes: usize, big_endian: bool },
}

impl LabelType {
    pub const U8: LabelType = LabelType::Unsigned { bytes: 1, big_endian: false };
    pub const U16: LabelType = LabelType::Unsigned { bytes: 2, big_endian: false };

    fn bytes(self) -> usize {
        let (LabelType::Unsigned { bytes, .. } | LabelType::Signed { bytes, .. }) = self;
        bytes
    }

    /// The value of the bytes of one element; more than 63 bits saturate.
    fn value(self, raw: &[u8]) -> i64 {
        let big_endian =
            matches!(self, LabelType::Unsigned { big_endian: true, .. } | LabelType::Signed { big_endian: true, .. });
        let byte = |i: usize| u64::from(if big_endian { raw[raw.len() - 1 - i] } else { raw[i] });
        let bits = (0..raw.len()).fold(0, |sum, i| sum | byte(i) << (8 * i));
        match self {
            LabelType::Unsigned { .. } => i64::try_from(bits).unwrap_or(i64::MAX),
            LabelType::Signed { bytes, .. } => {
                let unused = 64 - 8 * bytes;
                (bits << unused) as i64 >> unused
            }
        }
    }
}

/// Reads a TIFF or npy file, told apart by its first bytes.
///
/// # Errors
/// See [`ImportError`].
pub fn read(bytes: &[u8]) -> Result<LabelVolume, ImportError> {
    match bytes {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => read_npy(bytes),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => read_tiff(bytes),
        _ => Err(ImportError::UnknownFormat { begins_with: bytes.iter().take(8).copied().collect() }),
    }
}

/// Checks a shape [z, y, x]; returns voxels along x, y, z.
fn checked_size(shape: &[u64]) -> Result<[usize; 3], ImportError> {
    let &[z, y, x] = shape else { return Err(ImportError::WrongShape { found: shape.to_vec() }) };
    if shape.contains(&0) {
        return Err(ImportError::WrongShape { found: shape.to_vec() });
    }
    let voxels = x as f64 * y as f64 * z as f64;
    if voxels > MAX_VOXELS as f64 {
        return Err(ImportError::TooManyVoxels { voxels, limit: MAX_VOXELS });
    }
    Ok([x as usize, y as usize, z as usize])
}

/// Reads bytes without a header.
///
/// * `shape` – voxels along z, y, x; x is fastest in the file
///
/// # Errors
/// See [`ImportError`]; the length must fit exactly.
pub fn read_raw(bytes: &[u8], shape: [u64; 3], kind: LabelType) -> Result<LabelVolume, ImportError> {
    let size = checked_size(&shape)?;
    if !matches!(kind.bytes(), 1 | 2 | 4 | 8) {
        return Err(ImportError::WrongType {
            found: format!("integers of {} bytes", kind.bytes()),
            allowed: "1, 2, 4 or 8 bytes",
        });
    }
    let (needed, found) = ((size[0] * size[1] * size[2] * kind.bytes()) as u64, bytes.len() as u64);
    if found < needed {
        return Err(ImportError::Truncated { format: "raw", needed, found });
    }
    if found > needed {
        return Err(ImportError::TrailingBytes { needed, found });
    }
    Ok(LabelVolume { size, labels: labels(bytes, kind)? })
}

fn labels(bytes: &[u8], kind: LabelType) -> Result<Vec<u16>, ImportError> {
    bytes
        .chunks_exact(kind.bytes())
        .enumerate()
        .map(|(voxel, raw)| {
            let label = kind.value(raw);
            u16::try_from(label).map_err(|_| ImportError::LabelOutOfRange { label, voxel })
        })
        .collect()
}

/// Reads an npy file (format 1.0 to 3.0) of an array of integers or booleans with three axes [z, y, x].
///
/// # Errors
/// See [`ImportError`].
pub fn read_npy(bytes: &[u8]) -> Result<LabelVolume, ImportError> {
    const FORMAT: &str = "npy";
    let found = bytes.len() as u64;
    let truncated = |needed: usize| ImportError::Truncated { format: FORMAT, needed: needed as u64, found };
    let malformed = |cause: &str| ImportError::Malformed { format: FORMAT, cause: cause.into() };
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err(malformed("the first bytes are not \\x93NUMPY"));
    }
    let (begin, length): (usize, _) = match *bytes.get(6).ok_or_else(|| truncated(10))? {
        1 => (10, bytes.get(8..10).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])))),
        2 | 3 => (12, bytes.get(8..12).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)),
        version => return Err(malformed(&format!("version {version}"))),
    };
    // The length is the file's word: on 32 bits the sum may overflow.
    let end = begin.saturating_add(length.ok_or_else(|| truncated(begin))?);
    let header = bytes.get(begin..end).ok_or_else(|| truncated(end))?;
    let header = std::str::from_utf8(header).map_err(|_| malformed("the header is not text"))?;
    let descr = quoted(after_key(header, "descr").ok_or_else(|| malformed("no 'descr' in the header"))?)
        .ok_or_else(|| malformed("'descr' is not a plain type"))?;
    let kind = npy_type(descr)?;
    let order = after_key(header, "fortran_order").ok_or_else(|| malformed("no 'fortran_order' in the header"))?;
    let fortran = match order {
        o if o.starts_with("True") => true,
        o if o.starts_with("False") => false,
        _ => return Err(malformed("'fortran_order' is neither True nor False")),
    };
    let shape = after_key(header, "shape")
        .and_then(|s| s.strip_prefix('('))
        .and_then(|s| s.split_once(')'))
        .ok_or_else(|| malformed("no 'shape' in the header"))?
        .0;
    let shape: Vec<u64> = shape
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(|s| s.parse().map_err(|_| malformed("an axis in 'shape' is not a number")))
        .collect::<Result<_, _>>()?;
    let size = checked_size(&shape)?;
    let data = bytes.get(end..).unwrap_or_default();
    let needed = size[0] * size[1] * size[2] * kind.bytes();
    if data.len() < needed {
        return Err(truncated(end.saturating_add(needed)));
    }
    if data.len() > needed {
        return Err(ImportError::TrailingBytes { needed: needed as u64, found: data.len() as u64 });
    }
    let stored = labels(data, kind)?;
    if !fortran {
        return Ok(LabelVolume { size, labels: stored });
    }
    let [nx, ny, nz] = size;
    let labels = (0..stored.len())
        .map(|voxel| {
            let (x, y, z) = (voxel % nx, voxel / nx % ny, voxel / (nx * ny));
            stored[z + nz * (y + ny * x)]
        })
        .collect();
    Ok(LabelVolume { size, labels })
}

/// The text that follows `'key':` in a Python dictionary.
fn after_key<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let at = header.find(&format!("'{key}'")).or_else(|| header.find(&format!("\"{key}\"")))?;
    header[at + key.len() + 2..].trim_start().strip_prefix(':').map(str::trim_start)
}

/// The inside of a quoted text at the beginning of `text`.
fn quoted(text: &str) -> Option<&str> {
    let quote = text.chars().next().filter(|&c| c == '\'' || c == '"')?;
    text[1..].split_once(quote).map(|(inside, _)| inside)
}

fn npy_type(descr: &str) -> Result<LabelType, ImportError> {
    let wrong = || ImportError::WrongType {
        found: descr.chars().take(32).collect(),
        allowed: "integers of 1, 2, 4 or 8 bytes and booleans",
    };
    let (order, rest) = match descr.as_bytes() {
        [order @ (b'<' | b'>' | b'|' | b'='), rest @ ..] => (*order, rest),
        rest => (b'|', rest),
    };
    let big_endian = order == b'>';
    let bytes = match rest {
        [_, size @ (b'1' | b'2' | b'4' | b'8')] => usize::from(size - b'0'),
        _ => return Err(wrong()),
    };
    match rest[0] {
        b'u' => Ok(LabelType::Unsigned { bytes, big_endian }),
        b'i' => Ok(LabelType::Signed { bytes, big_endian }),
        b'b' if bytes == 1 => Ok(LabelType::U8),
        _ => Err(wrong()),
    }
}

/// More pixels per byte of file than this no supported compression reaches; the header of such a file lies.
const MOST_PIXELS_PER_BYTE: u64 = 4096;

/// Reads a TIFF whose pages are the layers of a volume, from z = 0.
///
/// # Errors
/// See [`ImportError`].
pub fn read_tiff(bytes: &[u8]) -> Result<LabelVolume, ImportError> {
    let malformed = |e: tiff::TiffError| ImportError::Malformed { format: "TIFF", cause: e.to_string() };
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(malformed)?;
    let mut first = None;
    let mut labels: Vec<u16> = Vec::new();
    let mut pages = 0;
    loop {
        let (width, height) = decoder.dimensions().map_err(malformed)?;
        let &mut [nx, ny] = first.get_or_insert([width, height]);
        if [width, height] != [nx, ny] {
            return Err(ImportError::UnequalPages { page: pages + 1, found: [width, height], first: [nx, ny] });
        }
        checked_size(&[pages as u64 + 1, u64::from(ny), u64::from(nx)])?;
        let pixels = u64::from(nx) * u64::from(ny);
        if pixels / MOST_PIXELS_PER_BYTE > bytes.len() as u64 {
            let needed = pixels / MOST_PIXELS_PER_BYTE;
            return Err(ImportError::Truncated { format: "TIFF", needed, found: bytes.len() as u64 });
        }
        match decoder.colortype().map_err(malformed)? {
            ColorType::Gray(8 | 16) | ColorType::Palette(8 | 16) => {}
            other => {
                return Err(ImportError::WrongType { found: format!("{other:?}"), allowed: "8 or 16 bit grey" });
            }
        }
        let mut limits = Limits::default();
        limits.decoding_buffer_size = 2 * pixels as usize;
        limits.intermediate_buffer_size = limits.decoding_buffer_size.max(1 << 20);
        decoder = decoder.with_limits(limits);
        let page = match decoder.read_image().map_err(malformed)? {
            DecodingResult::U8(page) => page.into_iter().map(u16::from).collect(),
            DecodingResult::U16(page) => page,
            _ => {
                return Err(ImportError::WrongType {
                    found: "signed or floating samples".into(),
                    allowed: "8 or 16 bit grey",
                });
            }
        };
        if page.len() as u64 != pixels {
            return Err(ImportError::Truncated { format: "TIFF", needed: pixels, found: page.len() as u64 });
        }
        labels.extend(page);
        pages += 1;
        if !decoder.more_images() {
            break;
        }
        decoder.next_image().map_err(malformed)?;
    }
    let [nx, ny] = first.unwrap_or_default();
    Ok(LabelVolume { size: [nx as usize, ny as usize, pages], labels })
}
