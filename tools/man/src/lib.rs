// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Manual pages of a program, out of its own command line: the same words as `--help`, so that neither
//! can be out of date.

use std::io::Write;

use clap::CommandFactory;

/// Parses the command line. As `--man` alone, prints the manual page instead and ends the program.
#[must_use]
pub fn parse<T: clap::Parser + CommandFactory>() -> T {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == "--man") && arguments.next().is_none() {
        let mut page = Vec::new();
        let written = clap_mangen::Man::new(T::command()).render(&mut page);
        let written = written.and_then(|()| std::io::stdout().write_all(&page));
        std::process::exit(i32::from(written.is_err()));
    }
    T::parse()
}
