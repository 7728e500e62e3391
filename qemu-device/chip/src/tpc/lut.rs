// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Tables of special functions: coefficients of polynomials, by intervals.
//!
//! A function has a number of six bits, of which the upper two say how many intervals it has. The layout in
//! memory is that of the next chip's loader; see [`super::choices`].

use super::cause::Cause;
use super::choices;
use super::float;
use super::lane::Lane;
use super::memory::Memory;
use super::stop::Stop;
use super::vector::Vector;

/// Intervals of a function, and lines of memory, for the upper two bits of its number.
const KINDS: [(u32, u32); 4] = [(256, 26), (128, 13), (64, 7), (32, 4)];
/// Functions of each kind.
const FUNCTIONS: u32 = 16;
const LINE: u32 = 128;

/// The table of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    address: u64,
    intervals: u32,
}

impl Table {
    /// The table of `function`, in the tables at `base`.
    pub fn new(base: u64, function: u8) -> Self {
        let kind = usize::from(function >> 4 & 3);
        let before: u32 = KINDS.iter().take(kind).map(|(_, lines)| FUNCTIONS * lines * LINE).sum();
        let (intervals, lines) = KINDS[kind];
        let offset = before + u32::from(function & 15) * lines * LINE;
        Self { address: base.wrapping_add(offset.into()), intervals }
    }

    /// Coefficient `c` of three, for the interval in the low bits of each lane.
    pub fn coefficients(
        &self,
        index: &Vector,
        c: u32,
        memory: &mut impl Memory,
    ) -> Result<Vector, Box<Stop>> {
        let per_line = choices::LUT_ENTRIES_A_LINE;
        self.gather(index, memory, |i| i / per_line * LINE + i % per_line * 12 + 4 * c)
    }

    /// The same of entries whose coefficients have `size` bytes, in the low bytes of each lane.
    pub fn narrow_coefficients(
        &self,
        index: &Vector,
        c: u32,
        size: u32,
        memory: &mut impl Memory,
    ) -> Result<Vector, Box<Stop>> {
        match choices::narrow_coefficient(c, size) {
            Some(shift) => Ok(self.entries(index, memory)?.map(|entry: u32| entry >> shift)),
            None => Ok(Vector::default()),
        }
    }

    /// The entry of a table that has only one for each interval.
    pub fn entries(&self, index: &Vector, memory: &mut impl Memory) -> Result<Vector, Box<Stop>> {
        self.gather(index, memory, |i| 4 * i)
    }

    fn gather(
        &self,
        index: &Vector,
        memory: &mut impl Memory,
        place: impl Fn(u32) -> u32,
    ) -> Result<Vector, Box<Stop>> {
        let mut out = Vector::default();
        for (to, i) in out.0.chunks_exact_mut(4).zip(index.lanes::<u32>()) {
            let offset = place(i & (self.intervals - 1));
            memory.read(self.address.wrapping_add(offset.into()), to).map_err(|_| Cause::HbwRead)?;
        }
        Ok(out)
    }
}

/// The first byte and the bytes of the part of each lane that a look-up names.
pub fn part(code: u32) -> Result<(usize, usize), Box<Stop>> {
    match code & 7 {
        0 => Ok((0, 4)),
        2 => Ok((0, 2)),
        3 => Ok((2, 2)),
        part @ 4..=7 => Ok((part as usize - 4, 1)),
        _ => Err(Stop::unmodelled("width of a table's entries")),
    }
}

/// Puts the low bytes of entries into a part of each lane; the rest stays.
pub fn merge((at, size): (usize, usize), entries: &Vector, old: &Vector) -> Vector {
    let mut out = *old;
    for (to, from) in out.0.chunks_exact_mut(4).zip(entries.0.chunks_exact(4)) {
        to[at..at + size].copy_from_slice(&from[..size]);
    }
    out
}

/// The interval of each float and its beginning, for intervals that leave `shift` bits of the mantissa.
pub fn intervals(values: &Vector, shift: u32, function: u32) -> Result<[Vector; 2], Box<Stop>> {
    let parity = match function {
        0 => false,
        1 => return Ok(even_intervals(values, shift, choices::LUT_TANH_END)),
        2 => true,
        3 => return Ok(even_intervals(values, shift, choices::LUT_SIN_COS_END)),
        4 => choices::LUT_LOG_HAS_PARITY,
        _ => return Err(Stop::unmodelled("ranges of a special function")),
    };
    let index = values.map(|bits: u32| {
        let exponent = if parity { choices::exponent_parity(bits) << (23 - shift.min(23)) } else { 0 };
        (bits & 0x7F_FFFF).shr(shift) | exponent
    });
    let start = values.map(|bits: u32| bits.shr(shift).shl(shift));
    Ok([index, start])
}

/// The same for functions whose arguments go from zero to `end`: intervals are as long as those of 1 to 2 are else. The
/// beginning has the sign of the argument, and what is beyond the end is in the last interval.
fn even_intervals(values: &Vector, shift: u32, end: u32) -> [Vector; 2] {
    let length = f64::from(shift as i32 - 23).exp2();
    let last = (f64::from(end) / length - 1.0).max(0.0);
    // What is no number is in the first.
    let interval = |value: f32| f64::from(float::operand(value).abs() / length as f32).floor().min(last);
    let number = |value: f32| if value.is_nan() { 0.0 } else { interval(value) };
    let index = values.map(|value: f32| number(value) as u32);
    let start = values.map(|value: f32| ((number(value) * length) as f32).copysign(value));
    [index, start]
}
