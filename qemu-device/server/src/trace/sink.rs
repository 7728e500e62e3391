// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Where lines go: to a thread that writes them, so that a slow disk, a full pipe or a stopped terminal
//! never stops the card. Costs nothing while nothing is told.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that may wait; what comes on top is lost, and counted.
const WAITING_MAX: usize = 64 << 20;
/// How long the end of the process waits for the last lines.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    lost: u64,
    /// The writer has taken bytes and not written them yet.
    writing: bool,
}

/// The lines on their way; each write is one line.
pub struct Sink {
    state: Mutex<State>,
    more: Condvar,
    written: Condvar,
}

impl Sink {
    /// Starts the thread that writes to `out`.
    pub fn start(out: Box<dyn Write + Send>) -> io::Result<Arc<Self>> {
        let sink = Arc::new(Self {
            state: Mutex::new(State::default()),
            more: Condvar::new(),
            written: Condvar::new(),
        });
        let writer = Arc::clone(&sink);
        std::thread::Builder::new().name("trace".into()).spawn(move || writer.write_lines(out))?;
        Ok(sink)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_lines(&self, mut out: Box<dyn Write + Send>) {
        let mut bytes = Vec::new();
        loop {
            let lost = {
                let mut state = self.lock();
                state.writing = false;
                self.written.notify_all();
                while state.waiting.is_empty() {
                    state = self.more.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
                std::mem::swap(&mut state.waiting, &mut bytes);
                state.writing = true;
                std::mem::take(&mut state.lost)
            };
            // A disk that is full loses lines as well; there is nobody to tell.
            let _ = out.write_all(&bytes);
            if lost > 0 {
                let _ = writeln!(out, "({lost} lines lost: the trace cannot be written as fast as it grows)");
            }
            bytes.clear();
        }
    }

    /// Waits until everything is written, but not for ever.
    pub fn flush(&self) {
        let busy = |state: &mut State| state.writing || !state.waiting.is_empty();
        let _ = self.written.wait_timeout_while(self.lock(), PATIENCE, busy);
    }
}

impl Write for &Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > WAITING_MAX {
            state.lost += 1;
            return Ok(line.len());
        }
        let first = state.waiting.is_empty();
        state.waiting.extend_from_slice(line);
        drop(state);
        if first {
            self.more.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Takes nothing before it is told to.
    struct Gate(Receiver<()>, Sender<Vec<u8>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.recv().map_err(io::Error::other)?;
            self.1.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_is_stuck_stops_nobody_and_losses_are_told() {
        let (open, gate) = channel();
        let (written, seen) = channel();
        let sink = Sink::start(Box::new(Gate(gate, written))).expect("a thread");
        let line = vec![b'x'; 1 << 20];
        for _ in 0..200 {
            (&*sink).write_all(&line).expect("taken or lost");
        }
        for _ in 0..8 {
            open.send(()).expect("the writer lives");
        }
        let mut length = 0;
        loop {
            let bytes = seen.recv_timeout(Duration::from_secs(60)).expect("losses are told");
            length += bytes.len();
            if bytes.len() < 200 && String::from_utf8_lossy(&bytes).contains("lines lost") {
                break;
            }
        }
        assert!(length <= 2 * WAITING_MAX + 200);
    }
}
