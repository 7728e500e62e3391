// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-cardctl`: shows the state of an emulated card, injects faults, changes sensors.

mod options;
mod show;

use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use serde_json::Value;

use options::Options;

fn main() -> ExitCode {
    let options: Options = goya_man::parse();
    match ask(&options) {
        Ok(answer) if options.json => print(&format!("{answer}\n")),
        Ok(answer) => {
            let colours = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print(&show::answer(&options.command, &answer, colours))
        }
        Err(error) => {
            eprintln!("goya-cardctl: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A reader that has gone, such as `head`, is no failure.
fn print(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn ask(options: &Options) -> Result<Value, String> {
    let path = &options.socket;
    let connect = UnixStream::connect(path);
    let mut stream =
        connect.map_err(|e| format!("{}: {e}; is goya-card running with --control?", path.display()))?;
    writeln!(stream, "{}", options.command.request()?).map_err(|e| e.to_string())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(|e| e.to_string())?;
    let answer: Value = serde_json::from_str(&line).map_err(|_| format!("the card answers {line:?}"))?;
    if answer["ok"] == true {
        Ok(answer)
    } else {
        Err(answer["error"].as_str().unwrap_or("no reason").into())
    }
}
