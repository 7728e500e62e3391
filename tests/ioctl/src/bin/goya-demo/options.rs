// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Shows that a Habana Goya card works.
#[derive(Debug, Parser)]
#[command(
    name = "goya-demo",
    version,
    after_help = "\
Environment:
  GOYA_CARD=N       the card, counted from 0 in the order of places on the bus
  GOYA_COLOR=...    always or never, instead of colours on terminals only
  GOYA_PICTURE=...  kitty, sixel, blocks or none: how the picture is shown,
                    instead of what TERM, COLORTERM and others tell"
)]
pub struct Options {
    /// A PNG or GIF for the card, in place of Debian's logo
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Keep the picture that comes back
    #[arg(long, value_name = "FILE.png")]
    pub output: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// It says more than the help, so it is written by hand.
    #[test]
    fn the_manual_page_has_all_options() {
        let page = include_str!("../../../../../packaging/goya-demo.1");
        let command = Options::command();
        let names: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
        assert_eq!(names.len(), 2);
        for name in names {
            assert!(page.contains(&format!("\\-\\-{name}")), "--{name}");
        }
        let help = Options::command().render_help().to_string();
        assert!(help.lines().all(|line| line.len() < 80), "{help}");
    }

    fn parse(arguments: &[&str]) -> Option<(Option<PathBuf>, Option<PathBuf>)> {
        let options = Options::try_parse_from([&["goya-demo"], arguments].concat()).ok();
        options.map(|options| (options.image, options.output))
    }

    #[test]
    fn files_are_named_or_not() {
        assert_eq!(parse(&[]), Some((None, None)));
        assert_eq!(
            parse(&["--image", "a.png", "--output=b.png"]),
            Some((Some("a.png".into()), Some("b.png".into())))
        );
        for wrong in [&["--image"][..], &["--output", ""], &["a.png"], &["--imagine", "x"]] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
