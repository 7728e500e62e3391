// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The emulated card's control socket, through a virtio port: how a test injects faults.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

use serde_json::{Value, json};

use crate::Result;

/// A connection to the card's control socket. Takes its faults back when dropped.
#[derive(Debug)]
pub struct Control {
    out: File,
    answers: BufReader<File>,
}

impl Control {
    /// Connects to the card to test; there is nothing to connect to on a real one.
    pub fn open() -> Result<Self> {
        let path = port();
        let open = || OpenOptions::new().read(true).write(true).open(&path);
        let out = open().map_err(|e| format!("{path}: {e}"))?;
        let answers = out.try_clone().map_err(|e| e.to_string())?;
        Ok(Self { out, answers: BufReader::new(answers) })
    }

    /// Whether the card is an emulated one.
    pub fn exists() -> bool {
        std::path::Path::new(&port()).exists()
    }

    /// Asks the card; an answer that is not ok is an error.
    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        writeln!(self.out, "{request}").map_err(|e| format!("control socket: {e}"))?;
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|e| format!("control socket: {e}"))?;
        let answer: Value = serde_json::from_str(&line).map_err(|e| format!("{line:?}: {e}"))?;
        if answer["ok"] == true { Ok(answer) } else { Err(format!("{request}: {}", answer["error"])) }
    }

    /// Injects a fault.
    pub fn inject(&mut self, fault: &str, parameters: &Value) -> Result {
        let mut request = json!({"cmd": "inject", "fault": fault});
        if let (Value::Object(to), Value::Object(from)) = (&mut request, parameters) {
            to.extend(from.clone());
        }
        self.ask(&request).map(drop)
    }

    /// Reads a register of the card.
    pub fn register(&mut self, offset: u64) -> Result<u64> {
        let answer = self.ask(&json!({"cmd": "read-register", "register": offset}))?;
        answer["value"].as_u64().ok_or_else(|| format!("register {offset:#x} has no value"))
    }

    /// Writes a register of the card.
    pub fn set_register(&mut self, offset: u64, value: u32) -> Result {
        self.ask(&json!({"cmd": "write-register", "register": offset, "value": value})).map(drop)
    }

    /// `size` bytes at physical address `address` of the card, in hexadecimal.
    pub fn memory(&mut self, address: u64, size: u64) -> Result<String> {
        let answer = self.ask(&json!({"cmd": "read-memory", "address": address, "size": size}))?;
        answer["data"].as_str().map(str::to_owned).ok_or_else(|| format!("nothing at {address:#x}"))
    }

    /// Whether a queue is hung, by its name.
    pub fn hung(&mut self, queue: &str) -> Result<bool> {
        let status = self.ask(&json!({"cmd": "status"}))?;
        let hung =
            status["faults"]["hung"].as_array().ok_or_else(|| format!("no hung queues in {status}"))?;
        Ok(hung.iter().any(|name| name == queue))
    }

    /// Takes all faults back.
    pub fn clear(&mut self) -> Result {
        self.ask(&json!({"cmd": "clear"})).map(drop)
    }
}

fn port() -> String {
    format!("/dev/virtio-ports/goya.ctl{}", crate::nodes::index())
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = self.clear();
    }
}
