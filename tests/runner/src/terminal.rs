// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The user's terminal, while it belongs to the guest.

use std::io::{self, IsTerminal, Read};
use std::os::unix::net::UnixStream;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// Ends the guest: Ctrl-], as in telnet. Ctrl-C and the rest go to the guest.
const LEAVE: u8 = 0x1D;

/// A terminal in raw mode; as it was when dropped.
#[derive(Debug)]
pub struct Raw(Option<Termios>);

impl Raw {
    /// Makes the terminal raw, if there is one.
    pub fn new() -> Self {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Self(None);
        }
        let Ok(before) = tcgetattr(&stdin) else { return Self(None) };
        let mut raw = before.clone();
        raw.make_raw();
        let _ = tcsetattr(&stdin, OptionalActions::Now, &raw);
        Self(Some(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        }
    }
}

/// Columns and rows of the terminal.
pub fn size() -> (u16, u16) {
    let size = tcgetwinsize(io::stdout()).ok().filter(|s| s.ws_col > 0 && s.ws_row > 0);
    size.map_or((80, 24), |s| (s.ws_col, s.ws_row))
}

/// Gives what is typed to the guest until there is no more; `leave` is called when the user wants out.
pub fn forward(mut guest: UnixStream, leave: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let terminal = io::stdin().is_terminal();
        let mut block = [0; 1024];
        while let Ok(n @ 1..) = io::stdin().read(&mut block) {
            let typed = block.get(..n).unwrap_or_default();
            if terminal && typed.contains(&LEAVE) {
                leave();
                return;
            }
            if io::Write::write_all(&mut guest, typed).is_err() {
                return;
            }
        }
        if !terminal {
            // A script has ended: so does the guest's shell.
            let _ = io::Write::write_all(&mut guest, b"\x04");
        }
    });
}
