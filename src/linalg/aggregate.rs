//! Groups nodes that conduct well to each other: the coarse nodes of the next level.
//!
//! Two groups merge only if the branch between them carries a fixed share of what both exchange with the rest (the
//! quality bound of Napov and Notay 2012: `2 d_a d_b / (d_a + d_b) <= kappa g_ab`, d the diagonals). So pieces that do not
//! conduct to each other are never merged, whatever the contrast.

use super::graph::{Graph, NONE};

/// Quality bound of a merger on coarse levels.
pub const QUALITY: f32 = 6.0;
/// A node left alone joins its strongest neighbour if that branch carries this share of its diagonal: a smaller level is worth
/// more than a good one.
const LEFTOVER: f32 = 0.1;

/// Is a merger of nodes with these diagonals and this branch between them good enough?
#[inline]
pub(super) fn good_match(a: f32, b: f32, g: f32, quality: f32) -> bool {
    2.0 * a * b <= quality * g * (a + b)
}

/// One pass of pairwise matching, heaviest branch first; lone nodes join a strong neighbour's group.
///
/// `diagonal` are the nodes' diagonals summed over what they hold on the finest of the levels that are passed at once: the
/// bound is on them, for conductances inside a group no longer show in the group's own diagonal.
///
/// Returns the group of each node, numbered by first appearance, and their number.
pub fn match_pairs(graph: &Graph, diagonal: &[f32], quality: f32) -> (Vec<u32>, usize) {
    let n = graph.len();
    // Bucket sort by the upper bits of the float: 7 bits of mantissa tell branches apart well enough.
    let key = |g: f32| 65_535 - (g.to_bits() >> 15).min(65_535) as usize;
    let mut start = vec![0_u32; 65_537];
    for i in 0..n {
        for k in graph.upper(i) {
            start[key(graph.conductance[k]) + 1] += 1;
        }
    }
    for k in 0..65_536 {
        start[k + 1] += start[k];
    }
    let mut sorted = vec![(0_u32, 0_u32); start[65_536] as usize];
    for i in 0..n {
        for k in graph.upper(i) {
            let s = &mut start[key(graph.conductance[k])];
            sorted[*s as usize] = (i as u32, k as u32);
            *s += 1;
        }
    }
    let mut partner = vec![NONE; n];
    for (i, k) in sorted {
        let (i, k) = (i as usize, k as usize);
        let j = graph.column[k] as usize;
        if partner[i] != NONE || partner[j] != NONE {
            continue;
        }
        // Both tied to ground: that path joins them as well.
        let (ea, eb) = (graph.excess[i], graph.excess[j]);
        let through_ground = if ea > 0.0 && eb > 0.0 { ea * eb / (ea + eb) } else { 0.0 };
        if good_match(diagonal[i], diagonal[j], graph.conductance[k] + through_ground, quality) {
            partner[i] = j as u32;
            partner[j] = i as u32;
        }
    }
    let mut group = vec![NONE; n];
    let mut count = 0_u32;
    for i in 0..n {
        if group[i] != NONE {
            continue;
        }
        let mut joined = NONE;
        if partner[i] != NONE {
            group[partner[i] as usize] = count;
        } else {
            let range = graph.row[i] as usize..graph.row[i + 1] as usize;
            let mut best = 0.0;
            for k in range {
                let j = graph.column[k] as usize;
                if graph.conductance[k] > best && partner[j] != NONE {
                    (best, joined) = (graph.conductance[k], j as u32);
                }
            }
            if best < LEFTOVER * diagonal[i] {
                joined = NONE;
            }
        }
        if joined != NONE {
            let j = joined as usize;
            if group[j] == NONE {
                // The neighbour's pair gets its number now.
                group[j] = count;
                group[partner[j] as usize] = count;
                count += 1;
            }
            group[i] = group[j];
        } else {
            group[i] = count;
            count += 1;
        }
    }
    (group, count as usize)
}
