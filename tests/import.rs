//! Files in and out: what is written is read back, and no bytes whatever make the readers panic.

use catholyte::analysis;
use catholyte::export;
use catholyte::import::{self, ImportError, LabelMap, LabelType, LabelVolume};
use catholyte::materials::Phase;
use catholyte::microstructure::{Microstructure, NO_PARTICLE, build};
use catholyte::recipe::Recipe;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use serde_json::json;

fn small() -> Microstructure {
    build(&Recipe::from_json(&json!({"width_um": 8, "thickness_um": 10, "nca_diameter_um": 4})).unwrap()).unwrap()
}

fn labels(m: &Microstructure) -> LabelVolume {
    LabelVolume { size: m.grid.size, labels: m.phase.iter().map(|&p| p as u16).collect() }
}

/// Three different sides: swapped axes would show.
fn oblong() -> Microstructure {
    let volume = LabelVolume { size: [3, 4, 5], labels: (0..60).map(|i| i * i % 7 % 6).collect() };
    import::microstructure(&volume, &LabelMap::default(), 0.5).unwrap()
}

/// An npy file with a header of one's own.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

/// A TIFF of 16-bit pages, compressed.
fn tiff16(size: [usize; 3], labels: &[u16], compression: tiff::encoder::Compression) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap().with_compression(compression);
    for page in labels.chunks(size[0] * size[1]) {
        encoder.write_image::<tiff::encoder::colortype::Gray16>(size[0] as u32, size[1] as u32, page).unwrap();
    }
    bytes.into_inner()
}

#[test]
fn exports_are_read_back() {
    for m in [small(), oblong()] {
        let expected = labels(&m);
        assert_eq!(import::read(&export::npy(&m)).unwrap(), expected);
        assert_eq!(import::read(&export::tiff(&m).unwrap()).unwrap(), expected);
        let raw: Vec<u8> = m.phase.iter().map(|&p| p as u8).collect();
        let [x, y, z] = m.grid.size.map(|n| n as u64);
        assert_eq!(import::read_raw(&raw, [z, y, x], LabelType::U8).unwrap(), expected);
    }
    let m = small();
    let expected = labels(&m);
    let compressions = [
        tiff::encoder::Compression::Uncompressed,
        tiff::encoder::Compression::Lzw,
        tiff::encoder::Compression::Deflate(tiff::encoder::DeflateLevel::Balanced),
    ];
    for compression in compressions {
        assert_eq!(import::read(&tiff16(m.grid.size, &expected.labels, compression)).unwrap(), expected);
    }
    let again = import::microstructure(&expected, &LabelMap::default(), m.grid.voxel_um).unwrap();
    assert_eq!(again.phase, m.phase);
}

#[test]
fn npy_orders_and_types() {
    // Two layers of one row of three voxels.
    let c = import::read(&npy(
        "{'descr': '<u2', 'fortran_order': False, 'shape': (2, 1, 3), }\n",
        &[1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1],
    ));
    assert_eq!(c.unwrap(), LabelVolume { size: [3, 1, 2], labels: vec![1, 2, 3, 4, 5, 262] });
    let f = import::read(&npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 3), }\n", &[1, 4, 2, 5, 3, 6]));
    assert_eq!(f.unwrap().labels, [1, 2, 3, 4, 5, 6]);
    let big =
        import::read(&npy("{'shape': (1, 1, 2), 'fortran_order': False, 'descr': '>i4'}", &[0, 0, 1, 2, 0, 0, 0, 7]));
    assert_eq!(big.unwrap().labels, [258, 7]);
    let long: Vec<u8> = [5_i64, 0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let long = import::read(&npy("{'descr': '<i8', 'fortran_order': False, 'shape': (1, 1, 2)}", &long));
    assert_eq!(long.unwrap().labels, [5, 0]);
}

#[test]
fn faults_are_told_apart() {
    let header =
        |kind: &str, shape: &str| format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let read = |kind: &str, shape: &str, data: &[u8]| import::read(&npy(&header(kind, shape), data)).unwrap_err();
    assert!(matches!(import::read(b"PK\x03\x04"), Err(ImportError::UnknownFormat { .. })));
    assert!(matches!(import::read(b""), Err(ImportError::UnknownFormat { .. })));
    assert!(matches!(read("<f8", "1, 1, 1", &[0; 8]), ImportError::WrongType { .. }));
    assert!(matches!(read("|u1", "2, 2", &[0; 4]), ImportError::WrongShape { .. }));
    assert!(matches!(read("|u1", "2, 0, 2", &[]), ImportError::WrongShape { .. }));
    assert!(matches!(read("|u1", "2, 2, 2", &[0; 7]), ImportError::Truncated { .. }));
    assert!(matches!(read("|u1", "2, 2, 2", &[0; 9]), ImportError::TrailingBytes { needed: 8, found: 9 }));
    assert!(matches!(read("|u1", "99999, 99999, 99999", &[0; 9]), ImportError::TooManyVoxels { .. }));
    assert!(matches!(read("|u1", "2, x, 2", &[0; 8]), ImportError::Malformed { .. }));
    assert_eq!(read("<i2", "1, 1, 2", &[0, 0, 255, 255]), ImportError::LabelOutOfRange { label: -1, voxel: 1 });
    let tiff = export::tiff(&small()).unwrap();
    assert!(matches!(import::read(&tiff[..tiff.len() / 2]), Err(ImportError::Malformed { .. })));
    let raw = import::read_raw(&[0; 8], [2, 2, 3], LabelType::U16);
    assert_eq!(raw, Err(ImportError::Truncated { format: "raw", needed: 24, found: 8 }));

    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray8>(2, 2, &[0; 4]).unwrap();
    encoder.write_image::<tiff::encoder::colortype::Gray8>(2, 3, &[0; 6]).unwrap();
    let pages = import::read(&bytes.into_inner());
    assert_eq!(pages, Err(ImportError::UnequalPages { page: 2, found: [2, 3], first: [2, 2] }));
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut bytes).unwrap();
    encoder.write_image::<tiff::encoder::colortype::RGB8>(1, 1, &[0; 3]).unwrap();
    assert!(matches!(import::read(&bytes.into_inner()), Err(ImportError::WrongType { .. })));

    let volume = LabelVolume { size: [2, 1, 2], labels: vec![0, 1, 77, 77] };
    let made = |map: &str, h| import::microstructure(&volume, &LabelMap::parse(map).unwrap(), h).map(|m| m.counts());
    assert_eq!(made("0=pore, 1=nca", 0.5), Err(ImportError::UnmappedLabels { labels: vec![(77, 2)] }));
    assert_eq!(made("0-99=lpscl", 0.5), Err(ImportError::NoActiveMaterial));
    assert!(matches!(made("0-99=nca", f64::NAN), Err(ImportError::VoxelSize { .. })));
    assert_eq!(made("0-99=lpscl, 77=nca", 0.5), Ok([0, 2, 0, 2, 0, 0]));
    for text in ["", "1", "1=gold", "x=nca", "9-3=nca", "70000=nca"] {
        let error = LabelMap::parse(text).unwrap_err();
        assert!(matches!(error, ImportError::BadLabelMap { .. }) && !error.to_string().is_empty());
    }
}

#[test]
fn pieces_become_particles_around_the_sides_but_not_across_labels() {
    // One row: NCA at both ends is one piece around the side; labels 8 and 9 touch but stay apart.
    let volume = LabelVolume { size: [6, 1, 1], labels: vec![8, 0, 8, 9, 0, 8] };
    let m = import::microstructure(&volume, &LabelMap::parse("0=pore,8-9=nca").unwrap(), 1.0).unwrap();
    assert_eq!(m.particle, [0, NO_PARTICLE, 1, 2, NO_PARTICLE, 0]);
    let between = m.surface.iter().filter(|f| f.contact == 1.0).count();
    assert_eq!(between, 2);
}

#[test]
fn imported_spheres_have_their_area() {
    for radius in [6.0, 8.5, 12.0] {
        let labels = |v: usize| {
            let d = [v % 32, v / 32 % 32, v / 1024].map(|c| c as f64 + 0.5 - 16.2);
            u16::from(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] <= radius * radius)
        };
        let volume = LabelVolume { size: [32; 3], labels: (0..32 * 32 * 32).map(labels).collect() };
        let m = import::microstructure(&volume, &LabelMap::default(), 1.0).unwrap();
        let area: f64 = m.surface.iter().map(|f| f64::from(f.area)).sum();
        let ratio = area / (4.0 * std::f64::consts::PI * radius * radius);
        // Normals from a ball of three voxels; the radius itself is uncertain by a few per cent of a voxel.
        assert!((ratio - 1.0).abs() < 0.03, "radius {radius}: {ratio}");
    }
}

#[test]
fn imported_structures_are_analysed_like_built_ones() {
    let m = small();
    let again = import::microstructure(&labels(&m), &LabelMap::default(), 1.0).unwrap();
    let (built, imported) = (analysis::analyse(&m, None), analysis::analyse(&again, None));
    assert_eq!(
        built.contact_area_um2.raw[Phase::Nca][Phase::Carbon],
        imported.contact_area_um2.raw[Phase::Nca][Phase::Carbon]
    );
    assert_eq!(built.chord_length_um, imported.chord_length_um);
    assert!((imported.coverage.nca.0.iter().sum::<f64>() - 1.0).abs() < 1e-6);
    let csv = export::report_csv(&imported).unwrap();
    assert!(
        csv.lines().any(|l| l.starts_with("coverage.nca.carbon,")) && csv.lines().all(|l| l.split(',').count() == 2)
    );
    let particles = export::particles_csv(&imported);
    let columns = particles.lines().next().unwrap().split(',').count();
    assert_eq!(particles.lines().count(), imported.particles.len() + 1);
    assert!(particles.lines().all(|l| l.split(',').count() == columns));
}

#[test]
fn vti_holds_what_its_header_promises() {
    let m = oblong();
    let bytes = export::vti(&m);
    let text = String::from_utf8_lossy(&bytes);
    // Of the whole and of its only piece.
    assert_eq!(text.matches("Extent=\"0 3 0 4 0 5\"").count(), 2);
    assert!(text.contains("Spacing=\"0.5 0.5 0.5\""));
    let marker = b"<AppendedData encoding=\"raw\">\n_";
    let start = bytes.windows(marker.len()).position(|w| w == marker).unwrap() + marker.len();
    // Each array begins at its offset with its length in bytes.
    let array = |name: &str| {
        let (_, tag) = text.split_once(&format!("Name=\"{name}\" format=\"appended\" offset=\"")).unwrap();
        let at = start + tag.split('"').next().unwrap().parse::<usize>().unwrap();
        let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
        (&bytes[at + 8..at + 8 + length], at + 8 + length)
    };
    let phase: Vec<u8> = m.phase.iter().map(|&p| p as u8).collect();
    assert_eq!(array("phase").0, phase);
    let number = |p: u32| if p == NO_PARTICLE { -1 } else { p as i32 };
    let particle: Vec<u8> = m.particle.iter().flat_map(|&p| number(p).to_le_bytes()).collect();
    assert_eq!(array("particle").0, particle);
    assert!(bytes[array("particle").1..].starts_with(b"\n</AppendedData>"));
}

/// Changes bytes of valid files at random, cuts, doubles and splices them. Set FUZZ_SECONDS to go on for longer.
#[test]
fn no_bytes_make_the_readers_panic() {
    let m = small();
    let volume = labels(&m);
    let valid = [
        export::npy(&m),
        export::tiff(&m).unwrap(),
        tiff16(m.grid.size, &volume.labels, tiff::encoder::Compression::Lzw),
        tiff16(m.grid.size, &volume.labels, tiff::encoder::Compression::Deflate(tiff::encoder::DeflateLevel::Fast)),
        npy("{'descr': '<i8', 'fortran_order': True, 'shape': (1, 1, 2)}", &[0; 16]),
    ];
    let seconds: u64 = std::env::var("FUZZ_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let begin = std::time::Instant::now();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut tried, mut read) = (0, 0);
    while tried < 20_000 || begin.elapsed().as_secs() < seconds {
        let mut below = |n: usize| (rng.next_u64() % n.max(1) as u64) as usize;
        let mut bytes = valid[below(valid.len())].clone();
        for _ in 0..1 + below(6) {
            let at = below(bytes.len());
            match below(8) {
                0 => bytes.truncate(at),
                1 => bytes[at] = 255,
                2 => bytes[at] = 0,
                3 => bytes[at] ^= 1 << below(8),
                // Headers are at the beginning: change those more often.
                4 => {
                    let at = below(bytes.len().min(128));
                    bytes[at] = below(256) as u8;
                }
                5 => {
                    let to = below(bytes.len());
                    let piece: Vec<u8> = bytes[at..(at + 8).min(bytes.len())].to_vec();
                    for (slot, byte) in bytes[to..].iter_mut().zip(piece) {
                        *slot = byte;
                    }
                }
                6 => bytes.insert(at, below(256) as u8),
                _ => bytes[at] = below(256) as u8,
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
        tried += 1;
        match import::read(&bytes) {
            Ok(volume) => {
                read += 1;
                assert_eq!(volume.labels.len(), volume.size.iter().product::<usize>());
                if let Ok(m) = import::microstructure(&volume, &LabelMap::parse("0-65535=nca").unwrap(), 0.5) {
                    assert_eq!(m.phase.len(), volume.labels.len());
                }
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    // Some survive, most do not: the changes bite and are not all at the first bytes.
    assert!(read > tried / 20 && read < tried, "{read} of {tried} were read");
}
