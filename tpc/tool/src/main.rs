// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-tpc`: assembles, disassembles, checks and runs programs of the tensor processing cores.

mod elf;
mod input;
mod options;
mod run;
mod show;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use goya_tpc_isa::asm::{self, AsmError, Program};
use goya_tpc_isa::{dis, lint, printable};
use serde_json::Value;

use input::Input;
use options::{Command, Options};
use run::RunOptions;

fn main() -> ExitCode {
    let options: Options = goya_man::parse();
    let result = command(&options).and_then(|outcome| match outcome {
        Outcome::Printed { output, good } => print(&output).map(|()| ExitCode::from(u8::from(!good))),
        Outcome::Refused(errors) => {
            eprint!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    });
    result.unwrap_or_else(|error| fail(&error))
}

fn fail(error: &str) -> ExitCode {
    eprintln!("goya-tpc: {}", printable(error));
    ExitCode::from(2)
}

/// A reader that has gone, such as `head`, is no failure.
fn print(output: &[u8]) -> Result<(), String> {
    match std::io::stdout().write_all(output) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// What has come of a command.
enum Outcome {
    /// This is to be printed, and the program is as it should be or isn't.
    Printed { output: Vec<u8>, good: bool },
    /// The text has these errors.
    Refused(String),
}

impl Outcome {
    fn text(text: String, good: bool) -> Self {
        Self::Printed { output: text.into_bytes(), good }
    }

    fn json(value: &Value, good: bool) -> Self {
        Self::text(format!("{value}\n"), good)
    }

    /// The errors of a text.
    fn refused(options: &Options, file: &Path, text: &str, errors: &[AsmError]) -> Self {
        match options.json {
            true => Self::json(&show::errors_json(errors), false),
            false => {
                let colours = options.colour.wanted(std::io::stderr().is_terminal());
                Self::Refused(show::errors(file, text, errors, colours))
            }
        }
    }
}

fn command(options: &Options) -> Result<Outcome, String> {
    match &options.command {
        Command::Asm { file, output } => assemble(options, file, output.as_deref()),
        Command::Dis { file, words } => disassemble(options, file, *words),
        Command::Lint { file } => check(options, file),
        Command::Run(run) => execute(options, run),
    }
}

fn assemble(options: &Options, file: &Path, output: Option<&Path>) -> Result<Outcome, String> {
    let to_stdout = output == Some(Path::new("-"));
    if to_stdout && options.json {
        return Err("standard output cannot be both the program's bytes and JSON".into());
    }
    let text = input::text(file)?;
    let program = match asm::assemble(&text) {
        Ok(program) => program,
        Err(errors) => return Ok(Outcome::refused(options, file, &text, &errors)),
    };
    if to_stdout {
        return Ok(Outcome::Printed { output: program.to_bytes(), good: true });
    }
    if let Some(path) = output {
        std::fs::write(path, program.to_bytes()).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    Ok(match (options.json, output) {
        (true, _) => Outcome::json(&show::program_json(&program), true),
        (false, Some(_)) => Outcome::text(String::new(), true),
        (false, None) => Outcome::text(show::hex(&program.words), true),
    })
}

fn disassemble(options: &Options, file: &Path, words: bool) -> Result<Outcome, String> {
    let input = Input::read(file)?;
    let program = input.program().map_err(|errors| first(file, &errors))?;
    let listing = dis::listing(&program.words);
    let good = listing.lines.iter().all(|line| line.note.is_none());
    Ok(match options.json {
        true => Outcome::json(&show::listing_json(&listing), good),
        false => Outcome::text(show::listing(&listing, words, colours(options)), good),
    })
}

fn check(options: &Options, file: &Path) -> Result<Outcome, String> {
    let program = match program(options, file)? {
        Ok(program) => program,
        Err(refused) => return Ok(refused),
    };
    let findings = lint::check(&program.words);
    Ok(match options.json {
        true => Outcome::json(&show::findings_json(&program, &findings), findings.is_empty()),
        false => {
            Outcome::text(show::findings(file, &program, &findings, colours(options)), findings.is_empty())
        }
    })
}

fn execute(options: &Options, run: &RunOptions) -> Result<Outcome, String> {
    if run::wants_input_twice(run) {
        return Err("standard input cannot be both the program and the commands of --step".into());
    }
    let program = match program(options, &run.file)? {
        Ok(program) => program,
        Err(refused) => return Ok(refused),
    };
    if program.words.is_empty() {
        return Err(format!("{}: there are no words to run", run.file.display()));
    }
    let good = run::run(run, program, options.json)?;
    Ok(Outcome::text(String::new(), good))
}

/// The program in a file; or what is to be said of the errors in its text.
fn program(options: &Options, file: &Path) -> Result<Result<Program, Outcome>, String> {
    let input = Input::read(file)?;
    match (input.program(), &input) {
        (Ok(program), _) => Ok(Ok(program)),
        (Err(errors), Input::Text(text)) => Ok(Err(Outcome::refused(options, file, text, &errors))),
        (Err(errors), Input::Words(_)) => Err(first(file, &errors)),
    }
}

fn colours(options: &Options) -> bool {
    options.colour.wanted(std::io::stdout().is_terminal())
}

/// The first error, where a text is only one way to give a program.
fn first(file: &Path, errors: &[AsmError]) -> String {
    errors.first().map_or_else(String::new, |error| format!("{}:{error}", file.display()))
}
