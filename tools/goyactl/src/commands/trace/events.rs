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
}
