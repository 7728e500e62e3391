// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Index spaces: the points that the cores share between them.

/// Coordinates or sizes of five dimensions.
pub type Index = [u32; 5];

/// Sizes as people write them: `1024x16`, without the dimensions behind that have the size 1.
#[must_use]
pub fn sizes_text(sizes: &Index) -> String {
    let count = sizes.iter().rposition(|size| *size != 1).map_or(1, |last| last + 1);
    sizes.iter().take(count).map(u32::to_string).collect::<Vec<_>>().join("x")
}

/// How much of a dimension of a tensor one point of the index space is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many elements.
    Elements(u32),
    /// As many as the scalar of this number says.
    Scalar(usize),
    /// All of it: this dimension cannot be split.
    Whole,
}

/// How an index space comes from the size of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// The tensor.
    pub tensor: usize,
    /// How much of each dimension a point is for.
    pub steps: [Step; 5],
}

impl Space {
    pub(crate) fn size(&self, size: &Index, scalars: &[u32]) -> Option<Index> {
        let mut points = [1; 5];
        for ((points, &size), step) in points.iter_mut().zip(size).zip(self.steps) {
            let step = match step {
                Step::Elements(step) => step,
                Step::Scalar(number) => *scalars.get(number)?,
                Step::Whole => continue,
            };
            *points = (step > 0).then(|| size.div_ceil(step))?;
        }
        Some(points)
    }
}

/// The part of an index space that a core gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first point, which I0 holds at the start.
    pub offset: Index,
    /// Points of each dimension, which I1 holds at the start.
    pub size: Index,
}

impl Part {
    /// Part `number` of `count` of an index space, which is split along its longest dimension. Parts differ by one
    /// point of it at most; there may be none in a part.
    #[must_use]
    pub fn of(space: Index, number: u32, count: u32) -> Self {
        let longest = (0..5).rev().max_by_key(|&d| space[d]).unwrap_or(0);
        let points = u64::from(space[longest]);
        let first = |number: u32| points * u64::from(number.min(count)) / u64::from(count.max(1));
        let (start, end) = (first(number), first(number.saturating_add(1)));
        let mut part = Self { offset: [0; 5], size: space };
        // Both are no more than the points there are.
        part.offset[longest] = start as u32;
        part.size[longest] = (end - start) as u32;
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(sizes_text(&[64, 1, 3, 1, 1]), "64x1x3");
        assert_eq!((sizes_text(&[1; 5]), sizes_text(&[2; 5])), ("1".into(), "2x2x2x2x2".into()));
    }

    #[test]
    fn a_space_has_a_point_for_each_step_or_part_of_one() {
        let steps = [Step::Elements(64), Step::Elements(2), Step::Whole, Step::Scalar(1), Step::Elements(1)];
        let space = Space { tensor: 0, steps };
        assert_eq!(space.size(&[65, 4, 9, 10, 3], &[0, 5]), Some([2, 2, 1, 2, 3]));
        assert_eq!(space.size(&[64, 5, 9, 10, 3], &[0, 0]), None);
        assert_eq!(space.size(&[64, 5, 9, 10, 3], &[]), None);
    }

    #[test]
    fn parts_are_the_whole_and_alike() {
        for points in [0, 1, 7, 8, 9, 100] {
            let parts: Vec<_> = (0..8).map(|i| Part::of([3, points, 2, 1, 1], i, 8)).collect();
            let dimension = if points > 3 { 1 } else { 0 };
            let mut next = 0;
            for part in &parts {
                assert_eq!(part.offset[dimension], next);
                next += part.size[dimension];
                assert!((points / 8..=points.max(3).div_ceil(8)).contains(&part.size[dimension]));
                assert_eq!(part.size[2], 2);
            }
            assert_eq!(next, points.max(3));
        }
        assert_eq!(Part::of([5; 5], 9, 8).size[0], 0);
    }
}
