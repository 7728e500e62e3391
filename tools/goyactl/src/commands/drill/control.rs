// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The emulated card's control socket, or a port of the guest's that leads to it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use crate::failure::{Failure, Kind, Result};

/// Bytes that an answer has at most, and characters of it that are shown.
const ANSWER: u64 = 1 << 20;
const SAID: usize = 200;

/// A connection. Takes its faults back when it is dropped, and has the card as it was.
pub struct Control {
    out: Box<dyn Write>,
    answers: BufReader<Box<dyn Read>>,
    /// What makes good what is no fault, the last first.
    undo: Vec<Value>,
}

impl Control {
    /// Connects.
    pub fn open(path: &Path) -> Result<Self> {
        let fail = |error: std::io::Error| {
            let failure = Failure::file(path, error);
            match failure.kind() {
                Kind::NoPermission => failure.with("Only root may: \"sudo goyactl drill\""),
                _ if path.exists() => failure,
                _ => Failure::new(Kind::NoCard, failure.text()).with(
                    "Only an emulated card can be disturbed: --control has its control socket (goya-card --control)",
                ),
            }
        };
        let kind = std::fs::metadata(path).map_err(fail)?.file_type();
        // Anything else would be written to, or would answer with what it was asked.
        if !kind.is_socket() && !kind.is_char_device() {
            let text = format!("{}: neither a control socket nor a port that leads to one", path.display());
            return Err(Failure::usage(text));
        }
        let (out, answers): (Box<dyn Write>, Box<dyn Read>) = if kind.is_socket() {
            let stream = UnixStream::connect(path).map_err(fail)?;
            (Box::new(stream.try_clone()?), Box::new(stream))
        } else {
            let port: File = OpenOptions::new().read(true).write(true).open(path).map_err(fail)?;
            (Box::new(port.try_clone()?), Box::new(port))
        };
        Ok(Self { out, answers: BufReader::new(answers), undo: Vec::new() })
    }

    /// Asks the card; an answer that is not ok is a failure.
    pub fn ask(&mut self, request: &Value) -> Result {
        let lost =
            |error: std::io::Error| Failure::new(Kind::NoCard, format!("the card's control socket: {error}"));
        writeln!(self.out, "{request}").map_err(lost)?;
        let mut line = Vec::new();
        // Of what is no control socket an answer may have no end.
        (&mut self.answers).take(ANSWER).read_until(b'\n', &mut line).map_err(lost)?;
        let line = String::from_utf8_lossy(&line);
        if line.is_empty() {
            return Err(Failure::new(
                Kind::NoCard,
                format!("the card does not answer {request}: it is gone"),
            ));
        }
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        if answer["ok"] == true {
            return Ok(());
        }
        let said: String = line.chars().filter(|c| !c.is_control()).take(SAID).collect();
        Err(Failure::failed(format!("the card does not take {request}: {said}")))
    }

    /// Injects a fault.
    pub fn inject(&mut self, fault: &str, mut parameters: Value) -> Result {
        parameters["cmd"] = json!("inject");
        parameters["fault"] = json!(fault);
        self.ask(&parameters)
    }

    /// Asks something of the card that `undo` makes good: [`clear`](Self::clear) at the latest.
    pub fn change(&mut self, request: &Value, undo: Value) -> Result {
        // Also if nobody knows whether it was done.
        self.undo.push(undo);
        self.ask(request)
    }

    /// Makes good what was changed, and takes all faults back.
    pub fn clear(&mut self) -> Result {
        while let Some(undo) = self.undo.pop() {
            self.ask(&undo)?;
        }
        self.ask(&json!({"cmd": "clear"}))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Each of it, whatever becomes of the others; a card that is gone needs nothing taken back.
        while self.clear().is_err() && !self.undo.is_empty() {}
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn the_card_is_asked_in_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ctl");
        let listener = UnixListener::bind(&path).unwrap();
        let card = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut out = stream.try_clone().unwrap();
            let lines = BufReader::new(stream).lines().map(|line| line.unwrap());
            lines
                .inspect(|line| {
                    let bad = line.contains("nonsense");
                    writeln!(out, "{{\"ok\": {}}}", !bad).unwrap();
                })
                .collect::<Vec<_>>()
        });
        let mut control = Control::open(&path).unwrap();
        control.inject("slow-queue", json!({"queue": "dma2"})).unwrap();
        assert!(control.inject("nonsense", json!({})).is_err());
        control.change(&json!({"to": 1}), json!({"to": 0})).unwrap();
        control.change(&json!({"to": 2}), json!({"to": "nonsense"})).unwrap();
        drop(control);
        let lines: Vec<Value> =
            card.join().unwrap().iter().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines[0], json!({"cmd": "inject", "fault": "slow-queue", "queue": "dma2"}));
        assert_eq!(lines[4..], [json!({"to": "nonsense"}), json!({"to": 0}), json!({"cmd": "clear"})]);
        assert_eq!(Control::open(Path::new("/nowhere")).err().unwrap().code(), 3);
    }

    /// A card that has gone, before or after it was asked, is not one that has done what it was told.
    #[test]
    fn a_card_that_is_gone_is_a_failure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ctl");
        let listener = UnixListener::bind(&path).unwrap();
        let mut control = Control::open(&path).unwrap();
        drop(listener.accept().unwrap());
        let failure = control.ask(&json!({"cmd": "clear"})).err().unwrap();
        assert!(failure.code() == 3 && !failure.is_broken_pipe(), "{failure:?}");
        let mut control = Control::open(&path).unwrap();
        let card = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            BufReader::new(stream).lines().next()
        });
        let failure = control.ask(&json!({"cmd": "clear"})).err().unwrap();
        assert!(failure.code() == 3 && failure.text().contains("gone"), "{failure:?}");
        card.join().unwrap().unwrap().unwrap();
    }

    /// A file is not written to.
    #[test]
    fn a_file_stays_as_it_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "precious").unwrap();
        let failure =
            Control::open(file.path()).and_then(|mut control| control.ask(&json!({}))).err().unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"precious");
        assert!(failure.code() == 2 && failure.text().contains("control socket"), "{failure:?}");
    }

    /// What is no control socket may answer without end, and with what a terminal obeys.
    #[test]
    fn what_is_no_card_is_a_failure() {
        let said = |answers: Box<dyn Read>| {
            let mut control = Control {
                out: Box::new(std::io::sink()),
                answers: BufReader::new(answers),
                undo: Vec::new(),
            };
            control.ask(&json!({})).err().unwrap()
        };
        let failure = said(Box::new(std::io::repeat(b'x')));
        assert!(failure.code() == 1 && failure.text().len() < 1000);
        assert!(!said(Box::new(&b"\x1b[2Jno\n"[..])).text().contains('\x1b'));
    }
}
