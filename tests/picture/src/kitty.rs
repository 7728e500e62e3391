// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The graphics protocol of kitty, which other terminals speak as well.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a piece, which the protocol limits.
const PIECE: usize = 4096;

/// A PNG, at most so many columns wide.
pub fn show(png: &[u8], columns: usize) -> String {
    let data = STANDARD.encode(png);
    let pieces: Vec<_> = data.as_bytes().chunks(PIECE).collect();
    let mut text = String::new();
    for (n, piece) in pieces.iter().enumerate() {
        // Display a PNG, and say nothing about it: nobody reads answers.
        let how = if n == 0 { format!("a=T,f=100,q=2,c={columns},") } else { String::new() };
        let more = u8::from(n + 1 < pieces.len());
        text.push_str(&format!("\x1b_G{how}m={more};{}\x1b\\", String::from_utf8_lossy(piece)));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_file_is_in_the_pieces() {
        let file: Vec<_> = (0..10_000u32).map(|n| (n * 7) as u8).collect();
        let text = show(&file, 66);
        let pieces: Vec<_> = text.trim_end().split_terminator("\x1b\\").collect();
        assert_eq!(pieces.len(), 4);
        assert!(pieces[0].starts_with("\x1b_Ga=T,f=100,q=2,c=66,m=1;"));
        assert!(pieces[1].starts_with("\x1b_Gm=1;") && pieces[3].starts_with("\x1b_Gm=0;"));
        let data: Vec<_> = pieces.iter().map(|piece| piece.split_once(';').unwrap().1).collect();
        assert!(data.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(STANDARD.decode(data.concat()).unwrap(), file);
        assert_eq!(show(b"abc", 2), "\x1b_Ga=T,f=100,q=2,c=2,m=0;YWJj\x1b\\\n");
    }
}
