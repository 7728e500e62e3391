// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is computed of the image, and how the cores share it.

use goya_tpc_kernels::reference;
use sha2::{Digest, Sha256};

/// What is added to each number: a quarter of it, which is more contrast.
pub const CONTRAST: f32 = 0.25;
/// The filter: an edge towards the light is bright, one away from it is dark.
pub const EMBOSS: [f32; 9] = [-1.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 1.0];
/// Red, green and blue.
pub const PLANES: usize = 3;
/// Numbers that a byte can be.
pub const LEVELS: usize = 256;

/// Width and height of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: usize,
    pub height: usize,
}

impl Size {
    /// Pixels of a plane.
    pub fn area(self) -> usize {
        self.width * self.height
    }
}

/// The rows of one core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    pub first: usize,
    pub rows: usize,
}

/// Shares rows between cores, of which there may be more than work. The filter takes rows by twos, so that each band begins
/// with an even one.
pub fn bands(height: usize, cores: usize) -> Vec<Band> {
    let pairs = height.div_ceil(2);
    let count = cores.min(pairs);
    let first = |n: usize| (pairs * n / count * 2).min(height);
    (0..count).map(|n| Band { first: first(n), rows: first(n + 1) - first(n) }).collect()
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Result {
    /// The planes, one behind the other, as numbers around zero.
    pub pixels: Vec<i8>,
    /// How often each number is in each plane of each band.
    pub counts: Vec<i32>,
}

impl Result {
    /// Its SHA-256.
    pub fn digest(&self) -> String {
        let pixels: Vec<_> = self.pixels.iter().map(|pixel| *pixel as u8).collect();
        let counts: Vec<_> = self.counts.iter().flat_map(|count| count.to_le_bytes()).collect();
        format!("{:x}", Sha256::new().chain_update(pixels).chain_update(counts).finalize())
    }
}

/// The same on the host.
pub fn on_host(pixels: &[i8], size: Size, bands: &[Band]) -> Result {
    let floats = reference::i8_to_f32(pixels);
    let contrast = reference::scaled_add_f32(&floats, &floats, CONTRAST);
    let filtered = reference::filter3x3_f32(&contrast, [size.width, size.height], &EMBOSS, 0.0);
    let pixels = reference::f32_to_i8(&filtered);
    let of_band = |band: &Band| {
        let (first, len) = (band.first * size.width, band.rows * size.width);
        let planes = pixels.chunks(size.area()).map(move |plane| &plane[first..first + len]);
        planes.flat_map(move |part| {
            let part: Vec<_> = part.iter().map(|pixel| *pixel as u8).collect();
            reference::histogram_u8(&part, len)
        })
    };
    let counts = bands.iter().flat_map(of_band).collect();
    Result { pixels, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_are_all_rows_by_twos() {
        for height in [1, 2, 3, 15, 16, 17, 303] {
            let bands = bands(height, 8);
            let mut next = 0;
            for band in &bands {
                assert!(band.first == next && band.first % 2 == 0 && band.rows > 0, "{height}: {bands:?}");
                next += band.rows;
            }
            assert_eq!((next, bands.len()), (height, height.div_ceil(2).min(8)));
        }
    }

    #[test]
    fn an_even_area_gets_more_contrast_and_is_counted() {
        let size = Size { width: 5, height: 6 };
        let bands = bands(6, 8);
        let result = on_host(&[vec![40; 30], vec![-100; 30], vec![120; 30]].concat(), size, &bands);
        let inner: Vec<_> = (0..3).map(|plane| result.pixels[plane * 30 + 12]).collect();
        assert_eq!(inner, [50, -125, 127]);
        assert_eq!(result.counts.len(), bands.len() * PLANES * LEVELS);
        assert_eq!(result.counts.iter().sum::<i32>(), 90);
        // The middle row of the middle band has no border above or below.
        assert_eq!(result.counts[PLANES * LEVELS + 50], 6);
    }

    #[test]
    fn a_digest_is_of_pixels_and_counts() {
        let nothing = Result { pixels: Vec::new(), counts: Vec::new() };
        assert!(nothing.digest().starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
        let two = Result { pixels: vec![b'a' as i8], counts: vec![0x64_63_62] };
        assert_ne!(two.digest(), Result { counts: vec![0], ..two.clone() }.digest());
        assert_eq!(two.digest().len(), 64);
    }
}
