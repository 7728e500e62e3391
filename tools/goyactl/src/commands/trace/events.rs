// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The driver's trace points, as the kernel writes them:
//!
//! ```text
//!   goyactl-123     [000] d..1.    12.345678: goya_job_start: 0000:00:04.0: ctx: 1, seq: 4, job: 1, queue: dma1
//! ```

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Microseconds of the kernel's monotonic clock.
    pub us: f64,
    /// `goya_job_start`, ...
    pub name: String,
    /// The card's place on the bus.
    pub card: String,
    /// Names and values; a value without a name is named `kind`.
    pub fields: Vec<(String, String)>,
}

impl Event {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// All events of a trace, in order; lines that are something else are left out.
pub fn parse(text: &str) -> Vec<Event> {
    let mut events: Vec<_> = text.lines().filter_map(line).collect();
    super::order(&mut events);
    events
}

/// Whether it is a trace at all, be it of other things. Nothing at all is one of `trace_pipe`.
pub fn is_trace(text: &str) -> bool {
    let head = |line: &str| line.starts_with("# tracer:") || line.starts_with("cpus=");
    text.trim().is_empty() || text.lines().any(|line| head(line) || is_event(line))
}

/// Whether a line is an event of anybody's: `goyactl-123 [000] 12.345678: name: text`, with flags before the time or without.
fn is_event(line: &str) -> bool {
    let Some((_, rest)) = line.split_once(" [") else { return false };
    let Some((processor, rest)) = rest.split_once("] ") else { return false };
    let time = rest.split_once(": ").and_then(|(before, _)| before.split_whitespace().next_back());
    processor.parse::<u32>().is_ok() && time.is_some_and(|time| time.parse::<f64>().is_ok())
}

fn line(line: &str) -> Option<Event> {
    let at = line.find(": goya_")?;
    let (before, rest) = (line.get(..at)?, line.get(at + 2..)?);
    let seconds: f64 = before.split_whitespace().next_back()?.parse().ok()?;
    let (name, rest) = rest.split_once(": ")?;
    let (card, rest) = rest.split_once(": ")?;
    let field = |text: &str| {
        let (name, value) = text.split_once(": ").unwrap_or(("kind", text));
        (name.trim().to_owned(), value.trim().to_owned())
    };
    Some(Event {
        us: seconds * 1e6,
        name: name.to_owned(),
        card: card.to_owned(),
        fields: rest.split(", ").map(field).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_kernel() {
        let text = "# tracer: nop\n\
            a b: c-7     [001] dn.h1.    12.500000: goya_job_complete: 0000:00:04.0: ctx: 1, seq: 4, job: 1, queue: dma1\n\
            kworker/0:1-9  [000] .....    11.000001: goya_reset_start: 0000:00:04.0: hard, error: 0\n\
            x-1 [000] ..... 11.5: other: thing\n";
        let events = parse(text);
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].name.as_str(), events[0].card.as_str()), ("goya_reset_start", "0000:00:04.0"));
        assert_eq!((events[0].field("kind"), events[0].field("error")), (Some("hard"), Some("0")));
        assert_eq!(events[1].us, 12_500_000.0);
        assert_eq!(events[1].field("queue"), Some("dma1"));
        assert_eq!(events[1].field("none"), None);
    }

    #[test]
    fn other_files_are_no_traces() {
        for trace in [
            "",
            "\n",
            "# tracer: nop\n#\n",
            "cpus=2\n",
            "x-1 [000] ..... 11.5: other: thing\n",
            "CPU:0 [LOST 3 EVENTS]\n  a b-1  [001]  11.500000: other: thing\n",
        ] {
            assert!(is_trace(trace), "{trace:?}");
        }
        for other in [
            "nop\n",
            "\u{FFFD}\0\0",
            "{\"traceEvents\": []}",
            "[ 1.5] goya: a: b",
            "a [x] 1.5: b: c",
            "# a\n",
        ] {
            assert!(!is_trace(other), "{other:?}");
        }
    }
}
