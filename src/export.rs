//! Structures and reports as files that other programs read. All functions return bytes or text; writing them is the caller's.

use std::io::Cursor;

use serde_json::Value;
use tiff::encoder::{TiffEncoder, colortype::Gray8};

use crate::analysis::Report;
use crate::cell::fields::{Field, Fields};
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

/// An array of a VTK file: one or three numbers for each voxel.
struct Array {
    name: &'static str,
    kind: &'static str,
    components: usize,
    bytes: Vec<u8>,
}

/// Phases and particle numbers (−1 outside NCA) as VTK image data; opens in ParaView. Lengths in um.
pub fn vti(structure: &Microstructure) -> Vec<u8> {
    image_data(structure, structure_arrays(structure))
}

/// As [`vti`], with all fields of the cell in SI units, NaN where there are none; the current densities also as vectors
/// (`current_s_vector`, `current_e_vector`).
pub fn fields_vti(structure: &Microstructure, fields: &Fields) -> Vec<u8> {
    let mut arrays = structure_arrays(structure);
    for field in Field::ALL {
        let bytes = fields.get(field).iter().flat_map(|v| v.to_le_bytes()).collect();
        arrays.push(Array { name: field.key(), kind: "Float32", components: 1, bytes });
    }
    for (field, name) in [(Field::CurrentS, "current_s_vector"), (Field::CurrentE, "current_e_vector")] {
        let vectors = fields.vectors(field).unwrap_or_default();
        let bytes = vectors.iter().flatten().flat_map(|v| v.to_le_bytes()).collect();
        arrays.push(Array { name, kind: "Float32", components: 3, bytes });
    }
    image_data(structure, arrays)
}

fn structure_arrays(structure: &Microstructure) -> Vec<Array> {
    let number = |&p: &u32| if p == NO_PARTICLE { -1 } else { i32::try_from(p).unwrap_or(-1) };
    let particles = structure.particle.iter().flat_map(|p| number(p).to_le_bytes()).collect();
    vec![
        Array { name: "phase", kind: "UInt8", components: 1, bytes: labels(structure).collect() },
        Array { name: "particle", kind: "Int32", components: 1, bytes: particles },
    ]
}

/// VTK image data with raw appended arrays of the voxels.
fn image_data(structure: &Microstructure, arrays: Vec<Array>) -> Vec<u8> {
    let [nx, ny, nz] = structure.grid.size;
    let h = structure.grid.voxel_um;
    let names: Vec<String> = Phase::ALL.iter().map(|p| format!("{} {}", *p as u8, p.key())).collect();
    let mut head = format!(
        "<?xml version=\"1.0\"?>\n\
         <!-- phase: {} -->\n\
         <VTKFile type=\"ImageData\" version=\"1.0\" byte_order=\"LittleEndian\" header_type=\"UInt64\">\n\
         <ImageData WholeExtent=\"0 {nx} 0 {ny} 0 {nz}\" Origin=\"0 0 0\" Spacing=\"{h} {h} {h}\">\n\
         <Piece Extent=\"0 {nx} 0 {ny} 0 {nz}\">\n<PointData/>\n<CellData Scalars=\"phase\">\n",
        names.join(", "),
    );
    let mut offset = 0;
    for Array { name, kind, components, bytes } in &arrays {
        let vector = if *components > 1 { format!(" NumberOfComponents=\"{components}\"") } else { String::new() };
        head +=
            &format!("<DataArray type=\"{kind}\" Name=\"{name}\"{vector} format=\"appended\" offset=\"{offset}\"/>\n");
        offset += 8 + bytes.len();
    }
    head += "</CellData>\n</Piece>\n</ImageData>\n<AppendedData encoding=\"raw\">\n_";
    let mut file = head.into_bytes();
    file.reserve(offset + 64);
    for array in arrays {
        file.extend((array.bytes.len() as u64).to_le_bytes());
        file.extend(array.bytes);
    }
    file.extend(b"\n</AppendedData>\n</VTKFile>\n");
    file
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
