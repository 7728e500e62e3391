// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The picture that is shown: before, after, and what the cores have counted.

use goya_picture::{Picture, Rgb};

use super::work::{LEVELS, PLANES, Result, Size};

/// Around everything.
const EDGE: usize = 8;
/// Rows of the diagram.
const DIAGRAM: usize = 72;
const PAPER: Rgb = [24, 26, 32];
/// Bytes are numbers around this.
const MIDDLE: u8 = 0x80;

/// A picture's planes, one behind the other, as numbers around zero.
pub fn planes(picture: &Picture) -> Vec<i8> {
    let plane = |n: usize| picture.pixels().iter().map(move |pixel| (pixel[n] ^ MIDDLE) as i8);
    (0..PLANES).flat_map(plane).collect()
}

/// The picture of such planes.
fn picture(pixels: &[i8], size: Size) -> Picture {
    Picture::of(size.width, size.height, |x, y| {
        let at = y * size.width + x;
        [0, 1, 2].map(|plane| pixels.get(plane * size.area() + at).map_or(0, |pixel| *pixel as u8 ^ MIDDLE))
    })
}

/// How often each number is in each plane of the whole picture, the darkest first.
fn sums(counts: &[i32]) -> [Vec<u64>; PLANES] {
    let mut sums = [(); PLANES].map(|()| vec![0; LEVELS]);
    for (n, count) in counts.iter().enumerate() {
        let level = n % LEVELS ^ usize::from(MIDDLE);
        sums[n / LEVELS % PLANES][level] += u64::from(count.unsigned_abs());
    }
    sums
}

/// The diagram of what was counted: red, green and blue over each other, which are white where all are.
fn diagram(counts: &[i32], width: usize) -> Picture {
    let sums = sums(counts);
    // What is black or white all over would press the rest down.
    let most = sums.iter().flat_map(|sums| &sums[1..LEVELS - 1]).max().map_or(1, |most| (*most).max(1));
    Picture::of(width, DIAGRAM, |x, y| {
        let level = x * LEVELS / width;
        let high = (DIAGRAM - y) as u64;
        let filled = |sum: u64| (sum * DIAGRAM as u64).div_ceil(most) >= high;
        [0, 1, 2].map(|plane| if filled(sums[plane][level]) { 235 } else { PAPER[plane] + 12 })
    })
}

/// Everything in one picture.
pub fn draw(before: &Picture, result: &Result, size: Size) -> Picture {
    let width = 2 * size.width + EDGE;
    let mut all = Picture::new(width + 2 * EDGE, size.height + DIAGRAM + 3 * EDGE, PAPER);
    all.put(EDGE, EDGE, before);
    all.put(2 * EDGE + size.width, EDGE, &picture(&result.pixels, size));
    all.put(EDGE, 2 * EDGE + size.height, &diagram(&result.counts, width));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_are_the_picture() {
        let before = Picture::of(3, 2, |x, y| [x as u8 * 100, y as u8 * 255, 127]);
        let planes = planes(&before);
        assert_eq!(planes[..6], [-128, -28, 72, -128, -28, 72]);
        assert_eq!(picture(&planes, Size { width: 3, height: 2 }), before);
    }

    #[test]
    fn the_diagram_has_its_darkest_at_the_left() {
        let mut counts = vec![0; 2 * PLANES * LEVELS];
        // A dark red in both bands, and a bright blue in one.
        (counts[0x81], counts[PLANES * LEVELS + 0x81], counts[2 * LEVELS + 0x7E]) = (5, 5, 5);
        assert_eq!((sums(&counts)[0][1], sums(&counts)[2][254]), (10, 5));
        let diagram = diagram(&counts, LEVELS);
        let high = |x: usize, plane: usize| (0..DIAGRAM).filter(|y| diagram.at(x, *y)[plane] == 235).count();
        assert_eq!((high(1, 0), high(254, 2), high(254, 0), high(100, 1)), (DIAGRAM, DIAGRAM / 2, 0, 0));
    }

    #[test]
    fn everything_has_its_place() {
        let size = Size { width: 10, height: 4 };
        let before = Picture::new(10, 4, [1, 2, 3]);
        let result = Result { pixels: vec![0; 120], counts: vec![0; PLANES * LEVELS] };
        let all = draw(&before, &result, size);
        assert_eq!((all.width(), all.height()), (44, 100));
        assert_eq!((all.at(8, 8), all.at(26, 8), all.at(18, 8)), ([1, 2, 3], [128; 3], PAPER));
    }
}
