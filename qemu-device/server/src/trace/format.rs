// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! One line an event, in columns: seconds, part of the card, who, what, and the rest.
//!
//! ```text
//!     1.204113  reg     host        write   DMA_QM_1_PQ_PI                           = 0x1
//!     1.204120  packet  dma1        descriptor                ci=0 address=0x8000001000 size=24
//!     1.204131  irq     vector 1
//! ```

use std::fmt::{self, Debug, Write};
use std::time::Instant;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The columns.
pub struct Columns {
    /// Time zero.
    pub start: Instant,
    /// Whether there are colours.
    pub color: bool,
}

const DIM: &str = "2";
const BOLD: &str = "1";
const RED: &str = "31;1";
const YELLOW: &str = "33";
/// Words of an event that is worth looking at.
const ALARMING: [&str; 8] =
    ["fault", "error", "fail", "refused", "lost", "nothing answers", "cannot", "out of sync"];

/// The colour of a part of the card.
fn color(part: &str) -> &'static str {
    match part {
        "reg" => "36",
        "packet" | "dma" => "32",
        "irq" | "event" => "35",
        "mmu" => "34",
        "pci" | "reset" | "boot" | "cpucp" => YELLOW,
        _ => "37",
    }
}

/// The fields of an event, sorted into columns.
#[derive(Default)]
struct Fields {
    /// Who: a queue, a channel, the host.
    who: String,
    /// What happens.
    what: String,
    /// The register, and what it holds.
    register: Option<String>,
    value: Option<String>,
    /// Everything else.
    rest: String,
}

impl Fields {
    fn put(&mut self, name: &str, value: &dyn fmt::Display) {
        // Writing to a string cannot fail.
        let _ = match name {
            "queue" | "origin" if self.who.is_empty() => write!(self.who, "{value}"),
            "channel" | "monitor" | "vector" | "asid" if self.who.is_empty() => {
                write!(self.who, "{name} {value}")
            }
            "what" | "message" | "packet" | "kind" => {
                let space = if self.what.is_empty() { "" } else { " " };
                write!(self.what, "{space}{value}")
            }
            "name" => {
                self.register = Some(value.to_string());
                Ok(())
            }
            "value" => {
                self.value = Some(value.to_string());
                Ok(())
            }
            _ => {
                let space = if self.rest.is_empty() { "" } else { " " };
                write!(self.rest, "{space}{name}={value}")
            }
        };
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "offset" | "ctl" | "addr" => self.put(field.name(), &format_args!("{value:#x}")),
            name => self.put(name, &value),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Columns
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut out: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let time = self.start.elapsed();
        write!(out, "{:>5}.{:06}  ", time.as_secs(), time.subsec_micros())?;
        match event.metadata().target().strip_prefix("goya::") {
            Some(part) => self.trace_line(&mut out, part, *event.metadata().level(), &fields),
            None => self.log_line(&mut out, *event.metadata().level(), &fields),
        }
    }
}

impl Columns {
    /// What the card does.
    fn trace_line(&self, out: &mut Writer<'_>, part: &str, level: Level, fields: &Fields) -> fmt::Result {
        let mut line = String::new();
        match (&fields.register, &fields.value) {
            (Some(register), Some(value)) => write!(line, "{:<6}  {register:<40} = {value}", fields.what)?,
            (register, value) => {
                line.push_str(&fields.what);
                for text in [register, value].into_iter().flatten() {
                    write!(line, "  {text}")?;
                }
            }
        }
        self.paint(out, color(part), &format!("{part:<6}"))?;
        if line.is_empty() && fields.rest.is_empty() {
            return writeln!(out, "  {}", fields.who);
        }
        write!(out, "  {:<10}  ", fields.who)?;
        let alarming = level != Level::TRACE && ALARMING.iter().any(|word| line.contains(word));
        self.paint(out, if alarming { RED } else { "" }, &line)?;
        if !fields.rest.is_empty() {
            let fill = 24usize.saturating_sub(line.chars().count());
            write!(out, "{:fill$}  ", "")?;
            self.paint(out, DIM, &fields.rest)?;
        }
        writeln!(out)
    }

    /// What goes on around it.
    fn log_line(&self, out: &mut Writer<'_>, level: Level, fields: &Fields) -> fmt::Result {
        let (name, style) = match level {
            Level::ERROR => ("error", RED),
            Level::WARN => ("warning", YELLOW),
            Level::INFO => ("info", BOLD),
            _ => ("debug", DIM),
        };
        self.paint(out, style, name)?;
        let space = if fields.rest.is_empty() { "" } else { " " };
        writeln!(out, "  {}{space}{}", fields.what, fields.rest)
    }

    fn paint(&self, out: &mut Writer<'_>, style: &str, text: &str) -> fmt::Result {
        match self.color && !style.is_empty() {
            true => write!(out, "\x1b[{style}m{text}\x1b[0m"),
            false => out.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic holds this lock").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The lines of what `tell` tells, without their times.
    fn lines(color: bool, tell: impl FnOnce()) -> Vec<String> {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(Columns { start: Instant::now(), color })
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), tell);
        let bytes = buffer.0.lock().expect("no panic holds this lock").clone();
        let text = String::from_utf8(bytes).expect("text");
        let without_time = |line: &str| line.trim_start().split_once("  ").map(|(_, rest)| rest.to_owned());
        text.lines().filter_map(without_time).collect()
    }

    #[test]
    fn events_stand_in_columns() {
        let told = lines(false, || {
            tracing::trace!(target: "goya::reg", what = "write", origin = %"host", name = %"DMA_QM_1_PQ_PI", value = %"0x1");
            tracing::trace!(target: "goya::packet", queue = %"dma1", ci = 3u32, size = 24u32, "descriptor");
            tracing::trace!(target: "goya::irq", vector = 1u16);
            tracing::debug!(target: "goya::mmu", asid = 1u16, va = %"0x1000", "page fault");
            tracing::warn!(target: "goya_card::backend", "client: too large");
        });
        assert_eq!(
            told,
            [
                "reg     host        write   DMA_QM_1_PQ_PI                           = 0x1",
                "packet  dma1        descriptor                ci=3 size=24",
                "irq     vector 1",
                "mmu     asid 1      page fault                va=0x1000",
                "warning  client: too large",
            ]
        );
    }

    #[test]
    fn colours_only_where_wanted() {
        let tell = || tracing::debug!(target: "goya::mmu", asid = 1u16, "page fault");
        assert!(lines(true, tell).concat().contains("\x1b[31;1mpage fault\x1b[0m"));
        assert!(!lines(false, tell).concat().contains('\x1b'));
    }
}
