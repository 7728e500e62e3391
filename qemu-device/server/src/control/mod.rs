// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The control socket: one JSON object a line, one answer a line.

mod request;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

use crate::serve::{ACCEPT_AGAIN, Error, claim, listen_error};
use crate::shared::Shared;
use crate::trace::Trace;
use request::Request;

/// The longest request.
const LINE_MAX: u64 = 4 << 20;

/// Listens at `path`, with a thread for each client.
pub fn start(path: &Path, shared: &Arc<Shared>, trace: &Arc<Trace>) -> Result<(), Error> {
    claim(path)?;
    let listener = UnixListener::bind(path).map_err(|error| listen_error(path, error))?;
    let (shared, trace) = (Arc::clone(shared), Arc::clone(trace));
    thread::Builder::new().name("control".into()).spawn(move || {
        for stream in listener.incoming() {
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => {
                    // Out of descriptors, say; who waits is still there when there are some again.
                    tracing::warn!("cannot accept a control client: {error}");
                    thread::sleep(ACCEPT_AGAIN);
                    continue;
                }
            };
            let (shared, trace) = (Arc::clone(&shared), Arc::clone(&trace));
            let client = move || {
                if let Err(error) = serve(&stream, &shared, &trace) {
                    tracing::info!("control client dropped: {error}");
                }
            };
            if let Err(error) = thread::Builder::new().name("control client".into()).spawn(client) {
                tracing::warn!("no thread for a control client: {error}");
            }
        }
    })?;
    Ok(())
}

fn serve(stream: &UnixStream, shared: &Shared, trace: &Trace) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    let mut out = stream;
    loop {
        line.clear();
        if reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let too_long = !line.ends_with(b"\n") && line.len() as u64 == LINE_MAX;
        if too_long {
            skip_line(&mut reader)?;
        }
        if line.trim_ascii().is_empty() && !too_long {
            continue;
        }
        let result = match serde_json::from_slice::<Request>(&line) {
            _ if too_long => Err(format!("a request of more than {LINE_MAX} bytes")),
            Ok(request) => request.serve(shared, trace),
            Err(error) => Err(error.to_string()),
        };
        out.write_all(format!("{}\n", answer(result)).as_bytes())?;
    }
}

/// Reads on to the end of a line, and keeps nothing of it.
fn skip_line(reader: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let (used, end) = match buffer.iter().position(|&b| b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(used);
        if end {
            return Ok(());
        }
    }
}

/// The answer to a request: its fields with `ok`, or the error.
fn answer(result: Result<Value, String>) -> Value {
    match result {
        Ok(Value::Object(mut fields)) => {
            fields.insert("ok".into(), true.into());
            Value::Object(fields)
        }
        Ok(other) => json!({"ok": true, "result": other}),
        Err(error) => json!({"ok": false, "error": error}),
    }
}
