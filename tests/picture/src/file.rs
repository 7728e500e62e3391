// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Files: PNG and the first picture of GIF are read, PNG is written.

use std::io::Cursor;

use png::{BitDepth, ColorType, Decoder, Encoder, Transformations};

use crate::picture::{Picture, Rgb};

/// What is behind what is transparent.
const PAPER: u8 = 255;
/// Pixels that a picture has at most: a file of a few bytes can say that it has any number of them.
const MOST: usize = 1 << 26;

impl Picture {
    /// Reads a PNG or a GIF.
    ///
    /// # Errors
    /// If it is neither, or broken.
    pub fn from_file(file: &[u8]) -> Result<Self, String> {
        if file.starts_with(b"GIF8") {
            from_gif(file).map_err(|e| format!("GIF: {e}"))
        } else {
            from_png(file).map_err(|e| format!("PNG: {e}"))
        }
    }

    /// Writes a PNG.
    ///
    /// # Errors
    /// If it has more pixels than a PNG can have.
    pub fn to_png(&self) -> Result<Vec<u8>, String> {
        let size = |size: usize| u32::try_from(size).map_err(|_| "too large for a PNG".to_owned());
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, size(self.width())?, size(self.height())?);
        encoder.set_color(ColorType::Rgb);
        encoder.set_depth(BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|e| e.to_string())?;
        writer.write_image_data(self.pixels().as_flattened()).map_err(|e| e.to_string())?;
        writer.finish().map_err(|e| e.to_string())?;
        Ok(file)
    }
}

/// What is seen of a colour that is not solid.
fn on_paper(colour: Rgb, alpha: u8) -> Rgb {
    let (front, back) = (u32::from(alpha), 255 - u32::from(alpha));
    colour.map(|part| ((u32::from(part) * front + u32::from(PAPER) * back + 127) / 255) as u8)
}

fn check_size(width: usize, height: usize) -> Result<(), String> {
    let few = width.checked_mul(height).is_some_and(|pixels| pixels <= MOST);
    if few { Ok(()) } else { Err("too large".to_owned()) }
}

fn from_png(file: &[u8]) -> Result<Picture, String> {
    let mut decoder = Decoder::new(Cursor::new(file));
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    check_size(reader.info().width as usize, reader.info().height as usize)?;
    let mut data = vec![0; reader.output_buffer_size().ok_or("too large")?];
    let info = reader.next_frame(&mut data).map_err(|e| e.to_string())?;
    let samples = info.color_type.samples();
    let (width, height) = (info.width as usize, info.height as usize);
    Ok(Picture::of(width, height, |x, y| {
        let at = y * info.line_size + x * samples;
        match data.get(at..at + samples) {
            Some(&[grey]) => [grey; 3],
            Some(&[grey, alpha]) => on_paper([grey; 3], alpha),
            Some(&[red, green, blue]) => [red, green, blue],
            Some(&[red, green, blue, alpha]) => on_paper([red, green, blue], alpha),
            _ => [PAPER; 3],
        }
    }))
}

fn from_gif(file: &[u8]) -> Result<Picture, String> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(gif::ColorOutput::RGBA);
    let mut reader = options.read_info(Cursor::new(file)).map_err(|e| e.to_string())?;
    let (width, height) = (usize::from(reader.width()), usize::from(reader.height()));
    check_size(width, height)?;
    let frame = reader.read_next_frame().map_err(|e| e.to_string())?.ok_or("no picture in it")?;
    let columns = usize::from(frame.width);
    let pixel = |x: usize, y: usize| {
        let at = (y * columns + x) * 4;
        match frame.buffer.get(at..at + 4) {
            Some(&[red, green, blue, alpha]) => on_paper([red, green, blue], alpha),
            _ => [PAPER; 3],
        }
    };
    let mut picture = Picture::new(width, height, [PAPER; 3]);
    let part = Picture::of(columns, frame.height.into(), pixel);
    picture.put(frame.left.into(), frame.top.into(), &part);
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_is_read_as_it_was_written() {
        let picture = Picture::of(13, 7, |x, y| [x as u8 * 19, y as u8 * 36, (x * y) as u8]);
        assert_eq!(Picture::from_file(&picture.to_png().unwrap()).unwrap(), picture);
    }

    fn png(colour: ColorType, depth: BitDepth, palette: Option<&[u8]>, row: &[u8]) -> Picture {
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, 2, 1);
        encoder.set_color(colour);
        encoder.set_depth(depth);
        if let Some(palette) = palette {
            encoder.set_palette(palette.to_vec());
        }
        encoder.write_header().unwrap().write_image_data(row).unwrap();
        Picture::from_file(&file).unwrap()
    }

    #[test]
    fn a_png_of_any_kind_becomes_colours() {
        use BitDepth::{Eight, One, Sixteen};
        use ColorType::{Grayscale, GrayscaleAlpha, Indexed, Rgba};
        let pixels = |picture: Picture| [picture.at(0, 0), picture.at(1, 0)];
        assert_eq!(pixels(png(Grayscale, One, None, &[0x40])), [[0; 3], [255; 3]]);
        assert_eq!(pixels(png(Grayscale, Sixteen, None, &[9, 1, 8, 2])), [[9; 3], [8; 3]]);
        assert_eq!(pixels(png(GrayscaleAlpha, Eight, None, &[9, 255, 9, 0])), [[9; 3], [255; 3]]);
        assert_eq!(pixels(png(Indexed, One, Some(&[1, 2, 3, 4, 5, 6]), &[0x40])), [[1, 2, 3], [4, 5, 6]]);
        let half = pixels(png(Rgba, Eight, None, &[0, 51, 255, 255, 0, 51, 255, 128]));
        assert_eq!(half, [[0, 51, 255], [127, 153, 255]]);
    }

    #[test]
    fn a_gif_may_have_holes_and_an_edge() {
        let mut file = Vec::new();
        let mut encoder = gif::Encoder::new(&mut file, 3, 2, &[10, 20, 30, 40, 50, 60]).unwrap();
        let frame = gif::Frame {
            left: 1,
            width: 2,
            height: 1,
            transparent: Some(1),
            buffer: vec![0, 1].into(),
            ..gif::Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        let picture = Picture::from_file(&file).unwrap();
        assert_eq!((picture.width(), picture.height()), (3, 2));
        let all: Vec<_> = picture.pixels().iter().map(|pixel| pixel[0]).collect();
        assert_eq!(all, [255, 10, 255, 255, 255, 255]);
    }

    #[test]
    fn what_is_too_large_is_refused_before_there_is_room_for_it() {
        for (width, height) in [(1 << 20, 1 << 20), (1 << 16, 1 << 16)] {
            let mut file = Vec::new();
            let mut encoder = Encoder::new(&mut file, width, height);
            encoder.set_color(ColorType::Rgb);
            encoder.write_header().unwrap().write_chunk(png::chunk::IDAT, b"").unwrap();
            assert!(Picture::from_file(&file).unwrap_err().ends_with("too large"), "{width} x {height}");
        }
        let mut file = Vec::new();
        let mut encoder = gif::Encoder::new(&mut file, 0xFFFF, 0xFFFF, &[0; 6]).unwrap();
        let frame = gif::Frame { width: 1, height: 1, buffer: vec![0].into(), ..gif::Frame::default() };
        encoder.write_frame(&frame).unwrap();
        drop(encoder);
        assert!(Picture::from_file(&file).unwrap_err().ends_with("too large"));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let good = Picture::new(9, 9, [3; 3]).to_png().unwrap();
        for bad in [&b""[..], b"P6 1 1 255", b"GIF89a", &good[..good.len() / 2]] {
            assert!(Picture::from_file(bad).is_err());
        }
    }
}
