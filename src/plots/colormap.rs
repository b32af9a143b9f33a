//! Colour maps from small tables of control points.

use serde::{Deserialize, Serialize};

/// A map from 0..1 to a colour; all three rise evenly in lightness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colormap {
    /// Smith and van der Walt's, dark violet to yellow.
    #[default]
    Viridis,
    /// Nuñez, Anderton and Renslow's, dark blue to yellow; looks the same with most colour vision deficiencies.
    Cividis,
    Greys,
}

/// Every eighth part of viridis.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];

/// Every eighth part of cividis.
const CIVIDIS: [[u8; 3]; 9] = [
    [0, 34, 78],
    [23, 51, 110],
    [66, 78, 108],
    [94, 97, 110],
    [124, 123, 120],
    [151, 147, 118],
    [184, 175, 106],
    [221, 206, 82],
    [254, 232, 56],
];

const GREYS: [[u8; 3]; 2] = [[20, 20, 20], [245, 245, 245]];

impl Colormap {
    /// Colour at `t`, held at the ends outside 0..1.
    pub fn rgb(self, t: f64) -> [u8; 3] {
        let points: &[[u8; 3]] = match self {
            Colormap::Viridis => &VIRIDIS,
            Colormap::Cividis => &CIVIDIS,
            Colormap::Greys => &GREYS,
        };
        let at = t.clamp(0.0, 1.0) * (points.len() - 1) as f64;
        let lower = (at as usize).min(points.len() - 2);
        let share = at - lower as f64;
        let mix = |c: usize| {
            let (a, b) = (f64::from(points[lower][c]), f64::from(points[lower + 1][c]));
            (a + share * (b - a)).round() as u8
        };
        [mix(0), mix(1), mix(2)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_run_from_dark_to_light_without_turning_back() {
        for map in [Colormap::Viridis, Colormap::Cividis, Colormap::Greys] {
            let lightness = |i: u32| {
                let [r, g, b] = map.rgb(f64::from(i) / 100.0).map(f64::from);
                0.3 * r + 0.59 * g + 0.11 * b
            };
            for i in 1..=100 {
                assert!(lightness(i) >= lightness(i - 1) - 0.5, "{map:?} at {i}");
            }
            assert!(lightness(100) - lightness(0) > 150.0);
        }
        assert_eq!(Colormap::Viridis.rgb(-1.0), VIRIDIS[0]);
        assert_eq!(Colormap::Viridis.rgb(2.0), VIRIDIS[8]);
    }
}
