// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the user sees of the programs' output: of one guest as it comes, of several as one KTAP stream.

use std::io::Write;
use std::mem;

use crate::channel::Lines;
use crate::ktap;

/// The output of all guests.
#[derive(Debug)]
pub struct Screen {
    guests: Vec<Guest>,
    /// Everything that was shown.
    shown: Vec<u8>,
    /// How many results have been shown, once the plan has been, which is the same for all.
    numbered: Option<usize>,
}

/// The part of one guest in a stream of several.
#[derive(Debug, Default)]
struct Guest {
    lines: Lines,
    /// What belongs to its next result.
    held: String,
}

impl Screen {
    /// A screen for `guests` guests.
    pub fn new(guests: usize) -> Self {
        let guests = (0..guests).map(|_| Guest::default()).collect();
        Self { guests, shown: Vec::new(), numbered: None }
    }

    /// Shows what the program of guest `n` has written.
    pub fn take(&mut self, n: usize, bytes: &[u8]) {
        if self.guests.len() == 1 {
            return self.show(bytes);
        }
        let Some(guest) = self.guests.get_mut(n) else { return };
        let mut text = String::new();
        for line in guest.lines.take(bytes) {
            if line.starts_with("1..") {
                if self.numbered.is_none() {
                    self.numbered = Some(0);
                    text.push_str(&format!("KTAP version 1\n{line}\n"));
                }
            } else if let Some((verdict, what)) = ktap::split_result(&line) {
                let number = self.numbered.unwrap_or_default().saturating_add(1);
                self.numbered = Some(number);
                text.push_str(&mem::take(&mut guest.held));
                text.push_str(&format!("{verdict} {number} {what}\n"));
            } else if !ktap::is_version(&line) {
                guest.held.push_str(&line);
                guest.held.push('\n');
            }
        }
        self.show(text.as_bytes());
    }

    /// Guest `n` is over: what it did not say will not come.
    pub fn end(&mut self, n: usize) {
        if self.guests.len() == 1 {
            return;
        }
        let Some(guest) = self.guests.get_mut(n) else { return };
        let rest = mem::take(&mut guest.held);
        self.show(rest.as_bytes());
    }

    /// Everything that was shown.
    pub fn shown(&self) -> &[u8] {
        &self.shown
    }

    fn show(&mut self, bytes: &[u8]) {
        self.shown.extend_from_slice(bytes);
        print(bytes);
    }
}

/// Prints what comes from a guest as it comes.
pub fn print(bytes: &[u8]) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_guest_is_shown_as_it_is() {
        let mut screen = Screen::new(1);
        screen.take(0, b"any");
        screen.take(0, b"thing");
        screen.end(0);
        assert_eq!(screen.shown(), b"anything");
    }

    #[test]
    fn several_guests_make_one_stream() {
        let mut screen = Screen::new(2);
        screen.take(0, b"KTAP version 1\n1..3\n# said\nok 1 a # 3 ms\n");
        assert_eq!(screen.shown(), b"KTAP version 1\n1..3\n# said\nok 1 a # 3 ms\n");
        screen.take(1, b"KTAP version 1\n1..3\nnot o");
        screen.take(1, b"k 1 b\n");
        screen.take(0, b"ok 2 c # SKIP no card\n");
        screen.end(0);
        screen.end(1);
        let all = "KTAP version 1\n1..3\n# said\nok 1 a # 3 ms\nnot ok 2 b\nok 3 c # SKIP no card\n";
        assert_eq!(String::from_utf8_lossy(screen.shown()), all);
    }

    #[test]
    fn a_guest_that_never_speaks_does_not_silence_the_others() {
        let mut screen = Screen::new(2);
        screen.take(0, b"KTAP version 1\n1..1\nok 1 a\n");
        screen.end(0);
        screen.end(1);
        assert_eq!(String::from_utf8_lossy(screen.shown()), "KTAP version 1\n1..1\nok 1 a\n");
    }
}
