//! Disjoint sets.

/// Disjoint sets (Galler and Fischer), joined under the smaller number, with paths halved as they are walked.
#[derive(Clone, Debug)]
pub struct DisjointSets(Vec<u32>);

impl DisjointSets {
    pub fn new(count: usize) -> DisjointSets {
        DisjointSets((0..count as u32).collect())
    }

    /// The set's representative.
    pub fn find(&mut self, mut i: usize) -> usize {
        while self.0[i] as usize != i {
            self.0[i] = self.0[self.0[i] as usize];
            i = self.0[i] as usize;
        }
        i
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high] = low as u32;
    }

    /// Numbers the sets of the elements where `member` holds, whole sets of them: 0, 1, 2, ... in the order of their first
    /// element, `u32::MAX` elsewhere. Returns the numbers and how many sets there are.
    pub fn numbered(&mut self, member: impl Fn(usize) -> bool) -> (Vec<u32>, usize) {
        let mut numbers = vec![u32::MAX; self.0.len()];
        let mut count = 0;
        for element in (0..self.0.len()).filter(|&i| member(i)) {
            // The representative is the least member, so it has its number already unless this is it.
            let root = self.find(element);
            if root == element {
                numbers[element] = count;
                count += 1;
            } else {
                numbers[element] = numbers[root];
            }
        }
        (numbers, count as usize)
    }
}
