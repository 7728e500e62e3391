// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl trace`: what the driver does, by its trace points, as a file for <https://ui.perfetto.dev>.

mod card;
mod chrome;
mod events;
mod record;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Trace;
use crate::output::Output;
use events::Event;
use record::Recorder;

/// What was recorded.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Recorded<'a> {
    file: &'a Path,
    events: usize,
    jobs: usize,
    card_events: usize,
    lost: u64,
    exit_code: Option<i32>,
}

/// Records, and writes the file.
pub fn run(name: Option<&str>, how: &Trace, output: &Output) -> Result {
    super::only_one_from_input([&how.input, &how.card_trace].into_iter().flatten().map(PathBuf::as_path))?;
    let only = name.map(|_| chosen::card(name)).transpose()?.map(|card| card.pci_address().to_owned());
    let (text, lost, status) = match &how.input {
        Some(path) => (of_kernel(path)?, 0, None),
        None => record(how)?,
    };
    let mut recorded = events::parse(&text);
    if let Some(only) = only {
        recorded.retain(|event| event.card == only);
    }
    let own = how.card_trace.as_deref().map(read).transpose()?.map(|text| card::parse(&text));
    let own = own.map(|own| card::align(own, &recorded)).unwrap_or_default();
    let trace = chrome::trace(&recorded, &own);
    let bytes = serde_json::to_vec(&trace).map_err(std::io::Error::from)?;
    fs::write(&how.output, bytes).map_err(|error| Failure::file(&how.output, error))?;
    let jobs = recorded.iter().filter(|event| event.name == "goya_job_complete").count();
    let answer = Recorded {
        file: &how.output,
        events: recorded.len(),
        jobs,
        card_events: own.len(),
        lost,
        exit_code: status.and_then(|status| status.code()),
    };
    tell(&answer, output)?;
    match status {
        Some(status) if !status.success() => Err(Failure::failed(format!("the command ended with {status}"))),
        _ => Ok(()),
    }
}

/// A trace that the kernel has written. One of a time when nothing has happened is good, another file is not.
fn of_kernel(path: &Path) -> Result<String> {
    let text = read(path)?;
    if events::is_trace(&text) {
        return Ok(text);
    }
    let text =
        "this is no trace of the kernel's: it has tracefs's \"trace\", or what \"trace-cmd report\" prints";
    Err(Failure::failed(format!("{}: {text}", path.display())))
}

fn read(path: &Path) -> Result<String> {
    Ok(String::from_utf8_lossy(&super::read(path)?).into_owned())
}

/// Has the kernel trace until the command, or the time, is over.
fn record(how: &Trace) -> Result<(String, u64, Option<ExitStatus>)> {
    // All that follows a command is the command's, and to clap so is what it does not know.
    if let Some(option) = how.command.first().filter(|first| first.starts_with('-')) {
        return Err(Failure::usage(format!("trace has no option {option}")));
    }
    let recorder = Recorder::start(how.buffer)?;
    let status = match how.command.split_first() {
        Some((program, arguments)) => {
            let status = std::process::Command::new(program).args(arguments).status();
            Some(status.map_err(|error| Failure::file(Path::new(program), error))?)
        }
        None => {
            std::thread::sleep(how.time);
            None
        }
    };
    recorder.stop()?;
    Ok((recorder.text()?, recorder.lost(), status))
}

fn tell(answer: &Recorded<'_>, output: &Output) -> Result {
    output.answer("trace", answer, || text(answer))
}

fn text(answer: &Recorded<'_>) -> String {
    let Recorded { file, events, jobs, card_events, lost, .. } = answer;
    let own = if *card_events > 0 { format!(" and {card_events} of the card's own") } else { String::new() };
    let mut text = format!("{}: {events} events{own}, {jobs} jobs\n", file.display());
    if *lost > 0 {
        text += &format!("{lost} older events were lost: try a larger --buffer\n");
    }
    if *events == 0 {
        text += "nothing has happened meanwhile\n";
    }
    text + "open it with https://ui.perfetto.dev\n"
}

/// Something that happened, at a time in microseconds.
fn order(events: &mut [Event]) {
    events.sort_by(|a, b| a.us.total_cmp(&b.us));
}
