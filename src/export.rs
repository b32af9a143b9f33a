//! Structures and reports as files that other programs read. All functions return bytes or text; writing them is the caller's.

use std::io::Cursor;

use serde_json::Value;
use tiff::encoder::{TiffEncoder, colortype::Gray8};

use crate::analysis::Report;
use crate::materials::Phase;
use crate::microstructure::{Microstructure, NO_PARTICLE};

/// Phases as npy, version 1.0: uint8, shape [nz, ny, nx]; the labels are those of [`Phase`].
pub fn npy(structure: &Microstructure) -> Vec<u8> {
    let [nx, ny, nz] = structure.grid.size;
    let dictionary = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({nz}, {ny}, {nx}), }}");
    // Header and data meet at a multiple of 64 bytes.
    let padding = (64 - (10 + dictionary.len() + 1) % 64) % 64;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(((dictionary.len() + padding + 1) as u16).to_le_bytes());
    bytes.extend(dictionary.as_bytes());
    bytes.resize(bytes.len() + padding, b' ');
    bytes.push(b'\n');
    bytes.extend(labels(structure));
    bytes
}

/// Phases as a TIFF of 8-bit grey pages, one for each layer from z = 0.
///
/// # Errors
/// The encoder's, if a side exceeds what a TIFF can hold.
pub fn tiff(structure: &Microstructure) -> Result<Vec<u8>, tiff::TiffError> {
    let [nx, ny, _] = structure.grid.size;
    let mut bytes = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut bytes)?;
    let all: Vec<u8> = labels(structure).collect();
    for page in all.chunks_exact(nx * ny) {
        encoder.write_image::<Gray8>(u32::try_from(nx)?, u32::try_from(ny)?, page)?;
    }
    Ok(bytes.into_inner())
}

/// Phases and particle numbers (−1 outside NCA) as VTK image data with raw appended arrays; opens in ParaView. Lengths in um.
pub fn vti(structure: &Microstructure) -> Vec<u8> {
    let [nx, ny, nz] = structure.grid.size;
    let h = structure.grid.voxel_um;
    let n = structure.phase.len();
    let names: Vec<String> = Phase::ALL.iter().map(|p| format!("{} {}", *p as u8, p.key())).collect();
    let mut bytes = format!(
        "<?xml version=\"1.0\"?>\n\
         <!-- phase: {} -->\n\
         <VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         <ImageData WholeExtent=\"0 {nx} 0 {ny} 0 {nz}\" Origin=\"0 0 0\" Spacing=\"{h} {h} {h}\">\n\
         <Piece Extent=\"0 {nx} 0 {ny} 0 {nz}\">\n<PointData/>\n<CellData Scalars=\"phase\">\n\
         <DataArray type=\"UInt8\" Name=\"phase\" format=\"appended\" offset=\"0\"/>\n\
         <DataArray type=\"Int32\" Name=\"particle\" format=\"appended\" offset=\"{}\"/>\n\
         </CellData>\n</Piece>\n</ImageData>\n<AppendedData encoding=\"raw\">\n_",
        names.join(", "),
        8 + n
    )
    .into_bytes();
    bytes.reserve(16 + 5 * n + 64);
    bytes.extend((n as u64).to_le_bytes());
    bytes.extend(labels(structure));
    bytes.extend((4 * n as u64).to_le_bytes());
    for &particle in &structure.particle {
        let number = if particle == NO_PARTICLE { -1 } else { i32::try_from(particle).unwrap_or(-1) };
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"\n</AppendedData>\n</VTKFile>\n");
    bytes
}

fn labels(structure: &Microstructure) -> impl Iterator<Item = u8> {
    structure.phase.iter().map(|&p| p as u8)
}

/// The report as CSV with the columns `quantity` and `value`: one row for each number, named by its path (`coverage.nca.carbon`). The
/// particles have their own table, [`particles_csv`].
pub fn report_csv(report: &Report) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(report)?;
    if let Some(object) = value.as_object_mut() {
        object.remove("particles");
    }
    let mut csv = String::from("quantity,value\n");
    rows("", &value, &mut csv);
    Ok(csv)
}

fn rows(path: &str, value: &Value, csv: &mut String) {
    let below = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, v)| rows(&below(key), v, csv)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, v)| rows(&below(&i.to_string()), v, csv)),
        Value::Null => csv.push_str(&format!("{path},\n")),
        // Keys are ours and texts are hexadecimal: nothing needs quotes.
        Value::String(text) => csv.push_str(&format!("{path},{text}\n")),
        other => csv.push_str(&format!("{path},{other}\n")),
    }
}

/// The particles as CSV, one row each.
pub fn particles_csv(report: &Report) -> String {
    let mut csv = String::from("number,x_um,y_um,z_um,diameter_um,voxels,surface_um2");
    for phase in Phase::ALL {
        csv.push_str(&format!(",coverage_{}", phase.key()));
    }
    csv.push_str(
        ",electronic_fraction,ionic_fraction,electronic_contact_um2,electronic_bottleneck_um2,electronic_path_ratio\n",
    );
    let optional = |v: Option<f64>| v.map_or(String::new(), |v| v.to_string());
    for p in &report.particles {
        let [x, y, z] = p.centre_um;
        csv.push_str(&format!("{},{x},{y},{z},{},{},{}", p.number, p.diameter_um, p.voxels, p.surface_um2));
        for share in p.coverage.0 {
            csv.push_str(&format!(",{share}"));
        }
        csv.push_str(&format!(
            ",{},{},{},{},{}\n",
            p.electronic_fraction,
            p.ionic_fraction,
            p.electronic_contact_um2,
            optional(p.electronic_bottleneck_um2),
            optional(p.electronic_path_ratio)
        ));
    }
    csv
}
