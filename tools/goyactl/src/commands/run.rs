// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl run`: packets of a file on a queue.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use goya::{Commands, Submission};
use schemars::JsonSchema;
use serde::Serialize;

use super::{internal, only_one_from_input, read, read_packets};
use crate::chosen;
use crate::failure::{Failure, Result};
use crate::options::Run;
use crate::output::{GOOD, Output, paint};

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    queue: &'static str,
    bytes: usize,
    us: u64,
}

/// So many bytes, if the host has so much memory.
fn zeros(size: u64) -> Result<Vec<u8>> {
    let mut data = Vec::new();
    let len = usize::try_from(size).ok().filter(|len| data.try_reserve_exact(*len).is_ok());
    let len = len.ok_or_else(|| Failure::usage(format!("there is no memory for {size} bytes")))?;
    data.resize(len, 0);
    Ok(data)
}

/// Runs them.
pub fn run(name: Option<&str>, what: &Run, output: &Output) -> Result {
    let inputs = [&what.file].into_iter().chain(what.put.iter().map(|(_, file)| file));
    only_one_from_input(inputs.map(PathBuf::as_path))?;
    let bytes = read_packets(&what.file)?;
    let commands = if what.binary {
        let mut commands = Commands::new();
        commands.raw(&bytes);
        commands
    } else {
        Commands::assemble(&String::from_utf8_lossy(&bytes))
            .map_err(|error| Failure::failed(format!("{}: {error}", what.file.display())))?
    };
    if commands.bytes().is_empty() {
        return Err(Failure::failed(format!("{}: no packets", what.file.display())));
    }
    let device = chosen::open(&chosen::card(name)?)?;
    for (address, file) in &what.put {
        device.put(*address, &read(file)?)?;
    }
    let start = Instant::now();
    if what.queue.is_external() {
        let buffer = device.command_buffer(&commands)?;
        device.submit(Submission::new().job(what.queue, &buffer).timeout(what.timeout))?.wait()?;
    } else {
        internal::run(&device, what.queue, &commands, what.timeout)?;
    }
    let us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    for (address, size, file) in &what.get {
        let mut data = zeros(*size)?;
        device.get(*address, &mut data)?;
        fs::write(file, data).map_err(|e| Failure::file(file, e))?;
    }
    let answer = Answer { queue: what.queue.name(), bytes: commands.bytes().len(), us };
    output.answer("run", &answer, || {
        format!("{} bytes of packets on {}: {us} us  {}\n", answer.bytes, answer.queue, paint(GOOD, "ok"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_fit_nowhere_are_refused() {
        assert_eq!(zeros(3).unwrap(), [0; 3]);
        assert!(
            [u64::MAX, 1 << 63, 1 << 60].into_iter().all(|size| zeros(size).is_err_and(|e| e.code() == 2))
        );
    }
}
