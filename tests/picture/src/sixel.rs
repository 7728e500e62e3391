// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Sixels: six rows of pixels in a line of characters, colour by colour.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::picture::{Picture, Rgb};

/// Levels of red, green and blue: a terminal has 256 colours at least.
const LEVELS: [usize; 3] = [6, 7, 6];

/// The picture, pixel by pixel.
pub fn show(picture: &Picture) -> String {
    let (width, height) = (picture.width(), picture.height());
    let mut text = format!("\x1bPq\"1;1;{width};{height}");
    for number in 0..LEVELS.iter().product() {
        let [red, green, blue] = percents(number);
        // Writing to a string does not fail.
        let _ = write!(text, "#{number};2;{red};{green};{blue}");
    }
    for top in (0..height).step_by(6) {
        // Bits of a column, the upper pixel's lowest.
        let mut lines: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for x in 0..width {
            for y in top..height.min(top + 6) {
                let line = lines.entry(nearest(picture.at(x, y), x, y)).or_insert_with(|| vec![0; width]);
                line[x] |= 1 << (y - top);
            }
        }
        for (number, line) in lines {
            let _ = write!(text, "#{number}");
            for equal in line.chunk_by(|a, b| a == b) {
                let sixel = char::from(b'?' + equal[0]);
                match equal.len() {
                    count @ 4.. => {
                        let _ = write!(text, "!{count}{sixel}");
                    }
                    count => text.extend(std::iter::repeat_n(sixel, count)),
                }
            }
            text.push('$');
        }
        text.push('-');
    }
    text.push_str("\x1b\\\n");
    text
}

/// A colour's red, green and blue, as a terminal wants them.
fn percents(number: usize) -> [usize; 3] {
    let parts = [number / (LEVELS[1] * LEVELS[2]), number / LEVELS[2] % LEVELS[1], number % LEVELS[2]];
    [0, 1, 2].map(|n| parts[n] * 100 / (LEVELS[n] - 1))
}

/// The number of a colour for the pixel there: neighbours are rounded differently, so that the mean is right.
fn nearest(colour: Rgb, x: usize, y: usize) -> usize {
    const ORDER: [[usize; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    // Between none and all of a step, in 32nds.
    let more = 2 * ORDER[y % 4][x % 4] + 1;
    let level = |n: usize| (usize::from(colour[n]) * (LEVELS[n] - 1) * 32 + more * 255) / (255 * 32);
    let level = |n: usize| level(n).min(LEVELS[n] - 1);
    (level(0) * LEVELS[1] + level(1)) * LEVELS[2] + level(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal makes of it: the colour's number of each pixel.
    fn drawn(text: &str, width: usize, height: usize) -> Vec<Option<usize>> {
        let mut pixels = vec![None; width * height];
        let body = text.strip_prefix("\x1bPq").unwrap().strip_suffix("\x1b\\\n").unwrap();
        let (mut x, mut top, mut colour, mut chars) = (0, 0, 0, body.chars().peekable());
        let mut count = 1;
        while let Some(c) = chars.next() {
            let mut number = || {
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(|c| c.is_ascii_digit() || *c == ';') {
                    digits.push(digit);
                }
                digits
            };
            match c {
                '"' => assert_eq!(number(), format!("1;1;{width};{height}")),
                '#' => {
                    let number = number();
                    if !number.contains(';') {
                        colour = number.parse().unwrap();
                    }
                }
                '!' => count = number().parse().unwrap(),
                '$' => x = 0,
                '-' => (x, top) = (0, top + 6),
                '?'..='~' => {
                    for x in x..x + count {
                        for bit in (0..6).filter(|bit| (c as u8 - b'?') >> bit & 1 != 0) {
                            let pixel = &mut pixels[(top + bit) * width + x];
                            assert_eq!(pixel.replace(colour), None);
                        }
                    }
                    (x, count) = (x + count, 1);
                }
                other => panic!("{other:?}"),
            }
        }
        pixels
    }

    #[test]
    fn each_pixel_is_drawn_once_in_its_colour() {
        for (width, height) in [(1, 1), (9, 6), (20, 13)] {
            let picture = Picture::of(width, height, |x, y| [x as u8 / 5 * 60, y as u8 * 19, 200]);
            let expected: Vec<_> = (0..width * height)
                .map(|n| Some(nearest(picture.at(n % width, n / width), n % width, n / width)))
                .collect();
            assert_eq!(drawn(&show(&picture), width, height), expected);
        }
    }

    #[test]
    fn the_mean_of_neighbours_is_the_colour() {
        for colour in [[0; 3], [255; 3], [128; 3], [10, 200, 77]] {
            let all: Vec<_> = (0..16).map(|n| percents(nearest(colour, n % 4, n / 4))).collect();
            for (n, part) in colour.iter().enumerate() {
                let mean = all.iter().map(|parts| parts[n]).sum::<usize>() * 255 / 1600;
                assert!(mean.abs_diff(usize::from(*part)) <= 3, "{colour:?} {n}: {mean}");
            }
        }
    }
}
