// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The guest's kernel log as it comes through a port, in the form of `/dev/kmsg`
//! (the kernel's `Documentation/ABI/testing/dev-kmsg`).

use std::fmt;

/// Who wrote a record: the kernel itself is facility 0.
const KERNEL: u32 = 0;
/// The level of what comes without one: an error.
const UNKNOWN: u8 = 3;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Severity: 0 is the worst, 3 an error, 4 a warning.
    pub level: u8,
    /// Whether the kernel wrote it; otherwise a program did, through `/dev/kmsg`.
    pub kernel: bool,
    /// Its place in the log: each record has one more than the one before.
    pub sequence: u64,
    /// Microseconds since the guest booted.
    pub time: u64,
    /// The message; may have several lines.
    pub text: String,
}

impl Record {
    /// Reads `PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT`.
    pub fn parse(line: &str) -> Option<Self> {
        let (head, text) = line.split_once(';')?;
        let mut fields = head.split(',');
        let priority: u32 = fields.next()?.parse().ok()?;
        let sequence = fields.next()?.parse().ok()?;
        let time = fields.next()?.parse().ok()?;
        Some(Self {
            level: (priority & 7) as u8,
            kernel: priority >> 3 == KERNEL,
            sequence,
            time,
            text: unescape(text),
        })
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.time / 1_000_000, self.time % 1_000_000);
        for (i, line) in self.text.split('\n').enumerate() {
            let end = if i == 0 { "" } else { "\n" };
            write!(f, "{end}<{}>[{seconds:5}.{micros:06}] {line}", self.level)?;
        }
        Ok(())
    }
}

/// Undoes `\xHH`, the form of bytes that would break a line.
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let code = (byte == b'\\' && after.first() == Some(&b'x'))
            .then(|| after.get(1..3))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.unwrap_or(byte));
        rest = if code.is_some() { after.get(3..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The log so far.
#[derive(Debug, Default)]
pub struct Log {
    records: Vec<Record>,
    /// How many records never arrived.
    pub lost: u64,
}

impl Log {
    /// Takes a line of the port; returns the record if it is one that was not there before.
    ///
    /// The guest starts again from the oldest record after the reader fell behind.
    pub fn take(&mut self, line: &str) -> Option<&Record> {
        // Lines that begin with a space describe the device of the message before.
        let record = if line.starts_with(' ') { None } else { Record::parse(line) }?;
        let next = self.records.last().map_or(record.sequence, |last| last.sequence.saturating_add(1));
        if record.sequence < next {
            return None;
        }
        self.lost = self.lost.saturating_add(record.sequence - next);
        self.records.push(record);
        self.records.last()
    }

    /// Whether a line of the port is the first of another kernel's log: its numbers start again.
    pub fn is_others(&self, line: &str) -> bool {
        let first = Record::parse(line).filter(|_| !line.starts_with(' ')).map(|record| record.sequence);
        self.records.last().is_some_and(|last| first.is_some_and(|first| first <= last.sequence))
    }

    /// Takes a line of the console, for the time in which the port is not there any more: `[SECONDS] TEXT`. It has no level;
    /// the console shows what is worse than a notice.
    pub fn take_console(&mut self, line: &str) {
        let Some((_, text)) = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) else { return };
        let (sequence, time) = self.records.last().map_or((0, 0), |last| (last.sequence, last.time));
        self.records.push(Record { level: UNKNOWN, kernel: true, sequence, time, text: text.to_owned() });
    }

    /// All records, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_a_level_and_a_writer() {
        let record =
            Record::parse(r"3,7,5140900,-;habanalabs 0000:01:00.0: a\x09b\x0ac \xe2\x82\xac").unwrap();
        assert_eq!((record.level, record.kernel, record.sequence), (3, true, 7));
        assert_eq!(record.text, "habanalabs 0000:01:00.0: a\tb\nc \u{20ac}");
        let shown = record.to_string();
        assert!(shown.starts_with("<3>[    5.140900] habanalabs 0000:01:00.0: a\tb\n<3>[    5.140900] c "));
        assert!(!Record::parse("14,8,1,-,caller=T1;from a program").unwrap().kernel);
        for wrong in ["", "text", "x,1,2,-;text", "6,1;text"] {
            assert_eq!(Record::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_escape_that_is_none_stays_as_it_is() {
        assert_eq!(unescape(r"\x4"), r"\x4");
        assert_eq!(unescape(r"\xzz\"), r"\xzz\");
        assert_eq!(unescape(r"\x5cx41"), r"\x41");
    }

    #[test]
    fn repeated_records_are_dropped_and_lost_ones_counted() {
        let mut log = Log::default();
        for line in ["6,5,1,-;a", " SUBSYSTEM=pci", "6,6,2,-;b", "6,5,1,-;a", "6,6,2,-;b", "6,9,3,-;c"] {
            let _ = log.take(line);
        }
        let texts: Vec<_> = log.records().iter().map(|r| r.text.as_str()).collect();
        assert_eq!(texts, ["a", "b", "c"]);
        assert_eq!(log.lost, 2);
    }

    #[test]
    fn another_kernel_counts_from_the_beginning() {
        let mut log = Log::default();
        assert!(!log.is_others("6,0,0,-;Linux version"));
        for line in ["6,0,1,-;a", "6,1,2,-;b"] {
            let _ = log.take(line);
        }
        assert!(!log.is_others("6,2,3,-;c") && !log.is_others(" SUBSYSTEM=pci"));
        assert!(log.is_others("6,0,0,-;Linux version"));
    }

    #[test]
    fn a_line_of_the_console_is_an_error_of_the_kernel() {
        let mut log = Log::default();
        let _ = log.take("6,7,1,-;a");
        log.take_console("[   12.345678] goya 0000:01:00.0: broken");
        log.take_console("SeaBIOS");
        let _ = log.take("6,8,2,-;b");
        let seen: Vec<_> = log.records().iter().map(|r| (r.level, r.kernel, r.text.as_str())).collect();
        assert_eq!(seen, [(6, true, "a"), (3, true, "goya 0000:01:00.0: broken"), (6, true, "b")]);
        assert_eq!(log.lost, 0);
    }
}
