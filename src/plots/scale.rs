//! From values to shares of an axis or a colour bar, and the round values that are written beside it.

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use serde::{Deserialize, Serialize};

/// What lies between the two ends of an axis; `from` may be the greater one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    pub from: f64,
    pub to: f64,
    /// Equal ratios take equal lengths; both ends are above zero.
    #[serde(default)]
    pub log: bool,
}

impl Scale {
    pub fn even(from: f64, to: f64) -> Scale {
        Scale { from, to, log: false }
    }

    /// Where a value lies: 0 at `from`, 1 at `to`. Logarithms of nothing lie far below.
    pub fn place(&self, value: f64) -> f64 {
        if self.log {
            let at = |v: f64| libm::log(v.max(1e-30));
            (at(value) - at(self.from)) / (at(self.to) - at(self.from))
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }

    /// The same, held between 0 and 1.
    pub fn share(&self, value: f64) -> f64 {
        self.place(value).clamp(0.0, 1.0)
    }

    /// The value at a place: the inverse of [`Scale::place`].
    pub fn value(&self, place: f64) -> f64 {
        if self.log {
            let at = |v: f64| libm::log(v.max(1e-30));
            libm::exp(at(self.from) + place * (at(self.to) - at(self.from)))
        } else {
            self.from + place * (self.to - self.from)
        }
    }

    /// Round values between the ends, about `count` of them, with their texts.
    pub(super) fn ticks(&self, count: usize) -> Vec<(f64, String)> {
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        // Less than a factor of three shows no decades.
        if self.log && high / low > 3.0 {
            let values = log_ticks(low, high, count);
            return values.into_iter().map(|v| (v, log_text(v))).collect();
        }
        let (values, decimals) = ticks(low, high, count);
        values.into_iter().map(|v| (v, number(v, decimals))).collect()
    }
}

/// Round steps of 1, 2 or 5 times a power of ten, about `count` of them between `from` and `to`.
fn ticks(from: f64, to: f64, count: usize) -> (Vec<f64>, usize) {
    let rough = (to - from) / count.max(1) as f64;
    let power = libm::floor(libm::log10(rough));
    let unit = libm::pow(10.0, power);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= rough * 0.999).unwrap_or(10.0 * unit);
    let decimals = (-libm::floor(libm::log10(step) + 1e-9)).max(0.0) as usize;
    let (first, last) = ((from / step - 1e-6).ceil() as i64, (to / step + 1e-6).floor() as i64);
    ((first..=last).map(|i| i as f64 * step).collect(), decimals)
}

/// 1, 2 and 5 of each decade, or only its 1, or every few decades: the most that `count` allows.
fn log_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (first, last) = (libm::floor(libm::log10(low)) as i32, libm::ceil(libm::log10(high)) as i32);
    let within = |every: i32, steps: &[f64]| -> Vec<f64> {
        (first..=last)
            .filter(|p| p.rem_euclid(every) == 0)
            .flat_map(|p| steps.iter().map(move |s| s * libm::pow(10.0, f64::from(p))))
            .filter(|v| (low * 0.9999..=high * 1.0001).contains(v))
            .collect()
    };
    let fine = within(1, &[1.0, 2.0, 5.0]);
    if fine.len() <= count {
        return fine;
    }
    (1..).map(|every| within(every, &[1.0])).find(|values| values.len() <= count.max(2)).unwrap_or_default()
}

/// As few digits as tell it: 0.05, 20; powers of ten far from 1.
fn log_text(value: f64) -> String {
    if (1e-3..1e5).contains(&value) {
        let decimals = (-libm::floor(libm::log10(value) + 1e-9)).max(0.0) as usize;
        return number(value, decimals);
    }
    let power = (libm::log10(value).round() as i32).to_string();
    let raised = |c: char| match c {
        '-' => '⁻',
        digit => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][digit as usize - '0' as usize],
    };
    format!("10{}", power.chars().map(raised).collect::<String>())
}

/// With a true minus sign, and no minus before zero.
pub(super) fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| matches!(c, '0' | '.')) => rest.into(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

/// An axis of plotters whose marks are [`Scale::ticks`]; plotters' own drop to one or two when space is short.
#[derive(Clone)]
pub(super) struct TickAxis {
    scale: Scale,
    count: usize,
}

impl TickAxis {
    pub fn new(scale: Scale, count: usize) -> TickAxis {
        TickAxis { scale, count }
    }
}

impl Ranged for TickAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        // A curve far outside the window must not overflow the drawing's coordinates.
        let place = self.scale.place(*value).clamp(-100.0, 100.0);
        from + (place * f64::from(to - from)).round() as i32
    }
    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.scale.ticks(self.count).into_iter().map(|(v, _)| v).collect()
    }
    fn range(&self) -> std::ops::Range<f64> {
        self.scale.from..self.scale.to
    }
}

impl ValueFormatter<f64> for TickAxis {
    fn format_ext(&self, value: &f64) -> String {
        let found = self.scale.ticks(self.count).into_iter().find(|(v, _)| (v - value).abs() <= 1e-9 * value.abs());
        found.map_or_else(String::new, |(_, text)| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(scale: Scale, count: usize) -> Vec<String> {
        scale.ticks(count).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 220.0, 5), (vec![0.0, 50.0, 100.0, 150.0, 200.0], 0));
        let (values, decimals) = ticks(3.0, 4.4, 7);
        assert_eq!((values.len(), decimals), (8, 1));
        assert!((values[7] - 4.4).abs() < 1e-12);
        assert_eq!(ticks(-0.013, -0.011, 4).1, 4);
        assert_eq!(texts(Scale::even(100.0, 0.0), 5), ["0", "20", "40", "60", "80", "100"]);
    }

    #[test]
    fn numbers_have_a_true_minus() {
        assert_eq!(number(-0.25, 2), "−0.25");
        assert_eq!(number(-0.001, 1), "0.0");
        assert_eq!(number(3.0, 0), "3");
    }

    #[test]
    fn logarithmic_ticks_are_decades_or_parts_of_them() {
        let log = |from, to| Scale { from, to, log: true };
        assert_eq!(texts(log(0.01, 100.0), 6), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(texts(log(0.08, 3.0), 8), ["0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(texts(log(1e-9, 1e9), 6).len(), 5);
        assert!(texts(log(1e-9, 1e9), 6).contains(&"10⁸".to_string()));
    }

    #[test]
    fn places_and_values_are_inverse_and_shares_stay_inside() {
        for scale in [Scale::even(3.0, 4.4), Scale::even(100.0, 0.0), Scale { from: 0.01, to: 100.0, log: true }] {
            for place in [0.0, 0.3, 1.0, 1.2] {
                assert!((scale.place(scale.value(place)) - place).abs() < 1e-12);
            }
            assert_eq!((scale.place(scale.from), scale.place(scale.to)), (0.0, 1.0));
        }
        let log = Scale { from: 0.01, to: 100.0, log: true };
        assert_eq!((log.share(0.0), log.share(-3.0), log.share(1e9)), (0.0, 0.0, 1.0));
        assert!((log.share(1.0) - 0.5).abs() < 1e-12);
    }
}
