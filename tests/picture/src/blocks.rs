// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Pictures of characters: the upper half of a block in one colour, the lower half in another.

use std::fmt::Write;

use crate::picture::{Picture, Rgb};
use crate::terminal::Depth;

/// The picture in lines of at most so many columns.
pub fn show(picture: &Picture, columns: usize, depth: Depth) -> String {
    let width = columns.min(picture.width());
    // A character has two pixels, which are about as wide as high.
    let height = (picture.height() * width / picture.width()).max(1).next_multiple_of(2);
    let small = picture.scaled(width, height);
    let mut text = String::new();
    for y in (0..height).step_by(2) {
        let mut last = None;
        for x in 0..width {
            let two = [small.at(x, y), small.at(x, y + 1)];
            if last != Some(two) {
                // Writing to a string does not fail.
                let _ = write!(text, "\x1b[38;{};48;{}m", code(two[0], depth), code(two[1], depth));
                last = Some(two);
            }
            text.push('▀');
        }
        text.push_str("\x1b[0m\n");
    }
    text
}

fn code([red, green, blue]: Rgb, depth: Depth) -> String {
    match depth {
        Depth::True => format!("2;{red};{green};{blue}"),
        Depth::Palette => format!("5;{}", palette([red, green, blue])),
    }
}

/// The nearest of the 256 colours: of the cube of six levels, or of the greys.
fn palette(colour: Rgb) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let away = |other: Rgb| {
        let part = |n: usize| u32::from(colour[n].abs_diff(other[n])).pow(2);
        part(0) + part(1) + part(2)
    };
    let nearest = colour.map(|part| (0..6).min_by_key(|n| LEVELS[*n].abs_diff(part)).unwrap_or(0));
    let cube = nearest.map(|n| LEVELS[n]);
    let mean = colour.iter().map(|part| u32::from(*part)).sum::<u32>() / 3;
    // 24 greys, from 8 on.
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = [8 + 10 * step; 3];
    let number = 16 + 36 * nearest[0] + 6 * nearest[1] + nearest[2];
    if away(grey) < away(cube) { 232 + step } else { number as u8 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_rows_are_one_line() {
        let picture = Picture::of(2, 3, |_, y| [y as u8 * 100, 0, 5]);
        let text = show(&picture, 80, Depth::True);
        let lines = ["\x1b[38;2;0;0;5;48;2;0;0;5m▀▀\x1b[0m\n", "\x1b[38;2;100;0;5;48;2;200;0;5m▀▀\x1b[0m\n"];
        assert_eq!(text, lines.concat());
    }

    #[test]
    fn no_line_is_too_long() {
        let picture = Picture::of(100, 50, |x, y| [x as u8, y as u8, 0]);
        for columns in [1, 7, 80, 100, 200] {
            let text = show(&picture, columns, Depth::Palette);
            let widths: Vec<_> = text.lines().map(|line| line.matches('▀').count()).collect();
            assert!(widths.iter().all(|width| *width == columns.min(100)), "{columns}: {widths:?}");
        }
    }

    #[test]
    fn colours_of_the_palette() {
        let colours = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [8, 8, 8], [118, 118, 119], [94, 136, 174]];
        assert_eq!(colours.map(palette), [16, 231, 196, 232, 243, 67]);
    }
}
