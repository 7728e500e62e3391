// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How guests share work: each piece is that of the guest which asks for it first.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Name of the port `goya.share`, and of its socket.
pub const NAME: &str = "share";
/// Bytes of a name, at most.
const LINE: u64 = 4096;

/// The names that have been given away.
#[derive(Debug, Default)]
pub struct Share(Mutex<HashSet<String>>);

impl Share {
    /// Answers a guest at the socket of this name in `dir`, until it is over: a line is a name, and the answer a line with
    /// `yes` or `no`.
    pub fn listen(self: &Arc<Self>, dir: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(dir.join(NAME))?;
        let share = Arc::clone(self);
        std::thread::spawn(move || {
            let (stream, _) = listener.accept()?;
            share.answer(BufReader::new(&stream), &stream)
        });
        Ok(())
    }

    fn answer(&self, mut questions: impl BufRead, mut answers: impl Write) -> io::Result<()> {
        let mut name = String::new();
        while questions.by_ref().take(LINE).read_line(&mut name)? > 0 {
            let first =
                self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.trim_end().to_owned());
            answers.write_all(if first { b"yes\n" } else { b"no\n" })?;
            name.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_given_away_once() {
        let share = Share::default();
        let mut answers = Vec::new();
        share.answer(&b"a\nb\na\n"[..], &mut answers).expect("a vector takes all");
        share.answer(&b"b\nc\n"[..], &mut answers).expect("a vector takes all");
        assert_eq!(answers, b"yes\nyes\nno\nno\nyes\n");
    }
}
