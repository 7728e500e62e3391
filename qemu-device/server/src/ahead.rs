// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Looking for the client's next request before sleeping.
//!
//! A request comes seldom alone, and to be woken for each costs both sides more than most of them take: QEMU's processor, too,
//! which has to wake another one. So the card looks for a moment first. A card that nobody uses sleeps all the same.

use std::fs;
use std::num::NonZero;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// How long it looks: the time that a driver takes from one doorbell to the next.
const LOOK: Duration = Duration::from_micros(50);
const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// Looks at a connection.
pub struct Lookout {
    connection: UnixStream,
}

impl Lookout {
    /// For the client that is connected at `path`; nothing if looking would take the processor from it.
    pub fn new(path: &Path) -> Option<Self> {
        if available_parallelism().is_ok_and(|n| n == NonZero::<usize>::MIN) {
            return None;
        }
        // The server keeps its connection to itself, but not what it is connected to.
        let process = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
        let numbers = fs::read_dir("/proc/self/fd").ok()?.flatten();
        let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let mut sockets = numbers
            .filter_map(|number| pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok())
            .map(UnixStream::from);
        let is_client = |socket: &UnixStream| {
            // The one that listens has no peer.
            socket.peer_addr().is_ok() && socket.local_addr().is_ok_and(|at| at.as_pathname() == Some(path))
        };
        let found = sockets.find(is_client).map(|connection| Self { connection });
        if found.is_none() {
            tracing::debug!("cannot look for requests before sleeping: each has to wake the card");
        }
        found
    }

    /// Waits until there is something to read, for a moment.
    pub fn look(&self) {
        let start = Instant::now();
        let mut connection = [PollFd::new(&self.connection, PollFlags::IN)];
        while poll(&mut connection, Some(&NOW)) == Ok(0) && start.elapsed() < LOOK {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn finds_the_connection_and_looks_no_longer_than_needed() {
        let path = std::env::temp_dir().join(format!("goya-ahead-{}.sock", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        assert!(Lookout::new(&path).is_none());
        let mut client = UnixStream::connect(&path).unwrap();
        let server = listener.accept().unwrap().0;
        fs::remove_file(&path).unwrap();
        if available_parallelism().is_ok_and(|n| n.get() == 1) {
            return;
        }
        let lookout = Lookout::new(&path).unwrap();
        assert!(Lookout::new(Path::new("elsewhere")).is_none());
        let peer = |socket: &UnixStream| socket.local_addr().unwrap().as_pathname().map(Path::to_owned);
        assert_eq!(peer(&lookout.connection), peer(&server));
        // Neither silence nor a client that has gone keeps it.
        lookout.look();
        client.write_all(b"request").unwrap();
        lookout.look();
        drop(client);
        lookout.look();
    }
}
