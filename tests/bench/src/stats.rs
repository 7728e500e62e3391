// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The middle of some samples, and how far they lie apart.

/// What is told of some samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Half of the samples are less.
    pub median: f64,
    /// A quarter of the samples is less, a quarter is more.
    pub quartiles: [f64; 2],
    /// How many there are.
    pub count: usize,
}

/// Sums some samples up, if there are any.
pub fn summary(samples: &[f64]) -> Option<Summary> {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = |share| quantile(&sorted, share);
    Some(Summary { median: at(0.5)?, quartiles: [at(0.25)?, at(0.75)?], count: sorted.len() })
}

/// The value below which `share` of the samples lies, in a line between the two next to it.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_of_some_samples() {
        let some = summary(&[5.0, 1.0, 2.0, 4.0, 3.0]).unwrap();
        assert_eq!(some, Summary { median: 3.0, quartiles: [2.0, 4.0], count: 5 });
        let two = summary(&[1.0, 2.0]).unwrap();
        assert_eq!((two.median, two.quartiles), (1.5, [1.25, 1.75]));
        assert_eq!(summary(&[7.0]).map(|s| (s.median, s.quartiles)), Some((7.0, [7.0, 7.0])));
        assert_eq!(summary(&[]), None);
    }
}
