// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Pages as clap_mangen makes them, but with the headings that manual pages have: it calls what stands behind the options "EXTRA".

use std::io::{Result, Write};
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

/// Writes a program's page.
pub fn one(command: Command, out: &mut dyn Write) -> Result<()> {
    out.write_all(page(&Man::new(command))?.as_bytes())
}

/// Writes the pages of a program, and of each of its commands, to a directory.
pub fn all(mut command: Command, directory: &Path) -> Result<()> {
    command.build();
    each(command, directory)
}

fn each(command: Command, directory: &Path) -> Result<()> {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()).cloned() {
        each(sub, directory)?;
    }
    let man = Man::new(command);
    std::fs::write(directory.join(man.get_filename()), page(&man)?)
}

fn page(man: &Man) -> Result<String> {
    let mut page = Vec::new();
    man.render(&mut page)?;
    Ok(with_headings(&String::from_utf8_lossy(&page)))
}

fn with_headings(page: &str) -> String {
    let Some((before, extra)) = page.split_once("\n.SH EXTRA\n") else { return page.to_owned() };
    let (title, extra) = match extra.strip_prefix("Examples:\n") {
        Some(extra) => ("EXAMPLES", extra),
        None if extra.starts_with("Example") => ("EXAMPLES", extra),
        None => ("NOTES", extra),
    };
    let extra = extra.replace("\n\nExit status: ", "\n.SH \"EXIT STATUS\"\n");
    format!("{before}\n.SH {title}\n{extra}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(after: &'static str) -> String {
        page(&Man::new(Command::new("x").after_help(after))).unwrap()
    }

    #[test]
    fn headings_are_those_of_manual_pages() {
        let text = made("Examples:\n  x -y\n\nSee there.\n\nExit status: 0 or 1.");
        assert!(text.contains("\n.SH EXAMPLES\n  x \\-y\n"), "{text}");
        assert!(text.contains("See there.\n.SH \"EXIT STATUS\"\n0 or 1.\n"), "{text}");
        assert!(made("Example: this\n  x").contains("\n.SH EXAMPLES\nExample: this\n"));
        assert!(made("Nothing else.").contains("\n.SH NOTES\nNothing else.\n"));
        for page in [text, made(""), page(&Man::new(Command::new("x"))).unwrap()] {
            assert!(!page.contains("EXTRA"), "{page}");
        }
    }
}
