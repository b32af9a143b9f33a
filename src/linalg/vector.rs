//! Vector operations in f32 with sums in f64.

const LANES: usize = 16;
/// Terms that are added up in f32 before the sum goes over to f64: few enough for 5 digits.
const CHUNK: usize = 1024;

/// A scalar product that grows: partial sums of up to 1024 terms in f32 lanes, their sums in f64 lanes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dot([f64; LANES]);

impl Dot {
    #[inline]
    pub fn add(&mut self, a: &[f32], b: &[f32]) {
        for (a, b) in a.chunks(CHUNK).zip(b.chunks(CHUNK)) {
            let mut lanes = [0.0_f32; LANES];
            let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
            for (lane, (x, y)) in lanes.iter_mut().zip(a.remainder().iter().zip(b.remainder())) {
                *lane = x * y;
            }
            for (x, y) in a.zip(b) {
                for k in 0..LANES {
                    lanes[k] += x[k] * y[k];
                }
            }
            for (sum, lane) in self.0.iter_mut().zip(lanes) {
                *sum += f64::from(lane);
            }
        }
    }

    pub fn sum(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// Scalar product; see [`Dot`].
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut dot = Dot::default();
    dot.add(a, b);
    dot.sum()
}

/// Scalar product in f64, in fixed lanes.
pub fn dot64(a: &[f64], b: &[f64]) -> f64 {
    const WIDE: usize = 8;
    let mut lanes = [0.0_f64; WIDE];
    let (a, b) = (a.chunks_exact(WIDE), b.chunks_exact(WIDE));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a.zip(b) {
        for k in 0..WIDE {
            lanes[k] += x[k] * y[k];
        }
    }
    lanes.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_products_agree_with_a_plain_sum() {
        let a: Vec<f32> = (0..5003).map(|i| (i % 17) as f32 - 8.0).collect();
        let b: Vec<f32> = (0..5003).map(|i| (i % 13) as f32 * 0.5).collect();
        let plain: f64 = a.iter().zip(&b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
        assert_eq!(dot(&a, &b), plain);
        let wide = |v: &[f32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        assert_eq!(dot64(&wide(&a), &wide(&b)), plain);
    }
}
