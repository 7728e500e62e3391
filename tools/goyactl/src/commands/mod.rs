// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What can be done, a file for each.

mod bench;
mod cdi;
mod chart;
mod copies;
mod disasm;
mod drill;
mod exporter;
mod info;
mod internal;
mod kernel;
mod list;
mod monitor;
mod reset;
mod run;
pub mod schema;
mod selftest;
mod top;
mod trace;

use std::fs;
use std::io::Read;
use std::path::Path;

use clap::CommandFactory;

use crate::failure::{Failure, Result};
use crate::options::{Command, Kernel, Options};
use crate::output::Output;

/// Does what the command line says.
pub fn run(options: &Options, output: &Output) -> Result {
    let name = options.card.as_deref();
    if matches!(
        options.command,
        Command::Disasm(_)
            | Command::Exporter(_)
            | Command::Cdi
            | Command::Schema
            | Command::Completions { .. }
    ) {
        output.no_csv()?;
    }
    match &options.command {
        Command::List => list::run(name, output),
        Command::Info => info::run(name, output),
        Command::Top(watch) => top::run(name, watch, output),
        Command::Monitor(how) => monitor::run(name, how, output),
        Command::Copy(what) => copies::run(name, what, output),
        Command::Bench(what) => bench::run(name, what, output),
        Command::Run(what) => run::run(name, what, output),
        Command::Kernel(Kernel::List) => kernel::list(output),
        Command::Kernel(Kernel::Run(what)) => kernel::run(name, what, output),
        Command::Disasm(what) => disasm::run(what, output),
        Command::Selftest => selftest::run(name, output),
        Command::Reset(how) => reset::run(name, how, output),
        Command::Trace(how) => trace::run(name, how, output),
        Command::Exporter(how) => exporter::run(name, how, output),
        Command::Cdi => cdi::run(name, output),
        Command::Drill(how) => drill::run(name, how, output),
        Command::Schema => schema::run(output),
        Command::Completions { shell } => {
            output.no_json("completions are a shell's")?;
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Options::command(), "goyactl", &mut script);
            output.text(String::from_utf8_lossy(&script))
        }
    }
}

/// What is in a file, or comes from standard input (`-`).
fn read(path: &Path) -> Result<Vec<u8>> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|e| Failure::file(path, e))
}

/// Fails if two files are to come from standard input, where the second finds nothing.
fn only_one_from_input<'a>(files: impl Iterator<Item = &'a Path>) -> Result {
    match files.filter(|file| *file == Path::new("-")).count() {
        0 | 1 => Ok(()),
        many => {
            Err(Failure::usage(format!("{many} files are \"-\", and standard input is only one of them")))
        }
    }
}

/// Bytes of packets, or of text that is some, that are read at most: many times what a command buffer holds. Of devices there may be
/// no end, and a machine that has no memory left kills others, too.
const PACKETS: u64 = 64 << 20;

/// The same as [`read`], for packets.
fn read_packets(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().take(PACKETS + 1).read_to_end(&mut bytes)?;
    } else {
        let file = fs::File::open(path).map_err(|e| Failure::file(path, e))?;
        file.take(PACKETS + 1).read_to_end(&mut bytes).map_err(|e| Failure::file(path, e))?;
    }
    if bytes.len() as u64 > PACKETS {
        return Err(Failure::failed(format!(
            "{}: more than {} MiB of packets",
            path.display(),
            PACKETS >> 20
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_read_once() {
        let fits = |files: &[&str]| only_one_from_input(files.iter().map(Path::new)).is_ok();
        assert!(fits(&[]) && fits(&["a", "-"]) && !fits(&["-", "a", "-"]));
    }

    #[test]
    fn files_without_end_are_refused() {
        let failure = read_packets(Path::new("/dev/zero")).err().unwrap();
        assert!(failure.text().starts_with("/dev/zero: more than 64 MiB"), "{failure:?}");
        assert!(read_packets(Path::new("/dev/null")).unwrap().is_empty());
    }
}
