// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Numbers in assembler text.

/// A number: decimal, `0x` or `0b`, with `-` in front for a negative one. From -2^31 to 2^32-1.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        _ => (10, digits),
    };
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let value = i64::from_str_radix(digits, radix).ok()?;
    let value = if negative { -value } else { value };
    (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&value).then_some(value)
}

/// A number as the 32 bits of an immediate: negative ones in two's complement.
#[must_use]
pub fn parse_bits(text: &str) -> Option<u32> {
    parse(text).map(|value| value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_radices_and_32_bits() {
        let cases =
            [("0", 0), ("-7", -7), ("0xffffffff", 0xFFFF_FFFF), ("0b101", 5), ("-2147483648", -1 << 31)];
        for (text, value) in cases {
            assert_eq!(parse(text), Some(value), "{text}");
        }
        for text in ["", "-", "0x", "4294967296", "-2147483649", "12a", "0b2", "+1", "0x-1", "--1", "é"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse_bits("-4"), Some(0xFFFF_FFFC));
    }
}
