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
            match path.exists() {
                true => failure,
                false => Failure::new(Kind::NoCard, failure.text()).with(
                    "Only an emulated card can be disturbed: --control has its control socket (goya-card --control)",
                ),
            }
        };
        let is_socket = std::fs::metadata(path).map_err(fail)?.file_type().is_socket();
        let (out, answers): (Box<dyn Write>, Box<dyn Read>) = if is_socket {
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
        writeln!(self.out, "{request}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        if answer["ok"] == true {
            return Ok(());
        }
        Err(Failure::failed(format!("the card does not take {request}: {}", line.trim())))
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
}
