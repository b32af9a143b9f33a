//! The rule of one step in time, on steps of any lengths.

/// Greatest order of a step: values before its end that it looks at.
pub const ORDER: usize = 3;

/// How a step gets from rates to what is gained:
/// `gain = memory[0] · gain of the step before + memory[1] · gain of the one before that + time · rate at its end`.
///
/// The backward differentiation formula of third order over steps of any lengths: the polynomial through the value at the end of
/// the step and the three before has the rate at the end. The first two steps of a stage have less to remember and are of first
/// and second order. A constant rate gains `rate · h` by each, so charge is kept exactly. All damp whatever is faster than the
/// step (on steps of one length, along the negative real axis); the third order is stable while steps grow by less than (1 + √5) / 2 = 1.62 from each to the next.
/// Source: Hairer and Wanner, Solving Ordinary Differential Equations I, section III.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    pub memory: [f64; ORDER - 1],
    /// [s]
    pub time: f64,
    /// Shares of the last gains in what extrapolation promises to this step.
    pub forecast: [f64; ORDER - 1],
}

impl Rule {
    /// A step of length `h` [s] after those of the lengths `before` [s], the newest first; none at the start of a stage.
    pub fn new(h: f64, before: &[f64]) -> Rule {
        let ages: [f64; ORDER] = ages(before);
        let shares: [f64; ORDER] = extrapolation(&ages[..ORDER.min(before.len() + 1)], h);
        // Rate at the end: Σ over the values before of share · (new − value) / distance.
        let weights: [f64; ORDER] = std::array::from_fn(|k| shares[k] / (h + ages[k]));
        let time = 1.0 / weights.iter().sum::<f64>();
        Rule { memory: of_gains(weights.map(|weight| time * weight)), time, forecast: of_gains(shares) }
    }

    /// What the step gains; `before` are the last gains, the newest first.
    pub fn gain(self, before: [f64; ORDER - 1], rate: f64) -> f64 {
        self.memory[0] * before[0] + self.memory[1] * before[1] + self.time * rate
    }
}

/// Shares of the last gains that come to the same as `shares` of the last values less the newest one.
fn of_gains(shares: [f64; ORDER]) -> [f64; ORDER - 1] {
    std::array::from_fn(|k| -shares[k + 1..].iter().sum::<f64>())
}

/// How long ago [s] each of the last steps ended, and the one before them: 0 for the newest.
pub fn ages<const N: usize>(before: &[f64]) -> [f64; N] {
    std::array::from_fn(|k| before.iter().take(k).sum())
}

/// Shares of the values that are `ages` [s] old in their polynomial's value `h` [s] from now (Lagrange); 0 for what is not
/// there.
pub fn extrapolation<const N: usize>(ages: &[f64], h: f64) -> [f64; N] {
    let share = |k: usize| (0..ages.len()).filter(|&i| i != k).map(|i| (h + ages[i]) / (ages[i] - ages[k])).product();
    std::array::from_fn(|k| if k < ages.len() { share(k) } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [(f64, [f64; 3]); 4] =
        [(1.0, [1.0, 1.0, 1.0]), (2.0, [1.4, 1.0, 0.8]), (0.3, [1.0, 2.0, 1.5]), (1.0, [0.7, 3.0, 2.0])];

    /// What the rule, the forecast and a polynomial through one value more, applied to exact values, miss of the power `n` of time.
    fn missed(h: f64, before: [f64; 3], n: i32) -> [f64; 3] {
        let power = |t: f64, n: i32| (0..n).map(|_| t).product::<f64>();
        let ages: [f64; 4] = ages(&before);
        let y = ages.map(|age| power(-age, n));
        let gains = [y[0] - y[1], y[1] - y[2]];
        let rule = Rule::new(h, &before);
        let forecast: f64 = rule.forecast.iter().zip(gains).map(|(share, gain)| share * gain).sum();
        let further: f64 = extrapolation::<4>(&ages, h).iter().zip(y).map(|(share, y)| share * y).sum();
        let gain = power(h, n) - y[0];
        [gain - rule.gain(gains, f64::from(n) * power(h, n - 1)), gain - forecast, gain + y[0] - further]
    }

    #[test]
    fn cubics_are_followed_exactly_and_the_error_is_the_share_of_a_miss_that_it_is_taken_for() {
        for (h, before) in STEPS {
            for n in 1..5 {
                let [formula, forecast, further] = missed(h, before, n);
                assert!((formula.abs() < 1e-12) == (n < 4), "{n}: {formula}");
                assert!((forecast.abs() < 1e-12) == (n < 3), "{n}: {forecast}");
                assert!((further.abs() < 1e-12) == (n < 4), "{n}: {further}");
            }
            let [formula, _, further] = missed(h, before, 4);
            let share = Rule::new(h, &before).time / (h + before.iter().sum::<f64>());
            assert!((formula.abs() / further.abs() / share - 1.0).abs() < 1e-10, "{formula} {further}");
        }
    }

    #[test]
    fn equal_steps_have_the_textbook_coefficients() {
        let third = Rule::new(1.0, &[1.0, 1.0]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-14, "{a} {b}");
        close(third.time, 6.0 / 11.0);
        close(third.memory[0], 7.0 / 11.0);
        close(third.memory[1], -2.0 / 11.0);
        let second = Rule::new(1.0, &[1.0]);
        close(second.time, 2.0 / 3.0);
        close(second.memory[0], 1.0 / 3.0);
        close(second.memory[1], 0.0);
    }

    /// What is gained once dies out while nothing drives it, as fast as steps may grow, and no faster.
    #[test]
    fn steps_may_grow_by_the_golden_ratio() {
        let left = |growth: f64| {
            let (mut steps, mut gains) = (vec![1.0], [1.0, 0.0]);
            for _ in 0..60 {
                let h = growth * steps[0];
                gains = [Rule::new(h, &steps).gain(gains, 0.0), gains[0]];
                steps.insert(0, h);
            }
            gains[0].abs()
        };
        assert!(left(1.5) < 1e-2 && left(1.7) > 1e2, "{} {}", left(1.5), left(1.7));
    }

    #[test]
    fn a_constant_rate_gains_its_charge_whatever_the_steps() {
        let steps = [0.1, 0.2, 0.05, 0.07, 0.1];
        let mut gains = [0.0; 2];
        for k in 0..steps.len() {
            let before: Vec<f64> = steps[..k].iter().rev().copied().collect();
            let gain = Rule::new(steps[k], &before).gain(gains, 2.0);
            assert!((gain - 2.0 * steps[k]).abs() < 1e-14);
            gains = [gain, gains[0]];
        }
    }
}
