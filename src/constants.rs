//! Physical constants (CODATA 2018, exact by the SI of 2019) and the temperature of the paper's cells.

/// Faraday constant [C mol⁻¹].
pub const FARADAY: f64 = 96_485.332_12;
/// Molar gas constant [J mol⁻¹ K⁻¹].
pub const GAS_CONSTANT: f64 = 8.314_462_618;
/// Temperature of every measurement in the paper, 30 °C [K].
pub const TEMPERATURE: f64 = 303.15;
/// Thermal voltage RT/F at [`TEMPERATURE`] [V].
pub const THERMAL_VOLTAGE: f64 = GAS_CONSTANT * TEMPERATURE / FARADAY;
/// Current that is called 1C: the paper's 180 mA per gram of NCA [A kg⁻¹].
pub const ONE_C_A_PER_KG: f64 = 180.0;
