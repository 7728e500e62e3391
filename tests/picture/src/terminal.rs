// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How a picture is shown, by what the environment says of the terminal: nobody asks the terminal, which may not answer.

use std::io::{self, IsTerminal};

use rustix::termios::tcgetwinsize;

use crate::picture::Picture;
use crate::{blocks, kitty, sixel};

/// Pixels of a column, about; for terminals that do not say.
const COLUMN: usize = 8;

/// Colours that a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All.
    True,
    /// 256 of them.
    Palette,
}

/// How a terminal shows pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By kitty's protocol.
    Kitty,
    /// As sixels.
    Sixel,
    /// As coloured characters.
    Blocks(Depth),
    /// Not at all.
    None,
}

impl Way {
    /// That of standard output.
    #[must_use]
    pub fn of_output() -> Self {
        Self::choose(|name| std::env::var(name).ok(), io::stdout().is_terminal())
    }

    /// That of a terminal, or of none. `GOYA_PICTURE` decides, if it is set.
    fn choose(variable: impl Fn(&str) -> Option<String>, terminal: bool) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default();
        let set = |name: &str| !value(name).is_empty();
        let (term, program) = (value("TERM"), value("TERM_PROGRAM"));
        let all = matches!(&*value("COLORTERM"), "truecolor" | "24bit") || term.ends_with("-direct");
        let blocks = Self::Blocks(if all { Depth::True } else { Depth::Palette });
        match &*value("GOYA_PICTURE") {
            "kitty" => return Self::Kitty,
            "sixel" => return Self::Sixel,
            "blocks" => return blocks,
            "none" => return Self::None,
            _ => {}
        }
        if !terminal || set("NO_COLOR") || term.is_empty() || term == "dumb" {
            return Self::None;
        }
        // What is between does not pass pictures on, although the terminal's variables may be inherited.
        if set("TMUX") || set("STY") || term.starts_with("screen") || term.starts_with("tmux") {
            return blocks;
        }
        let kitty = set("KITTY_WINDOW_ID") || term.contains("kitty") || term.contains("ghostty");
        if kitty || matches!(&*program, "ghostty" | "WezTerm") {
            return Self::Kitty;
        }
        let konsole = value("KONSOLE_VERSION").parse().is_ok_and(|version: u32| version >= 22_04_00);
        let sixel = ["foot", "mlterm", "contour", "yaft", "sixel"].iter().any(|name| term.contains(name));
        if sixel || konsole || matches!(&*program, "mintty" | "iTerm.app" | "contour") {
            return Self::Sixel;
        }
        blocks
    }

    /// What is printed to show `picture`, at most so many columns wide. Nothing if it cannot be shown.
    #[must_use]
    pub fn show(self, picture: &Picture, columns: usize) -> String {
        let columns = columns.max(1);
        match self {
            Self::Kitty => {
                let wide = picture.width().div_ceil(COLUMN).min(columns);
                picture.to_png().map_or_else(|_| String::new(), |png| kitty::show(&png, wide))
            }
            Self::Sixel => sixel::show(&picture.fitted(columns * COLUMN)),
            Self::Blocks(depth) => blocks::show(picture, columns, depth),
            Self::None => String::new(),
        }
    }
}

/// Columns of standard output: those of the terminal, or what `COLUMNS` says, or 80.
#[must_use]
pub fn columns() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    let size = tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col).filter(|columns| *columns > 0);
    size.map(usize::from).or_else(said).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&str, &str)], terminal: bool) -> Way {
        let get =
            |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        Way::choose(get, terminal)
    }

    #[test]
    fn terminals_that_are_known() {
        let palette = Way::Blocks(Depth::Palette);
        for (variables, expected) in [
            (&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")][..], Way::Kitty),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")], Way::Kitty),
            (&[("TERM", "xterm-ghostty")], Way::Kitty),
            (&[("TERM", "foot")], Way::Sixel),
            (&[("TERM", "xterm-256color"), ("KONSOLE_VERSION", "230804")], Way::Sixel),
            (&[("TERM", "xterm-256color"), ("KONSOLE_VERSION", "210400")], palette),
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Way::Blocks(Depth::True)),
            (&[("TERM", "xterm-direct")], Way::Blocks(Depth::True)),
            (&[("TERM", "linux")], palette),
            (&[("TERM", "tmux-256color"), ("KITTY_WINDOW_ID", "1"), ("TMUX", "/tmp/x")], palette),
            (&[("TERM", "dumb")], Way::None),
            (&[], Way::None),
            (&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], Way::None),
            (&[("TERM", "xterm-kitty"), ("GOYA_PICTURE", "sixel")], Way::Sixel),
        ] {
            assert_eq!(way(variables, true), expected, "{variables:?}");
        }
        assert_eq!(way(&[("TERM", "xterm-kitty")], false), Way::None);
        assert_eq!(way(&[("GOYA_PICTURE", "blocks")], false), palette);
    }

    /// Whatever its file was: kitty takes nothing else.
    #[test]
    fn kitty_gets_a_png() {
        let text = Way::Kitty.show(&Picture::new(3, 2, [9; 3]), 40);
        assert!(text.contains("f=100,") && text.contains(";iVBORw0KGgo"), "{text:?}");
    }

    #[test]
    fn a_picture_is_as_wide_as_the_terminal_at_most() {
        let picture = Picture::new(1000, 10, [9; 3]);
        assert!(Way::Kitty.show(&picture, 40).contains("c=40,"));
        assert!(Way::Kitty.show(&picture, 400).contains("c=125,"));
        assert!(Way::Sixel.show(&picture, 40).contains("1;1;320;3"));
        assert_eq!(Way::None.show(&picture, 40), "");
    }
}
