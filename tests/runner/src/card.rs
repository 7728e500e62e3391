// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Card processes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::error::Error;
use crate::options::Options;
use crate::process::Process;

/// How long a card may take to listen.
const READY: Duration = Duration::from_secs(20);

/// A running card; ends when dropped.
pub struct Card {
    /// Gone only while dropping: the log is complete when the process has ended.
    process: Option<Process>,
    logger: Option<JoinHandle<()>>,
    /// Socket for QEMU.
    pub socket: PathBuf,
    /// Control socket.
    pub control: PathBuf,
}

impl Card {
    /// Starts card `n` with its sockets in `dir`, and waits until it listens.
    pub fn start(options: &Options, n: u8, dir: &Path) -> Result<Self, Error> {
        let socket = dir.join(format!("card{n}.sock"));
        let control = dir.join(format!("card{n}.ctl"));
        let log_path = options.log_dir.join(format!("card-{n}.log"));
        let mut log = File::create(&log_path).map_err(|e| Error::file(&log_path, e))?;
        let mut process = Process::start(
            Command::new(&options.card_bin)
                .arg("--socket")
                .arg(&socket)
                .arg("--control")
                .arg(&control)
                .args(&options.card_args)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped()),
        )
        .map_err(|e| Error::file(&options.card_bin, e))?;
        let stderr = process.stderr();
        let (ready, listening) = mpsc::channel();
        // Copies the card's words to its log, and says when it is ready.
        let logger = std::thread::spawn(move || {
            let mut stderr = stderr.map(BufReader::new);
            let mut line = Vec::new();
            while stderr.as_mut().is_some_and(|s| matches!(s.read_until(b'\n', &mut line), Ok(1..))) {
                let _ = log.write_all(&line);
                if line.starts_with(b"goya-card: listening") {
                    let _ = ready.send(());
                }
                line.clear();
            }
        });
        let card = Self { process: Some(process), logger: Some(logger), socket, control };
        // The sender goes away when the card ends, so a card that refuses to start does not cost time.
        match listening.recv_timeout(READY) {
            Ok(()) => Ok(card),
            Err(_) => Err(Error::Card(n)),
        }
    }

    /// Whether the process has ended.
    pub fn dead(&mut self) -> bool {
        self.process.as_mut().is_none_or(|p| p.ended().is_some())
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        drop(self.process.take());
        if let Some(logger) = self.logger.take() {
            let _ = logger.join();
        }
    }
}
