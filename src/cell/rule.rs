//! The rule of one step in time, on steps of any lengths.

/// States that an extrapolation goes through.
pub const DEPTH: usize = 3;

/// How a step gets from rates to what is gained: `gain = memory · gain of the step before + time · rate at its end`.
///
/// The backward differentiation formula of second order over steps of h1 and h, with r = h / h1, has `memory = r² / (1 + 2 r)`
/// and `time = h (1 + r) / (1 + 2 r)`; the first step of a stage has no memory (backward Euler). A constant rate gains
/// `rate · h` by either, so charge is kept exactly. Both damp whatever is faster than the step (L-stable); the second order is
/// stable while no step is more than 1 + √2 times the one before.
/// Source: Hairer and Wanner, Solving Ordinary Differential Equations I, section III.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub memory: f64,
    /// [s]
    pub time: f64,
    /// Shares of the last two gains in what extrapolation promises to this step.
    pub forecast: [f64; 2],
}

impl Rule {
    /// A step of length `h` [s] after those of the lengths `before` [s], the newest first; none at the start of a stage.
    pub fn new(h: f64, before: &[f64]) -> Rule {
        let ages = ages(before);
        // Values at the start of the step, one and two steps earlier; as shares of differences.
        let [_, one, two] = extrapolation(&ages[..DEPTH.min(before.len() + 1)], h);
        let forecast = [-(one + two), -two];
        match before.first() {
            None => Rule { memory: 0.0, time: h, forecast },
            Some(last) => {
                let r = h / last;
                Rule { memory: r * r / (1.0 + 2.0 * r), time: h * (1.0 + r) / (1.0 + 2.0 * r), forecast }
            }
        }
    }

    /// What the step gains.
    pub fn gain(self, before: f64, rate: f64) -> f64 {
        self.memory * before + self.time * rate
    }
}

/// How long ago [s] each of the last steps ended, and the one before them: 0 for the newest.
pub fn ages(before: &[f64]) -> [f64; DEPTH] {
    let h = |k: usize| before.get(k).copied().unwrap_or_default();
    [0.0, h(0), h(0) + h(1)]
}

/// Shares of the values that are `ages` [s] old in their polynomial's value `h` [s] from now (Lagrange); 0 for what is not
/// there.
pub fn extrapolation(ages: &[f64], h: f64) -> [f64; DEPTH] {
    let share = |k: usize| (0..ages.len()).filter(|&i| i != k).map(|i| (h + ages[i]) / (ages[i] - ages[k])).product();
    std::array::from_fn(|k| if k < ages.len() { share(k) } else { 0.0 })
}

/// Share of what a parabola through the last three values misses that is the error of the formula: it leaves
/// `h² (h + h1)² y‴ / 6 (2 h + h1)` where the parabola misses `h (h + h1) (h + h1 + h2) y‴ / 6`.
pub fn error_share(h: f64, before: [f64; 2]) -> f64 {
    let [h1, h2] = before;
    h * (h + h1) / ((2.0 * h + h1) * (h + h1 + h2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any smooth curve: `y`, its rate, and the rule applied to it from exact values.
    fn missed(h: f64, before: [f64; 2], y: fn(f64) -> f64, rate: fn(f64) -> f64) -> [f64; 2] {
        let [h1, h2] = before;
        let rule = Rule::new(h, &before);
        let gains = [y(0.0) - y(-h1), y(-h1) - y(-h1 - h2)];
        let forecast = rule.forecast[0] * gains[0] + rule.forecast[1] * gains[1];
        [y(h) - y(0.0) - rule.gain(gains[0], rate(h)), y(h) - y(0.0) - forecast]
    }

    #[test]
    fn parabolas_are_followed_exactly_and_the_error_share_is_that_of_a_cubic() {
        for (h, before) in [(1.0, [1.0, 1.0]), (2.0, [1.0, 0.5]), (0.3, [1.0, 2.0]), (1.0, [0.5, 3.0])] {
            let [formula, forecast] = missed(h, before, |t| 3.0 - 2.0 * t + 0.7 * t * t, |t| 1.4 * t - 2.0);
            assert!(formula.abs() < 1e-14 && forecast.abs() < 1e-14, "{formula} {forecast}");
            let [formula, forecast] = missed(h, before, |t| t * t * t, |t| 3.0 * t * t);
            assert!((formula.abs() / forecast.abs() / error_share(h, before) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn a_constant_rate_gains_its_charge_whatever_the_steps() {
        let mut gain = Rule::new(0.1, &[]).gain(5.0, 2.0);
        assert_eq!(gain, 0.2);
        for pair in [0.1, 0.2, 0.05, 0.1, 0.24].windows(2) {
            gain = Rule::new(pair[1], &pair[..1]).gain(gain, 2.0);
            assert!((gain - 2.0 * pair[1]).abs() < 1e-14);
        }
    }
}
