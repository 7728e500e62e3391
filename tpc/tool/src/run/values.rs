// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Values on the command line: sizes, numbers of a type, scalar arguments.

use std::str::FromStr;

use goya_tpc_isa::Type;
use serde_json::Value;

/// Sizes or coordinates of up to five dimensions, that of a vector's lanes first: `70x3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// What was said.
    values: [u32; 5],
    /// How many of them.
    count: usize,
}

impl Sizes {
    /// All five, where `rest` stands for what was not said.
    pub fn or(self, rest: u32) -> [u32; 5] {
        let mut values = self.values;
        values.iter_mut().skip(self.count).for_each(|value| *value = rest);
        values
    }
}

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut values = [0; 5];
        let parts: Vec<_> = text.split('x').collect();
        if parts.len() > values.len() {
            return Err(format!("`{text}` has more than five dimensions"));
        }
        for (value, part) in values.iter_mut().zip(&parts) {
            *value =
                part.parse().map_err(|_| format!("`{text}` is no sizes, which are numbers such as 70x3"))?;
        }
        Ok(Self { values, count: parts.len() })
    }
}

/// The type that `text` names, of those that elements of a tensor can have.
pub fn element(text: &str) -> Result<Type, String> {
    let ty = Type::from_suffix(text).filter(|ty| ELEMENTS.contains(ty));
    ty.ok_or_else(|| format!("`{text}` is no type: f32, i32, u32, i16, u16, i8 and u8 are"))
}

const ELEMENTS: [Type; 7] = [Type::F32, Type::I32, Type::U32, Type::I16, Type::U16, Type::I8, Type::U8];

/// The bytes of an element of type `ty`.
pub fn size(ty: Type) -> usize {
    usize::from(ty.bits() / 8).max(1)
}

/// The bits of `text` as a number of type `ty`.
pub fn bits(ty: Type, text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no number of type {}", ty.suffix());
    if ty == Type::F32 {
        return text.parse::<f32>().map(f32::to_bits).map_err(|_| wrong());
    }
    let value = integer(text).ok_or_else(wrong)?;
    let width = u32::from(ty.bits());
    let fits = match ty {
        Type::I32 | Type::I16 | Type::I8 => (-(1_i64 << (width - 1))..1_i64 << (width - 1)).contains(&value),
        _ => (0..1_i64 << width).contains(&value),
    };
    fits.then_some(value as u32 & (u32::MAX >> (32 - width))).ok_or_else(wrong)
}

fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (digits, radix) = digits.strip_prefix("0x").map_or((digits, 10), |digits| (digits, 16));
    // The parser takes a sign of its own.
    let plain = digits.starts_with(|first: char| first.is_digit(radix));
    i64::from_str_radix(digits, radix)
        .ok()
        .filter(|_| plain)
        .map(|value| if negative { -value } else { value })
}

/// A scalar argument: the bits of an integer, or of a float if it looks like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scalar(pub u32);

impl FromStr for Scalar {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(float) = text.strip_prefix("f32:") {
            return bits(Type::F32, float).map(Self);
        }
        bits(Type::U32, text)
            .or_else(|_| bits(Type::I32, text))
            .or_else(|_| bits(Type::F32, text))
            .map(Self)
            .map_err(|_| format!("`{text}` is no integer of 32 bits and no float"))
    }
}

/// The element with these little-endian bytes, as text.
pub fn text(ty: Type, bytes: &[u8]) -> String {
    match ty {
        Type::F32 => format!("{:?}", f32::from_bits(raw(bytes))),
        _ => whole(ty, bytes).to_string(),
    }
}

/// The same, as JSON, which has no infinities.
pub fn json(ty: Type, bytes: &[u8]) -> Value {
    match ty {
        Type::F32 => {
            let value = f32::from_bits(raw(bytes));
            if value.is_finite() { Value::from(value) } else { Value::from(format!("{value:?}")) }
        }
        _ => Value::from(whole(ty, bytes)),
    }
}

fn raw(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |bits, &byte| bits << 8 | u32::from(byte))
}

fn whole(ty: Type, bytes: &[u8]) -> i64 {
    let bits = raw(bytes);
    match ty {
        Type::I32 => i64::from(bits as i32),
        Type::I16 => i64::from(bits as i16),
        Type::I8 => i64::from(bits as i8),
        _ => i64::from(bits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_integers_or_floats() {
        for (text, bits) in [
            ("7", 7),
            ("-1", u32::MAX),
            ("0x80000000", 1 << 31),
            ("1.5", 1.5_f32.to_bits()),
            ("-inf", f32::NEG_INFINITY.to_bits()),
            ("f32:2", 2_f32.to_bits()),
            ("1e3", 1e3_f32.to_bits()),
        ] {
            assert_eq!(text.parse(), Ok(Scalar(bits)), "{text}");
        }
        for text in ["", "x", "0x1ffffffff", "f32:", "--1"] {
            assert!(text.parse::<Scalar>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_to_fit_their_type() {
        assert_eq!(bits(Type::I8, "-128"), Ok(0x80));
        assert!(bits(Type::I8, "128").is_err() && bits(Type::U8, "-1").is_err());
        assert_eq!((bits(Type::U8, "255"), bits(Type::U16, "0xffff")), (Ok(255), Ok(0xFFFF)));
        assert_eq!(
            (text(Type::I16, &[0xFE, 0xFF]), text(Type::F32, &[0, 0, 0x80, 0x3F])),
            ("-2".into(), "1.0".into())
        );
        assert_eq!(json(Type::F32, &f32::NAN.to_le_bytes()), Value::from("NaN"));
    }

    #[test]
    fn sizes_have_five_dimensions_at_most() {
        assert_eq!("70x3".parse::<Sizes>().map(|sizes| sizes.or(1)), Ok([70, 3, 1, 1, 1]));
        assert!("1x1x1x1x1x1".parse::<Sizes>().is_err() && "".parse::<Sizes>().is_err());
        assert!(element("f16").is_err() && element("u16").is_ok());
    }
}
