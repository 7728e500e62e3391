// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What comes from the guest: one socket for each of its ports, one event for each thing that comes.

use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::Sender;

/// A port of the guest. Its name is that of its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The serial port: the kernel's console.
    Console,
    /// `goya.out`: what the program writes.
    Output,
    /// `goya.status`: what the init script reports.
    Status,
    /// `goya.log`: `/dev/kmsg`.
    Log,
    /// The terminal of an interactive guest.
    Terminal,
    /// QEMU's monitor.
    Monitor,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Console, Self::Output, Self::Status, Self::Log, Self::Terminal, Self::Monitor];

    /// Name of its socket.
    pub fn name(self) -> &'static str {
        match self {
            Self::Console => "console",
            Self::Output => "out",
            Self::Status => "status",
            Self::Log => "log",
            Self::Terminal => "terminal",
            Self::Monitor => "monitor",
        }
    }
}

/// Something that happens during a run.
#[derive(Debug)]
pub enum Event {
    /// QEMU has connected a port; the stream is for writing.
    Connected(Channel, UnixStream),
    /// Bytes came.
    Data(Channel, Vec<u8>),
    /// Nothing more will come.
    Closed,
    /// This process was sent a signal.
    Signal(i32),
    /// The user wants out of an interactive guest.
    Left,
}

/// Listens for `channel` in `dir` and sends its events until it ends.
pub fn listen(channel: Channel, dir: &Path, events: &Sender<Event>) -> io::Result<()> {
    let listener = UnixListener::bind(dir.join(channel.name()))?;
    let events = events.clone();
    std::thread::spawn(move || {
        // A send fails only when nobody listens to this run any more.
        let _ = forward(channel, &listener, &events);
        let _ = events.send(Event::Closed);
    });
    Ok(())
}

fn forward(channel: Channel, listener: &UnixListener, events: &Sender<Event>) -> io::Result<()> {
    let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    let (mut stream, _) = listener.accept()?;
    events.send(Event::Connected(channel, stream.try_clone()?)).map_err(gone)?;
    let mut block = vec![0; 16 << 10];
    loop {
        let bytes = match stream.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(n) => block.get(..n).unwrap_or_default().to_vec(),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        events.send(Event::Data(channel, bytes)).map_err(gone)?;
    }
}

/// Bytes that become lines.
#[derive(Debug, Default)]
pub struct Lines(Vec<u8>);

impl Lines {
    /// Adds `bytes`; returns the lines that are whole now, without their ends.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        self.0.extend_from_slice(bytes);
        let Some(last) = self.0.iter().rposition(|b| *b == b'\n') else { return Vec::new() };
        let rest = self.0.split_off(last + 1);
        let whole = std::mem::replace(&mut self.0, rest);
        String::from_utf8_lossy(&whole).lines().map(|l| l.trim_end_matches('\r').to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_when_they_are_whole() {
        let mut lines = Lines::default();
        assert!(lines.take(b"a").is_empty());
        assert_eq!(lines.take(b"b\r\n\nc"), ["ab", ""]);
        assert_eq!(lines.take(b"\n"), ["c"]);
    }
}
