// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! One run: cards, guest, and what comes back from it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Error;
use crate::card::Card;
use crate::image;
use crate::options::Options;
use crate::qemu::Qemu;

/// How often the processes are looked at while the guest is silent.
const LOOK: Duration = Duration::from_millis(500);
/// How long the guest may take to switch itself off.
const OFF: Duration = Duration::from_secs(60);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program returned this.
    Exit(u8),
    /// It took too long.
    TimedOut,
    /// The guest or a card died.
    Died(String),
}

enum Message {
    Status(String),
    OutputEnds(String),
}

/// A guest with its cards; all end when dropped, the guest first.
pub struct Session<'a> {
    options: &'a Options,
    qemu: Qemu,
    cards: Vec<Card>,
    messages: Receiver<Message>,
    output: String,
    _dir: TempDir,
}

impl<'a> Session<'a> {
    /// Starts everything.
    pub fn start(options: &'a Options) -> Result<Self, Error> {
        let dir = tempfile::Builder::new().prefix("goya-guest").tempdir()?;
        fs::write(dir.path().join("initramfs"), image::build(options)?)?;
        let cards =
            (0..options.cards).map(|n| Card::start(options, n, dir.path())).collect::<Result<Vec<_>, _>>()?;
        let (sender, messages) = mpsc::channel();
        let out = UnixListener::bind(dir.path().join("out"))?;
        let status = UnixListener::bind(dir.path().join("status"))?;
        let log = options.log_dir.join("output.log");
        let log = File::create(&log).map_err(|source| Error::File { path: log, source })?;
        let output = sender.clone();
        std::thread::spawn(move || copy_output(&out, log, &output));
        std::thread::spawn(move || read_status(&status, &sender));
        let qemu = Qemu::start(options, &cards, dir.path())?;
        Ok(Self { options, qemu, cards, messages, output: String::new(), _dir: dir })
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Outcome {
        let end = Instant::now() + Duration::from_secs(self.options.timeout);
        let mut code = None;
        let mut deadline = end;
        loop {
            match self.messages.recv_timeout(LOOK) {
                Ok(Message::Status(line)) => match line.split_once(' ') {
                    Some(("exit", number)) => {
                        code = number.parse().ok();
                        deadline = Instant::now() + OFF;
                    }
                    _ => return Outcome::Died(format!("the guest says: {line}")),
                },
                Ok(Message::OutputEnds(text)) => self.output = text,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            if self.qemu.dead() {
                self.drain();
                return match code {
                    Some(code) => Outcome::Exit(code),
                    None if self.options.interactive => Outcome::Exit(0),
                    None => Outcome::Died("the guest died".into()),
                };
            }
            if let Some(n) = self.cards.iter_mut().position(Card::dead) {
                return Outcome::Died(format!("card {n} died"));
            }
            if Instant::now() > deadline && !self.options.interactive {
                return Outcome::TimedOut;
            }
        }
    }

    /// What the program wrote.
    pub fn output(&mut self) -> String {
        std::mem::take(&mut self.output)
    }

    /// Takes what is still on its way after the guest has ended.
    fn drain(&mut self) {
        while self.output.is_empty() {
            match self.messages.recv_timeout(LOOK) {
                Ok(Message::OutputEnds(text)) => self.output = text,
                Ok(Message::Status(_)) => {}
                Err(_) => return,
            }
        }
    }
}

/// Shows what the program writes as it comes, and keeps it.
fn copy_output(listener: &UnixListener, mut log: File, messages: &Sender<Message>) {
    let Ok((mut stream, _)) = listener.accept() else { return };
    let mut all = Vec::new();
    let mut block = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut block) {
        let _ = log.write_all(&block[..n]);
        let mut stdout = std::io::stdout();
        let _ = stdout.write_all(&block[..n]).and_then(|()| stdout.flush());
        all.extend_from_slice(&block[..n]);
    }
    let _ = messages.send(Message::OutputEnds(String::from_utf8_lossy(&all).into_owned()));
}

fn read_status(listener: &UnixListener, messages: &Sender<Message>) {
    let Ok((stream, _)) = listener.accept() else { return };
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let _ = messages.send(Message::Status(line));
    }
}
