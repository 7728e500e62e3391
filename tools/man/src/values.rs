// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Values of options that several programs have.

/// A number, hexadecimal with 0x.
#[must_use]
pub fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Bytes: a number with K, M or G behind it, or `usual` bytes each without.
#[must_use]
pub fn size(text: &str, usual: u64) -> Option<u64> {
    let (digits, unit) = match text.char_indices().last()? {
        (at, 'K' | 'k') => (text.get(..at)?, 1 << 10),
        (at, 'M' | 'm') => (text.get(..at)?, 1 << 20),
        (at, 'G' | 'g') => (text.get(..at)?, 1 << 30),
        _ => (text, usual),
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_or_hexadecimal() {
        assert_eq!((number("64"), number("0x40"), number("0xFf")), (Some(64), Some(64), Some(255)));
        assert!(["", "0x", "x", "-1", "4G", "0x10000000000000000"].iter().all(|text| number(text).is_none()));
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [("0", 0), ("4096", 4096), ("64k", 65536), ("512M", 512 << 20), ("4G", 4 << 30)]
        {
            assert_eq!(size(text, 1), Some(bytes), "{text}");
        }
        assert_eq!((size("3", 1 << 20), size("3G", 1 << 20)), (Some(3 << 20), Some(3 << 30)));
        for wrong in ["", "G", "-1", "1T", "1.5G", "99999999999G"] {
            assert_eq!(size(wrong, 1), None, "{wrong:?}");
        }
    }
}
