// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What `goya-bench` tells, read and gathered: samples of each row, or why there are none.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::stats::summary;

/// The instructions that `goya-bench` has counted first, of something it knows, between marks 0 and 1.
const KNOWN: f64 = 2000.0;

/// What is known of a driver.
#[derive(Debug, Default)]
pub struct Results {
    samples: BTreeMap<String, Vec<f64>>,
    reasons: BTreeMap<String, String>,
    /// Why rows may be missing that nothing is said about.
    end: Option<String>,
}

impl Results {
    /// A driver that is not there.
    pub fn absent(reason: &str) -> Self {
        Self { end: Some(reason.to_owned()), ..Self::default() }
    }

    /// Samples of a row, or why there are none.
    pub fn row(&self, name: &str) -> Result<&[f64], &str> {
        // What a driver does only sometimes has been measured all the same.
        if let Some(samples) = self.samples.get(name).filter(|s| !s.is_empty()) {
            return Ok(samples);
        }
        let reason = self.reasons.get(name).or(self.end.as_ref());
        Err(reason.map_or("nothing was measured", String::as_str))
    }

    /// Takes the output of a guest, the marks that its plugin wrote, and what is wrong with its end.
    pub fn take(&mut self, output: &str, marks: &str, end: Option<String>) {
        let marks = pairs(marks);
        let broken = !marks.is_empty()
            && marks.get(&0).and_then(|known| summary(known)).is_none_or(|known| known.median != KNOWN);
        for line in output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
            if let Some(reason) = line["end"].as_str() {
                self.end.get_or_insert_with(|| reason.to_owned());
            }
            let Some(name) = line["row"].as_str().map(str::to_owned) else { continue };
            let samples: Vec<f64> = if let Some(reason) = line["reason"].as_str() {
                self.reasons.insert(name, reason.to_owned());
                continue;
            } else if let Some(label) = line["label"].as_u64() {
                if broken {
                    self.reasons.insert(name, "QEMU's plugin counts wrongly".to_owned());
                    continue;
                }
                let per = line["per"].as_f64().unwrap_or(1.0);
                marks.get(&label).into_iter().flatten().map(|count| count / per).collect()
            } else {
                line["samples"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
            };
            self.samples.entry(name).or_default().extend(samples);
        }
        if let Some(end) = end {
            self.end.get_or_insert(end);
        }
    }
}

/// Differences of the counts at an even label and at the odd one after it, by the even label. A pair
/// that is torn apart does not count.
fn pairs(marks: &str) -> BTreeMap<u64, Vec<f64>> {
    let mut pairs: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut open = None;
    for line in marks.lines() {
        let numbers = line.split_once(' ').and_then(|(l, c)| Some((l.parse().ok()?, c.parse::<u64>().ok()?)));
        open = match (numbers, open) {
            (Some((label, count)), _) if label % 2 == 0 => Some((label, count)),
            (Some((label, count)), Some((begin, before))) if label - begin == 1 => {
                pairs.entry(begin).or_default().push(count.saturating_sub(before) as f64);
                None
            }
            _ => None,
        };
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKS: &str = "0 100\n1 2100\n2 3000\n3 3600\n2 4000\n4 4100\n5 4200\n2 5000\n3 6200\n";

    fn taken(output: &str, marks: &str) -> Results {
        let mut results = Results::default();
        results.take(output, marks, Some("died".into()));
        results
    }

    #[test]
    fn marks_become_samples() {
        let results = taken(r#"{"row": "a", "label": 2, "per": 6}"#, MARKS);
        assert_eq!(results.row("a"), Ok(&[100.0, 200.0][..]));
        assert_eq!(results.row("b"), Err("died"));
    }

    #[test]
    fn a_counter_that_is_wrong_counts_nothing() {
        let results = taken(r#"{"row": "a", "label": 2, "per": 1}"#, &MARKS.replace("1 2100", "1 2101"));
        assert_eq!(results.row("a"), Err("QEMU's plugin counts wrongly"));
    }

    #[test]
    fn samples_of_all_rounds_count_and_one_reason_is_kept() {
        let mut results =
            taken("noise\n{\"row\": \"a\", \"samples\": [1, 2.5]}\n{\"row\": \"b\", \"reason\": \"no\"}", "");
        results.take(r#"{"row": "a", "samples": [3]}"#, "", None);
        assert_eq!(results.row("a"), Ok(&[1.0, 2.5, 3.0][..]));
        assert_eq!(results.row("b"), Err("no"));
        assert_eq!(Results::absent("why").row("a"), Err("why"));
    }
}
