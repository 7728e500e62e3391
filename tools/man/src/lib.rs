// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Manual pages of a program, out of its own command line: the same words as `--help`, so that neither
//! can be out of date.

use std::io::Write;

use clap::CommandFactory;

/// Parses the command line. As `--man` alone, prints the manual page instead and ends the program; with a directory,
/// writes the pages of the program and of each of its commands there.
#[must_use]
pub fn parse<T: clap::Parser + CommandFactory>() -> T {
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
            std::process::exit(i32::from(written.is_err()));
        }
    }
    T::parse()
}
