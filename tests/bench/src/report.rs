// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The report: JSON for programs, a table for people.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::results::Results;
use crate::rows::{self, Row, SECTIONS};
use crate::stats::{Summary, summary};

/// Differences of ratios from 1 up to here are not coloured.
const ALIKE: f64 = 0.05;

/// Both drivers.
#[derive(Debug)]
pub struct Drivers {
    /// Ours.
    pub goya: Results,
    /// Upstream's.
    pub habanalabs: Results,
}

/// A row of both drivers.
struct Pair<'a> {
    goya: Result<Summary, &'a str>,
    habanalabs: Result<Summary, &'a str>,
}

/// How much better a row is with ours: its ratio, turned so that more is better.
#[derive(Debug, Clone, PartialEq)]
pub struct Advantage {
    /// What the row is, with its unit.
    pub title: String,
    /// How many times as good as upstream's.
    pub ratio: f64,
    /// The same of our quartiles against upstream's median.
    pub spread: [f64; 2],
}

impl Drivers {
    /// All rows that can be compared.
    pub fn advantages(&self) -> Vec<Advantage> {
        rows::all().filter_map(|row| self.advantage(row)).collect()
    }

    fn advantage(&self, row: &Row) -> Option<Advantage> {
        let pair = self.pair(row.name);
        let (goya, habanalabs) = (pair.goya.ok()?, pair.habanalabs.ok()?.median);
        let better = |goya: f64| if row.lower_is_better { habanalabs / goya } else { goya / habanalabs };
        let ratio = better(goya.median);
        ratio.is_finite().then(|| Advantage {
            title: format!("{} ({})", row.title, row.unit),
            ratio,
            spread: goya.quartiles.map(better),
        })
    }

    fn pair(&self, name: &str) -> Pair<'_> {
        Pair { goya: summarise(&self.goya, name), habanalabs: summarise(&self.habanalabs, name) }
    }

    /// All rows as JSON.
    pub fn json(&self) -> Value {
        rows::all().map(|row| self.json_row(row)).collect()
    }

    fn json_row(&self, row: &Row) -> Value {
        let pair = self.pair(row.name);
        let mut object = json!({
            "name": row.name,
            "unit": row.unit,
            "lower_is_better": row.lower_is_better,
            "goya": pair.goya.as_ref().ok().map(|s| s.median),
            "habanalabs": pair.habanalabs.as_ref().ok().map(|s| s.median),
            "ratio": pair.ratio(),
        });
        for (driver, result) in [("goya", pair.goya), ("habanalabs", pair.habanalabs)] {
            match result {
                Ok(s) => {
                    object[format!("{driver}_quartiles")] = json!(s.quartiles);
                    object[format!("{driver}_samples")] = json!(s.count);
                }
                Err(reason) => object[format!("{driver}_reason")] = json!(reason),
            }
        }
        object
    }

    /// All rows as a table.
    pub fn table(&self, colours: bool) -> String {
        let paint = |code: &str, text: &str| {
            if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
        };
        let mut out = String::new();
        let mut missing: Vec<(String, &str)> = Vec::new();
        for (title, rows) in SECTIONS {
            let heads = format!("{:<7}{:>24}{:>24}{:>9}", "", "goya", "habanalabs", "ratio");
            let _ = writeln!(out, "\n{} {heads}", paint("1", &format!("{title:<36}")));
            for row in *rows {
                let pair = self.pair(row.name);
                for (driver, result) in [("goya", &pair.goya), ("habanalabs", &pair.habanalabs)] {
                    if let Err(reason) = result {
                        missing.push((format!("{driver}: {reason}"), row.name));
                    }
                }
                let ratio = pair.ratio().map_or("-".to_owned(), |r| format!("{r:.2}"));
                let ratio = paint(pair.colour(row.lower_is_better), &format!("{ratio:>8}"));
                let (ours, theirs) = (value(&pair.goya), value(&pair.habanalabs));
                let _ = writeln!(out, "  {:<34} {:<7}{ours:>24}{theirs:>24} {ratio}", row.title, row.unit);
            }
        }
        out.push_str(&reasons(missing));
        out
    }
}

fn summarise<'a>(results: &'a Results, name: &str) -> Result<Summary, &'a str> {
    results.row(name).and_then(|samples| summary(samples).ok_or("nothing was measured"))
}

impl Pair<'_> {
    /// Ours divided by upstream's; nothing if either is missing, or upstream's is zero and ours is not.
    fn ratio(&self) -> Option<f64> {
        let (goya, habanalabs) = (self.goya.as_ref().ok()?.median, self.habanalabs.as_ref().ok()?.median);
        if goya == habanalabs {
            return Some(1.0);
        }
        (habanalabs != 0.0).then_some(goya / habanalabs)
    }

    fn colour(&self, lower_is_better: bool) -> &'static str {
        match self.ratio() {
            Some(ratio) if (ratio - 1.0).abs() <= ALIKE => "0",
            Some(ratio) if (ratio < 1.0) == lower_is_better => "32",
            Some(_) => "31",
            None => "2",
        }
    }
}

/// A median with the distance of the quartiles.
fn value(result: &Result<Summary, &str>) -> String {
    let Ok(s) = result else { return "-".to_owned() };
    let half = (s.quartiles[1] - s.quartiles[0]) / 2.0;
    if half == 0.0 { number(s.median) } else { format!("{} +-{}", number(s.median), number(half)) }
}

fn number(n: f64) -> String {
    if n == n.trunc() || n.abs() >= 1000.0 {
        format!("{n:.0}")
    } else if n.abs() >= 100.0 {
        format!("{n:.1}")
    } else {
        format!("{n:.2}")
    }
}

/// Why rows are missing: a line for each reason, with its rows.
fn reasons(mut missing: Vec<(String, &str)>) -> String {
    missing.sort();
    let mut out = String::new();
    for group in missing.chunk_by(|a, b| a.0 == b.0) {
        let names: Vec<_> = group.iter().map(|(_, name)| *name).collect();
        let reason = group.first().map_or("", |(reason, _)| reason);
        let _ = write!(out, "\nnot measured: {reason}\n  {}\n", names.join(" "));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drivers() -> Drivers {
        let mut drivers = Drivers { goya: Results::default(), habanalabs: Results::default() };
        drivers.goya.take(
            r#"{"row": "nop_latency_us", "samples": [10, 20, 30]}
            {"row": "probe_ms", "reason": "too new"}
            {"row": "nop_register_reads", "samples": [0]}"#,
            "",
            None,
        );
        drivers.habanalabs.take(
            r#"{"row": "nop_latency_us", "samples": [40]}
            {"row": "probe_ms", "samples": [3]}
            {"row": "nop_register_reads", "samples": [0]}"#,
            "",
            None,
        );
        drivers
    }

    fn find(json: &Value, name: &str) -> Value {
        json.as_array().into_iter().flatten().find(|row| row["name"] == name).cloned().unwrap()
    }

    #[test]
    fn a_row_has_both_drivers_and_their_ratio() {
        let json = drivers().json();
        let row = find(&json, "nop_latency_us");
        assert_eq!(
            (&row["goya"], &row["habanalabs"], &row["ratio"]),
            (&json!(20.0), &json!(40.0), &json!(0.5))
        );
        assert_eq!((&row["unit"], &row["lower_is_better"]), (&json!("us"), &json!(true)));
        assert_eq!(row["goya_quartiles"], json!([15.0, 25.0]));
        assert_eq!(find(&json, "nop_register_reads")["ratio"], json!(1.0));
    }

    #[test]
    fn a_row_that_a_driver_cannot_do_is_null_and_says_why() {
        let row = find(&drivers().json(), "probe_ms");
        assert_eq!(
            (&row["goya"], &row["ratio"], &row["goya_reason"]),
            (&Value::Null, &Value::Null, &json!("too new"))
        );
        assert_eq!(row["habanalabs"], json!(3.0));
        assert!(drivers().table(false).contains("not measured: goya: too new\n  probe_ms\n"));
    }

    #[test]
    fn what_can_be_compared_is_turned_so_that_more_is_better() {
        let rows = drivers().advantages();
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].ratio, rows[0].title.as_str()), (2.0, "submit and wait (us)"));
        assert!(rows[0].spread[0] > 2.0 && rows[0].spread[1] < 2.0);
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(!drivers().table(false).contains('\x1b'));
        assert!(drivers().table(true).contains("\x1b[32m    0.50\x1b[0m"));
    }
}
