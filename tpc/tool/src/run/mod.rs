// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-tpc run`: a kernel on the emulated card's cores, without a card.

mod machine;
mod memory;
mod options;
mod registers;
mod report;
mod step;
mod tensor;
mod values;

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use goya_tpc_isa::asm::Program;

use machine::Machine;
pub use options::RunOptions;
use tensor::Tensor;

/// Runs the program and shows what was asked for; whether all cores have halted.
pub fn run(options: &RunOptions, program: Program, json: bool) -> Result<bool, String> {
    let tensor = |(number, spec)| Tensor::new(spec).map_err(|error| format!("tensor {number}: {error}"));
    let mut tensors = options.tensors.iter().enumerate().map(tensor).collect::<Result<Vec<_>, _>>()?;
    let tables = options
        .tables
        .as_deref()
        .map(|path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display())));
    let mut machine = Machine::new(options, program.words, &tensors, tables.transpose()?)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let shown = show(options, &mut machine, &mut tensors, json, &mut out);
    // A reader that has gone, such as `head`, is no failure.
    match shown.and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.to_string()),
        _ => {}
    }
    tensors.iter().try_for_each(Tensor::write)?;
    Ok(machine.cores.iter().all(machine::Running::is_good))
}

fn show(
    options: &RunOptions,
    machine: &mut Machine,
    tensors: &mut [Tensor],
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    if options.step {
        let commands = io::stdin();
        step::step(machine, commands.lock(), out, commands.is_terminal())?;
    } else if options.trace {
        report::trace(machine, json, out)?;
    } else {
        machine.run();
    }
    machine.collect(tensors);
    match json {
        true => writeln!(out, "{}", report::json(options, machine, tensors)),
        false => report::text(options, machine, tensors, out),
    }
}

/// Whether standard input is needed for both the program and the commands.
pub fn wants_input_twice(options: &RunOptions) -> bool {
    options.step && options.file == Path::new("-")
}
