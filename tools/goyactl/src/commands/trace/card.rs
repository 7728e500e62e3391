// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The emulated card's own trace (`goya-card --trace`), whose clock is another one:
//!
//! ```text
//!     1.204113  reg     host        write   DMA_QM_1_PQ_PI                           = 0x1
//!     1.204120  packet  dma1        descriptor                ci=0 address=0x8000001000 size=24
//! ```

use super::events::Event;

/// A line of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Microseconds.
    pub us: f64,
    /// `reg`, `packet`, `dma`, `irq`, ...
    pub part: String,
    /// A queue, or something else that it is about.
    pub who: String,
    /// The rest.
    pub what: String,
}

/// Doorbells that are compared at most.
const COMPARED: usize = 256;
/// A doorbell reaches the card in at most about so many microseconds.
const NEAR: f64 = 500.0;

/// All lines.
pub fn parse(text: &str) -> Vec<Line> {
    text.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Line> {
    let (time, rest) = line.trim_start().split_once("  ")?;
    let (part, rest) = rest.split_once(' ')?;
    let rest = rest.trim();
    // Columns are two spaces apart; who may have one inside (`channel 1`).
    let (who, what) = rest.split_once("  ").unwrap_or((rest, ""));
    let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(Line { us: time.parse::<f64>().ok()? * 1e6, part: part.to_owned(), who: who.to_owned(), what })
}

/// When a queue's doorbell was rung, by the card's clock.
fn doorbells<'a>(lines: &'a [Line], queue: &str) -> impl Iterator<Item = f64> + use<'a> {
    let wanted = queue.strip_prefix("dma").map(|n| format!("write DMA_QM_{n}_PQ_PI ="));
    let is = move |line: &&Line| {
        line.part == "reg" && wanted.as_ref().is_some_and(|wanted| line.what.starts_with(wanted))
    };
    lines.iter().filter(is).map(|line| line.us)
}

/// Moves the card's times to the kernel's clock: so that doorbells come soon after the driver has begun jobs. Nothing, if
/// there are no jobs to tell by.
pub fn align(mut lines: Vec<Line>, events: &[Event]) -> Vec<Line> {
    let starts = events.iter().filter(|event| event.name == "goya_job_start");
    let queue = starts.clone().find_map(|event| event.field("queue").filter(|name| name.starts_with("dma")));
    let Some(queue) = queue else { return Vec::new() };
    let of_queue = |event: &&Event| event.field("queue") == Some(queue);
    let starts: Vec<f64> = starts.filter(of_queue).map(|event| event.us).take(COMPARED).collect();
    let rung: Vec<f64> = doorbells(&lines, queue).collect();
    let Some(first) = starts.first() else { return Vec::new() };
    let near = |offset: f64| {
        let follows = |start: &&f64| {
            let at = rung.partition_point(|bell| bell + offset < **start);
            rung.get(at).is_some_and(|bell| bell + offset - **start < NEAR)
        };
        starts.iter().filter(follows).count()
    };
    // Of the latest doorbells: a card may have been at work for long.
    let offsets = rung.iter().rev().take(64 * COMPARED).map(|bell| first - bell);
    let Some(best) = offsets.max_by_key(|offset| near(*offset)) else { return Vec::new() };
    let (begin, end) = (first - 1e6, events.last().map_or(*first, |event| event.us) + 1e6);
    lines.iter_mut().for_each(|line| line.us += best);
    lines.retain(|line| (begin..=end).contains(&line.us));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "    0.100000  reg     host        write   DMA_QM_1_PQ_PI                           = 0x1\n    \
        1.000000  reg     host        write   DMA_QM_1_PQ_PI                           = 0x2\n    \
        1.000007  packet  dma1        descriptor                ci=0 address=0x8000001000 size=24\n    \
        1.000300  reg     host        write   DMA_QM_1_PQ_PI                           = 0x3\n    \
        1.000400  irq     vector 1\n\
        something else\n";

    #[test]
    fn columns() {
        let lines = parse(TEXT);
        assert_eq!(lines.len(), 5);
        assert_eq!((lines[2].part.as_str(), lines[2].who.as_str()), ("packet", "dma1"));
        assert_eq!(lines[2].what, "descriptor ci=0 address=0x8000001000 size=24");
        assert_eq!((lines[4].who.as_str(), lines[4].what.as_str()), ("vector 1", ""));
    }

    #[test]
    fn two_clocks() {
        let start = |us: f64| Event {
            us,
            name: "goya_job_start".into(),
            card: "x".into(),
            fields: vec![("queue".into(), "dma1".into())],
        };
        let aligned = align(parse(TEXT), &[start(5_000_000.0), start(5_000_300.0)]);
        assert_eq!(aligned.len(), 5);
        let bell = aligned.iter().find(|line| line.what.ends_with("0x2")).expect("the second doorbell");
        assert!((bell.us - 5_000_000.0).abs() < 1.0, "{}", bell.us);
        assert!(align(parse(TEXT), &[]).is_empty());
    }
}
