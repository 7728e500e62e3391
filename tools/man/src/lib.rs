// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Manual pages of a program, out of its own command line: the same words as `--help`, so that neither
//! can be out of date. What is said of command lines that make no sense, and values
//! that several programs take.

mod levels;
mod pages;
pub mod values;

use std::io::Write;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};
use strsim::levenshtein as distance;

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
                let rendered = pages::one(command, &mut page);
                Some(rendered.and_then(|()| std::io::stdout().write_all(&page)))
            }
            (Some(directory), None) => Some(pages::all(command, directory.as_ref())),
            _ => None,
        };
        if let Some(written) = written {
            // Who reads no more has had enough.
            let failed = written.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
            std::process::exit(i32::from(failed));
        }
    }
    let options = T::try_parse().map_err(without_far_ones)?;
    levels::check(T::command(), std::env::args_os())?;
    Ok(options)
}

/// The same without suggestions that are nowhere near: clap counts letters that two words share, and so takes `nosuch` for `bench`.
fn without_far_ones(mut error: clap::Error) -> clap::Error {
    for (wrong, suggested) in [
        (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand),
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ] {
        let Some(ContextValue::String(wrong)) = error.get(wrong).cloned() else { continue };
        match error.remove(suggested) {
            Some(ContextValue::String(one)) if is_near(&wrong, &one) => {
                error.insert(suggested, ContextValue::String(one));
            }
            Some(ContextValue::Strings(mut all)) => {
                all.retain(|one| is_near(&wrong, one));
                if !all.is_empty() {
                    error.insert(suggested, ContextValue::Strings(all));
                }
            }
            _ => {}
        }
    }
    // Of other hints clap writes the empty line before them even if there are none.
    if matches!(error.get(ContextKind::Suggested), Some(ContextValue::StyledStrs(hints)) if hints.is_empty())
    {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// Whether one may have been meant by the other: two letters are wrong, or a third.
fn is_near(wrong: &str, right: &str) -> bool {
    distance(wrong, right) <= (wrong.chars().count() / 3).max(2)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn only_what_is_near_is_suggested() {
        let said = |words: &[&str]| {
            let verbose = Arg::new("seconds").long("seconds").num_args(1);
            let kind = Arg::new("kind").long("kind").value_parser(["text", "json"]);
            let command =
                Command::new("x").args([verbose, kind]).subcommands(["bench", "list"].map(Command::new));
            let error = command.try_get_matches_from([&["x"], words].concat()).unwrap_err();
            without_far_ones(error).to_string()
        };
        for far in [&["nosuch"][..], &["--sand", "3"], &["--kind", "yaml"]] {
            assert!(!said(far).contains("tip") && !said(far).contains("\n\n\n"), "{far:?}: {}", said(far));
        }
        for (near, right) in
            [(&["lsit"][..], "'list'"), (&["--secnds", "3"], "'--seconds'"), (&["--kind", "jsn"], "'json'")]
        {
            assert!(said(near).contains("tip") && said(near).contains(right), "{near:?}: {}", said(near));
        }
    }

    #[test]
    fn words_are_as_far_from_each_other_as_letters_have_to_change() {
        for (a, b, far) in
            [("", "", 0), ("", "ab", 2), ("list", "lsit", 2), ("nosuch", "bench", 4), ("top", "stop", 1)]
        {
            assert_eq!((distance(a, b), distance(b, a)), (far, far), "{a} {b}");
        }
    }
}
