// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Options that are good before a command and behind it, told in both places: clap compares those of one place only, and of what
//! remains takes the last in silence.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

/// An option of a command line, and its values.
type Told = (Arg, Vec<OsString>);

/// Fails if options in different places of a command line contradict each other.
///
/// # Errors
/// What clap says of two such options in one place.
pub fn check(mut command: Command, arguments: impl IntoIterator<Item = OsString>) -> Result<(), clap::Error> {
    command.build();
    let command = apart(command);
    // What else is wrong the caller has seen.
    let Ok(matches) = command.clone().try_get_matches_from(arguments) else { return Ok(()) };
    let (mut command, mut matches) = (&command, &matches);
    let mut told = told_in(command, matches);
    while let Some((name, inner)) = matches.subcommand() {
        let Some(sub) = command.find_subcommand(name) else { break };
        (command, matches) = (sub, inner);
        // What is good in one place only is against nothing in another.
        told.retain(|(arg, _)| command.get_arguments().any(|known| known.get_id() == arg.get_id()));
        let here = told_in(command, matches);
        for (one, values) in &here {
            let against = told.iter().find(|(other, others)| match one.get_id() == other.get_id() {
                true => values != others,
                false => excludes(command, one, other),
            });
            if let Some((other, _)) = against {
                return Err(conflict(command.clone(), one, other));
            }
        }
        told.extend(here);
    }
    Ok(())
}

/// The same command, but each place has what was told there.
fn apart(command: Command) -> Command {
    command.mut_args(|arg| arg.global(false)).mut_subcommands(apart)
}

/// The options that a user has written in one place.
fn told_in(command: &Command, matches: &ArgMatches) -> Vec<Told> {
    let told = |arg: &&Arg| matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let values = |arg: &Arg| {
        let raw = matches.get_raw(arg.get_id().as_str());
        (arg.clone(), raw.map(|all| all.map(ToOwned::to_owned).collect()).unwrap_or_default())
    };
    command.get_arguments().filter(|arg| !arg.is_positional()).filter(told).map(values).collect()
}

/// Whether one of two options must not stand beside the other.
fn excludes(command: &Command, one: &Arg, other: &Arg) -> bool {
    let among =
        |a: &Arg, b: &Arg| command.get_arg_conflicts_with(a).iter().any(|arg| arg.get_id() == b.get_id());
    among(one, other) || among(other, one)
}

fn conflict(mut command: Command, one: &Arg, other: &Arg) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::ArgumentConflict).with_cmd(&command);
    error.insert(ContextKind::Usage, ContextValue::StyledStr(command.render_usage()));
    error.insert(ContextKind::InvalidArg, ContextValue::String(one.to_string()));
    error.insert(ContextKind::PriorArg, ContextValue::String(other.to_string()));
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> Option<String> {
        let card = Arg::new("card").long("card").num_args(1).global(true);
        let format = Arg::new("format").long("format").num_args(1).global(true).default_value("text");
        let json = Arg::new("json")
            .long("json")
            .action(clap::ArgAction::SetTrue)
            .global(true)
            .conflicts_with("format");
        let file = Arg::new("file").long("file").num_args(1);
        let list = Command::new("list").arg(file);
        let kernel = Command::new("kernel").subcommand(list.clone());
        let command = Command::new("x").args([card, format, json]).subcommands([list, kernel]);
        let all = ["x"].iter().chain(words).map(OsString::from);
        check(command, all).err().map(|error| error.to_string())
    }

    #[test]
    fn options_of_two_places_do_not_contradict_each_other() {
        for (words, one, other) in [
            (&["--json", "list", "--format", "csv"][..], "--json", "--format"),
            (&["--format", "csv", "list", "--json"], "--json", "--format"),
            (&["--format", "csv", "kernel", "list", "--json"], "--json", "--format"),
            (&["kernel", "--json", "list", "--format=csv"], "--json", "--format"),
        ] {
            let text = said(words).unwrap_or_default();
            assert!(text.contains("cannot be used with"), "{words:?}: {text}");
            assert!(text.contains(one) && text.contains(other) && text.contains("Usage: x "), "{text}");
        }
        for words in [
            &["--card", "0", "list", "--card", "1"][..],
            &["--format", "csv", "kernel", "list", "--format", "json"],
        ] {
            let text = said(words).unwrap_or_default();
            assert!(text.contains("cannot be used multiple times"), "{words:?}: {text}");
        }
    }

    #[test]
    fn others_are_as_good_as_before() {
        for words in [
            &["--json", "list", "--file", "x"][..],
            &["list", "--json"],
            &["--json", "list", "--json"],
            &["--card", "0", "kernel", "list", "--card", "0", "--json"],
            &["kernel", "--card", "1", "list", "--format", "csv"],
            &["nosuch"],
        ] {
            assert_eq!(said(words), None, "{words:?}");
        }
    }
}
