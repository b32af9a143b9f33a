//! Choosing an exact number of voxels by rank.

/// Odd, so that multiplication by it permutes the 32-bit numbers.
const SCATTER: u32 = 0x9e37_79b1;
/// Its inverse modulo 2^32.
const GATHER: u32 = inverse(SCATTER);

const fn inverse(odd: u32) -> u32 {
    // Newton's iteration doubles the correct bits: 3, 6, 12, 24, 48.
    let mut x = odd;
    let mut i = 0;
    while i < 5 {
        x = x.wrapping_mul(2_u32.wrapping_sub(odd.wrapping_mul(x)));
        i += 1;
    }
    x
}

/// A candidate: its key (≥ 0, the lower the better), then the scattered voxel number, so that ties are broken in the same way
/// on any machine, and spread over the domain instead of filling it from one side.
pub(crate) fn entry(key: f32, voxel: usize) -> u64 {
    debug_assert!(key >= 0.0);
    // The bits of floats that are not negative are in the order of their values.
    u64::from(key.to_bits()) << 32 | u64::from((voxel as u32).wrapping_mul(SCATTER))
}

/// Calls `take` with the `count` lowest-ranking voxels, in no particular order.
pub(crate) fn lowest(entries: &mut [u64], count: usize, mut take: impl FnMut(usize)) {
    if count < entries.len() && count > 0 {
        entries.select_nth_unstable(count - 1);
    }
    for &e in &entries[..count] {
        take((e as u32).wrapping_mul(GATHER) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_lowest_keys_and_scatters_ties() {
        let mut entries: Vec<u64> =
            (0..1000).map(|v| entry(if v % 2 == 0 { 0.5 } else { 3e-5 * v as f32 }, v)).collect();
        let mut taken = Vec::new();
        lowest(&mut entries, 600, |v| taken.push(v));
        taken.sort_unstable();
        assert!((1..1000).step_by(2).all(|v| taken.binary_search(&v).is_ok()));
        let ties: Vec<usize> = taken.into_iter().filter(|v| v % 2 == 0).collect();
        assert_eq!(ties.len(), 100);
        // 100 of 500 from the whole range, not the first 100.
        assert!(ties[0] < 100 && ties[99] > 900);
    }
}
