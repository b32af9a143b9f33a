//! What the cell is put through: data only, and its reading from plain English.

use serde::Serialize;

/// What the cycler holds constant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Drive {
    /// Current in units of 1C, 180 mA per gram of NCA; positive discharges, negative charges, 0 rests.
    CRate(f64),
    /// Terminal voltage against lithium [V].
    Voltage(f64),
}

/// One step: what is held, and what ends it. Whichever end comes first counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Step {
    pub drive: Drive,
    /// Terminal voltage that ends a current [V].
    pub until_voltage_v: Option<f64>,
    /// Current that ends a hold, in units of 1C.
    pub until_c_rate: Option<f64>,
    /// Longest duration [s].
    pub for_s: Option<f64>,
}

/// A uniform electrode at rest, then steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Protocol {
    /// Open-circuit voltage at the start [V].
    pub initial_voltage_v: f64,
    pub steps: Vec<Step>,
}

/// Least and greatest terminal voltage that a step may ask for [V].
pub const VOLTAGE_RANGE: [f64; 2] = [2.0, 4.6];
/// Greatest rate, in units of 1C, and longest duration of a step [s].
const GREATEST_C_RATE: f64 = 20.0;
const LONGEST_S: f64 = 3.6e7;
/// Protocols to start from: a name and the steps.
pub const TEMPLATES: [(&str, &str); 5] = [
    (
        "First cycle",
        "Charge at 0.1C until 4.3 V\nHold at 4.3 V until 0.02C or for 5 hours\nRest for 10 minutes\nDischarge at 0.1C until 3.0 V",
    ),
    (
        "Rate test 0.1C to 2C",
        "Discharge at 0.1C until 3.0 V\nCharge at 0.1C until 4.3 V\nHold at 4.3 V until 0.02C or for 5 hours\n\
         Discharge at 0.5C until 3.0 V\nCharge at 0.1C until 4.3 V\nHold at 4.3 V until 0.02C or for 5 hours\n\
         Discharge at 1C until 3.0 V\nCharge at 0.1C until 4.3 V\nHold at 4.3 V until 0.02C or for 5 hours\n\
         Discharge at 2C until 3.0 V",
    ),
    ("CCCV", "Charge at 0.5C until 4.3 V\nHold at 4.3 V until 0.05C or for 5 hours\nDischarge at 0.5C until 3.0 V"),
    (
        "Pulse",
        "Discharge at 0.1C for 5 hours or until 3.0 V\nRest for 1 hour\nDischarge at 1C for 10 s or until 3.0 V\nRest for 10 minutes",
    ),
    (
        "GITT-like",
        "Discharge at 0.1C for 2 hours or until 3.0 V\nRest for 2 hours\n\
         Discharge at 0.1C for 2 hours or until 3.0 V\nRest for 2 hours\n\
         Discharge at 0.1C for 2 hours or until 3.0 V\nRest for 2 hours\n\
         Discharge at 0.1C for 2 hours or until 3.0 V\nRest for 2 hours",
    ),
];

/// Steps of a protocol at most.
const MOST_STEPS: usize = 200;

impl Step {
    pub fn discharge(c_rate: f64, until_voltage_v: f64) -> Step {
        Step { drive: Drive::CRate(c_rate), until_voltage_v: Some(until_voltage_v), until_c_rate: None, for_s: None }
    }

    pub fn charge(c_rate: f64, until_voltage_v: f64) -> Step {
        Step::discharge(-c_rate, until_voltage_v)
    }

    /// One step in plain English: `Charge at 0.1C until 4.3 V`, `Discharge at C/5 for 30 minutes or until 3.0 V`,
    /// `Hold at 4.3 V until 0.01C`, `Rest for 1 hour`.
    ///
    /// # Errors
    /// What could not be understood or lies out of range, in plain words.
    pub fn parse(text: &str) -> Result<Step, String> {
        let words = words(text);
        let mut words = words.iter().map(String::as_str);
        let verb = words.next().unwrap_or_default();
        let mut step = Step { drive: Drive::CRate(0.0), until_voltage_v: None, until_c_rate: None, for_s: None };
        let mut at = None;
        let mut clause = "";
        let mut number: Option<&str> = None;
        for word in words {
            match (number, word) {
                (None, "at" | "until" | "for") => clause = word,
                (None, "or" | "to" | "and") => {}
                (None, value) => number = Some(value),
                (Some(value), unit) => {
                    number = None;
                    match (clause, quantity(value, unit)?) {
                        ("at", q @ (Quantity::CRate(_) | Quantity::Voltage(_))) if at.is_none() => at = Some(q),
                        ("until", Quantity::Voltage(v)) => step.until_voltage_v = Some(v),
                        ("until", Quantity::CRate(c)) => step.until_c_rate = Some(c),
                        ("for", Quantity::Time(s)) => step.for_s = Some(s),
                        _ => return Err(format!("'{clause} {value} {unit}' does not fit there")),
                    }
                }
            }
        }
        if let Some(value) = number {
            return Err(format!("'{value}' has no unit, or is not understood"));
        }
        step.drive = match (verb, at) {
            ("discharge", Some(Quantity::CRate(c))) => Drive::CRate(c),
            ("charge", Some(Quantity::CRate(c))) => Drive::CRate(-c),
            ("hold", Some(Quantity::Voltage(v))) => Drive::Voltage(v),
            ("rest", None) => Drive::CRate(0.0),
            ("discharge" | "charge", _) => return Err(format!("{verb} at which rate? Write for example 0.1C")),
            ("hold", _) => return Err("hold at which voltage? Write for example 4.3 V".into()),
            ("rest", _) => return Err("a rest has no rate".into()),
            _ => return Err(format!("a step begins with Charge, Discharge, Hold or Rest, not '{verb}'")),
        };
        let ends = match step.drive {
            Drive::CRate(0.0) => step.for_s.is_some() && step.until_voltage_v.is_none() && step.until_c_rate.is_none(),
            Drive::CRate(_) => (step.until_voltage_v.is_some() || step.for_s.is_some()) && step.until_c_rate.is_none(),
            Drive::Voltage(_) => {
                (step.until_c_rate.is_some() || step.for_s.is_some()) && step.until_voltage_v.is_none()
            }
        };
        if ends { Ok(step) } else { Err(format!("what ends the {verb}? {}", end_hint(step.drive))) }
    }

    /// Does it discharge?
    pub fn discharges(&self) -> bool {
        matches!(self.drive, Drive::CRate(c) if c > 0.0)
    }

    /// Does it charge at constant current?
    pub fn charges(&self) -> bool {
        matches!(self.drive, Drive::CRate(c) if c < 0.0)
    }
}

fn end_hint(drive: Drive) -> &'static str {
    match drive {
        Drive::CRate(0.0) => "Write for example Rest for 1 hour",
        Drive::CRate(_) => "Write for example until 3.0 V, or for 30 minutes",
        Drive::Voltage(_) => "Write for example until 0.01C, or for 1 hour",
    }
}

/// Steps in plain English, one a line or between semicolons.
///
/// # Errors
/// The first step that is not understood, by its number, and why.
pub fn parse_steps(text: &str) -> Result<Vec<Step>, String> {
    let lines: Vec<&str> = text.split(['\n', ';']).map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.len() > MOST_STEPS {
        return Err(format!("{} steps; at most {MOST_STEPS} are taken", lines.len()));
    }
    lines
        .iter()
        .enumerate()
        .map(|(k, line)| Step::parse(line).map_err(|fault| format!("step {}, '{line}': {fault}", k + 1)))
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Quantity {
    CRate(f64),
    Voltage(f64),
    Time(f64),
}

/// Lower-case words, a number parted from the unit that follows it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.to_lowercase().trim_end_matches('.').split_whitespace() {
        let word = word.trim_end_matches(',');
        let unit = word.find(|c: char| c.is_ascii_alphabetic());
        match unit {
            // C/10
            Some(0) if word.starts_with("c/") => words.extend([format!("1/{}", &word[2..]), "c".into()]),
            Some(start) if start > 0 => words.extend([word[..start].to_string(), word[start..].to_string()]),
            _ => words.push(word.into()),
        }
    }
    words
}

fn quantity(value: &str, unit: &str) -> Result<Quantity, String> {
    let not = || format!("'{value} {unit}' is not understood");
    let number: f64 = match value.strip_prefix("1/") {
        Some(divisor) => 1.0 / divisor.parse::<f64>().map_err(|_| not())?,
        None => value.parse().map_err(|_| not())?,
    };
    let within = |quantity, low: f64, high: f64| {
        let allowed = number >= low && number <= high;
        if allowed { Ok(quantity) } else { Err(format!("{value} {unit} is out of range ({low} to {high} {unit})")) }
    };
    let time = |seconds: f64| within(Quantity::Time(number * seconds), 1e-3, LONGEST_S / seconds);
    match unit {
        "c" => within(Quantity::CRate(number), 1e-4, GREATEST_C_RATE),
        "v" | "volt" | "volts" => within(Quantity::Voltage(number), VOLTAGE_RANGE[0], VOLTAGE_RANGE[1]),
        "s" | "second" | "seconds" => time(1.0),
        "min" | "minute" | "minutes" => time(60.0),
        "h" | "hour" | "hours" => time(3600.0),
        _ => Err(not()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_english_is_understood() {
        let step = |text| Step::parse(text).unwrap();
        assert_eq!(step("Discharge at 2C until 3.0 V"), Step::discharge(2.0, 3.0));
        assert_eq!(step("charge at C/10 until 4.3V."), Step::charge(0.1, 4.3));
        let hold = step("Hold at 4.3 V until 0.01C or for 2 hours");
        assert_eq!((hold.drive, hold.until_c_rate, hold.for_s), (Drive::Voltage(4.3), Some(0.01), Some(7200.0)));
        let pulse = step("Discharge at 1 C for 30 minutes, or until 3 V");
        assert_eq!((pulse.until_voltage_v, pulse.for_s), (Some(3.0), Some(1800.0)));
        assert_eq!(step("Rest for 1 h").for_s, Some(3600.0));
        assert_eq!(parse_steps("Rest for 1 h;\n\n Rest for 5 s\n").unwrap().len(), 2);
        assert_eq!(parse_steps("  ").unwrap().len(), 0);
        assert_eq!(TEMPLATES.map(|(_, steps)| parse_steps(steps).unwrap().len()), [4, 10, 3, 4, 8]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, part) in [
            ("Explode at 2C", "begins with"),
            ("Charge until 4.3 V", "which rate"),
            ("Hold at 1C until 4 V", "which voltage"),
            ("Rest", "what ends"),
            ("Discharge at 2C", "what ends"),
            ("Discharge at 2C until 0.1C", "what ends"),
            ("Discharge at 200C until 3 V", "out of range"),
            ("Discharge at nanC until 3 V", "not understood"),
            ("Discharge at 1C until 3 amperes", "not understood"),
            ("Discharge at 1C until 3", "no unit"),
            ("Discharge at 1C for 3 V", "does not fit"),
            ("Charge at C/0 until 4 V", "out of range"),
            ("Rest for -1 h", "out of range"),
        ] {
            let fault = Step::parse(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
        assert!(parse_steps("Rest for 1 h\nSleep").unwrap_err().starts_with("step 2, 'Sleep'"));
    }
}
