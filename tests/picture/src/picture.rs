// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A picture in memory.

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// A picture without transparency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<Rgb>,
}

impl Picture {
    /// A picture of one colour; of one pixel at least.
    #[must_use]
    pub fn new(width: usize, height: usize, colour: Rgb) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        Self { width, height, pixels: vec![colour; width * height] }
    }

    /// A picture of such pixels, row by row.
    #[must_use]
    pub fn of(width: usize, height: usize, pixel: impl Fn(usize, usize) -> Rgb) -> Self {
        let mut picture = Self::new(width, height, [0; 3]);
        let width = picture.width;
        picture.pixels.iter_mut().enumerate().for_each(|(n, to)| *to = pixel(n % width, n / width));
        picture
    }

    /// Pixels of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[Rgb] {
        &self.pixels
    }

    /// A pixel; black where there is none.
    #[must_use]
    pub fn at(&self, x: usize, y: usize) -> Rgb {
        let inside = x < self.width && y < self.height;
        if inside { self.pixels[y * self.width + x] } else { [0; 3] }
    }

    /// Puts another picture into it, as far as there is room.
    pub fn put(&mut self, left: usize, top: usize, other: &Self) {
        for y in 0..other.height.min(self.height.saturating_sub(top)) {
            for x in 0..other.width.min(self.width.saturating_sub(left)) {
                self.pixels[(top + y) * self.width + left + x] = other.at(x, y);
            }
        }
    }

    /// The same picture in another size, each pixel the mean of those that it stands for.
    #[must_use]
    pub fn scaled(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let range = |n: usize, of: usize, all: usize| {
            let first = n * all / of;
            first..((n + 1) * all / of).max(first + 1).min(all)
        };
        Self::of(width, height, |x, y| {
            let (columns, rows) = (range(x, width, self.width), range(y, height, self.height));
            let count = (columns.len() * rows.len()) as u32;
            let mut sums = [count / 2; 3];
            for (x, y) in rows.flat_map(|y| columns.clone().map(move |x| (x, y))) {
                sums.iter_mut().zip(self.at(x, y)).for_each(|(sum, part)| *sum += u32::from(part));
            }
            sums.map(|sum| (sum / count) as u8)
        })
    }

    /// The same picture, no wider than that, and no larger than it is.
    #[must_use]
    pub fn fitted(&self, width: usize) -> Self {
        if self.width <= width { self.clone() } else { self.scaled(width, self.height * width / self.width) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_has_the_means() {
        let picture = Picture::of(4, 2, |x, y| [x as u8 * 10, y as u8 * 100, 7]);
        let small = picture.scaled(2, 1);
        assert_eq!(small.pixels(), [[5, 50, 7], [25, 50, 7]]);
        assert_eq!(picture.fitted(2), small);
        assert_eq!(picture.fitted(4), picture);
        let large = picture.scaled(8, 2);
        assert_eq!((large.at(0, 0), large.at(1, 0), large.at(7, 1)), ([0, 0, 7], [0, 0, 7], [30, 100, 7]));
        assert_eq!(Picture::new(1000, 1, [1; 3]).fitted(3).height(), 1);
    }

    #[test]
    fn a_picture_is_put_where_there_is_room() {
        let mut picture = Picture::new(3, 3, [1; 3]);
        picture.put(2, 1, &Picture::new(5, 5, [9; 3]));
        picture.put(7, 7, &Picture::new(1, 1, [9; 3]));
        let nines = picture.pixels().iter().filter(|pixel| **pixel == [9; 3]).count();
        assert_eq!(
            (nines, picture.at(2, 1), picture.at(1, 1), picture.at(3, 0)),
            (2, [9; 3], [1; 3], [0; 3])
        );
    }
}
