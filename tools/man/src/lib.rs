// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Manual pages of a program, out of its own command line: the same words as `--help`, so that neither
//! can be out of date.

use std::io::Write;

use clap::CommandFactory;

/// Parses the command line. As `--man` alone, prints the manual page instead and ends the program; with a directory,
/// writes the pages of the program and of each of its commands there. A command line that makes no sense ends it, too.
#[must_use]
pub fn parse<T: clap::Parser + CommandFactory>() -> T {
    try_parse().unwrap_or_else(|error| error.exit())
}

/// The same, but the caller says what is wrong with a command line, or prints what it asks for (`--help`).
///
/// # Errors
/// That of the command line.
pub fn try_parse<T: clap::Parser + CommandFactory>() -> Result<T, clap::Error> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "--man") {
        let command = T::command().disable_help_subcommand(true);
        let written = match (arguments.next(), arguments.next()) {
            (None, _) => {
                let mut page = Vec::new();
                let rendered = clap_mangen::Man::new(command).render(&mut page);
                Some(rendered.and_then(|()| std::io::stdout().write_all(&page)))
            }
            (Some(directory), None) => Some(clap_mangen::generate_to(command, directory)),
            _ => None,
        };
        if let Some(written) = written {
            // Who reads no more has had enough.
            let failed = written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
            std::process::exit(i32::from(failed));
        }
    }
    T::try_parse()
}
