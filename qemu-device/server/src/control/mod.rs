// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The control socket: one JSON object a line, one answer a line.

mod request;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::serve::{Error, claim, listen_error};
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
    std::thread::Builder::new().name("control".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            let (shared, trace) = (Arc::clone(&shared), Arc::clone(&trace));
            let client = move || {
                if let Err(error) = serve(&stream, &shared, &trace) {
                    tracing::info!("control client dropped: {error}");
                }
            };
            if let Err(error) = std::thread::Builder::new().name("control client".into()).spawn(client) {
                tracing::warn!("no thread for a control client: {error}");
            }
        }
    })?;
    Ok(())
}

fn serve(stream: &UnixStream, shared: &Shared, trace: &Trace) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if reader.by_ref().take(LINE_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.trim().is_empty() {
            continue;
        }
        let answer = match serde_json::from_str::<Request>(&line) {
            Ok(request) => request.serve(shared, trace),
            Err(error) => Err(error.to_string()),
        };
        let answer = match answer {
            Ok(serde_json::Value::Object(mut fields)) => {
                fields.insert("ok".into(), true.into());
                serde_json::Value::Object(fields)
            }
            Ok(other) => json!({"ok": true, "result": other}),
            Err(error) => json!({"ok": false, "error": error}),
        };
        let mut out = stream;
        out.write_all(format!("{answer}\n").as_bytes())?;
    }
}
