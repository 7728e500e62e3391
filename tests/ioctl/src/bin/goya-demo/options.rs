// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

pub const HELP: &str = "\
Shows that a Habana Goya card works.

Usage: goya-demo [--image FILE] [--output FILE.png]

  --image FILE       a PNG or GIF that goes through the card; else one that
                     is found in a place where Debian has one
  --output FILE.png  keep the picture that comes back
  --help             this text

GOYA_CARD=N     the card to take, counted from 0
GOYA_COLOR=...  always or never, instead of colours on terminals only
GOYA_PICTURE=.. kitty, sixel, blocks or none: how the terminal shows pictures";

/// What the user wants.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The image to take.
    pub image: Option<PathBuf>,
    /// Where the picture goes.
    pub output: Option<PathBuf>,
    /// The text above, and no more.
    pub help: bool,
}

impl Options {
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let argument = argument.to_string_lossy().into_owned();
            let mut file = || {
                let file = arguments.next().filter(|file| !file.is_empty());
                file.map(PathBuf::from).ok_or_else(|| format!("{argument} wants a file"))
            };
            match &*argument {
                "--image" => options.image = Some(file()?),
                "--output" => options.output = Some(file()?),
                "--help" | "-h" => options.help = true,
                _ => return Err(format!("{argument}: what is that? goya-demo --help tells")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn files_are_named_or_not() {
        assert_eq!(parse(&[]), Ok(Options::default()));
        let both = Options { image: Some("a.png".into()), output: Some("b.png".into()), help: false };
        assert_eq!(parse(&["--image", "a.png", "--output", "b.png"]), Ok(both));
        for wrong in [&["--image"][..], &["--output", ""], &["a.png"], &["--imagine", "x"]] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_help_fits_on_a_terminal() {
        assert!(HELP.lines().all(|line| line.len() < 80) && parse(&["--help"]).unwrap().help);
    }
}
