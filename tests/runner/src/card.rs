// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Card processes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::Error;
use crate::options::Options;

/// How long a card may take to listen.
const READY: Duration = Duration::from_secs(20);

/// A running card; ends when dropped.
pub struct Card {
    child: Child,
    /// Socket for QEMU.
    pub socket: PathBuf,
    /// Control socket.
    pub control: PathBuf,
}

impl Card {
    /// Starts card `n` with its sockets in `dir`, and waits until it listens.
    pub fn start(options: &Options, n: usize, dir: &Path) -> Result<Self, Error> {
        let socket = dir.join(format!("card{n}.sock"));
        let control = dir.join(format!("card{n}.ctl"));
        let mut child = Command::new(&options.card_bin)
            .arg("--socket")
            .arg(&socket)
            .arg("--control")
            .arg(&control)
            .args(&options.card_args)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| Error::File { path: options.card_bin.clone(), source })?;
        let log_path = options.log_dir.join(format!("card{n}.log"));
        let mut log = File::create(&log_path).map_err(|source| Error::File { path: log_path, source })?;
        let stderr = child.stderr.take();
        let card = Self { child, socket, control };
        let (ready, listening) = mpsc::channel();
        // Copies the card's words to its log, and says when it is ready.
        std::thread::spawn(move || {
            for line in stderr.into_iter().flat_map(|s| BufReader::new(s).lines()).map_while(Result::ok) {
                let _ = writeln!(log, "{line}");
                if line.starts_with("goya-card: listening") {
                    let _ = ready.send(());
                }
            }
        });
        match listening.recv_timeout(READY) {
            Ok(()) => Ok(card),
            Err(_) => Err(Error::Card(n)),
        }
    }

    /// Whether the process has ended.
    pub fn dead(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
