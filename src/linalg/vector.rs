//! Vector operations in f32 with sums in f64.

const LANES: usize = 16;
/// Terms that are added up in f32 before the sum goes over to f64: few enough for 5 digits.
const CHUNK: usize = 1024;

/// Scalar product; partial sums of 1024 terms in f32 lanes, the rest in f64.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut total = 0.0;
    for (a, b) in a.chunks(CHUNK).zip(b.chunks(CHUNK)) {
        let mut lanes = [0.0_f32; LANES];
        let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        for (x, y) in a.remainder().iter().zip(b.remainder()) {
            total += f64::from(*x) * f64::from(*y);
        }
        for (x, y) in a.zip(b) {
            for k in 0..LANES {
                lanes[k] += x[k] * y[k];
            }
        }
        total += lanes.iter().map(|&l| f64::from(l)).sum::<f64>();
    }
    total
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
