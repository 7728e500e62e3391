// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What nobody has said of the core, and what is taken for it here. Everything that rests on such a
//! reading uses a name of this file.

/// Floating-point numbers too small for a normal exponent are zero, as operands and as results: the core counts
/// them among its interrupt causes, and has no switch for them.
pub const FLUSH_SUBNORMALS: bool = true;

/// The bits of a result that is no number.
pub const NAN: u32 = 0x7FFF_FFFF;

/// Whether a result outside of its type's range is an overflow, as a cause of an interrupt: of unsigned integers only where it
/// is saturated, as they wrap around on purpose else.
pub const fn overflow_counts(signed: bool, saturates: bool) -> bool {
    signed || saturates
}

/// Causes of arithmetic that are masked are not recorded: the card's driver masks all of them, and reads none.
pub const MASKED_CAUSES_ARE_RECORDED: bool = false;

/// What `find_first` gives where there is no such bit, in an element of `width` bits.
pub const fn nothing_found(width: u32) -> u32 {
    width
}

/// The quotient bits that a step of a division by zero sets.
pub const QUOTIENT_BY_ZERO: u32 = u32::MAX;

/// Logical shifts by the width of an element or more give zero.
pub const fn shift_is_out(count: u32, width: u32) -> bool {
    count >= width
}

/// `jmpa` counts from the kernel's first word: a register cannot hold a true address.
pub const JMPA_COUNTS_FROM_BASE: bool = true;

/// `halt` in the VPU slot alone ends the kernel too.
pub const VPU_HALT_ENDS: bool = true;

/// Addresses in vector local memory are rounded down to what is moved.
pub const VLM_ROUNDS_DOWN: bool = true;

/// The random numbers' polynomial if register LFSR_POLYNOM has never been written.
pub const LFSR_POLYNOM: u32 = 0x8020_0003;

/// What the random numbers begin with after a start.
pub const LFSR_SEED: u32 = 0x1234_5678;

/// Rounding that the code in register ROUND_CSR means, if it is none of the codes: to nearest, ties to even.
pub const ROUND_CSR_RESET: u32 = 0;

/// The exponent of `form_fp_num` with both `exp_is_num` and `exp_add_bias`.
pub const fn biased_number(number: u32) -> u32 {
    number.wrapping_add(127) & 0xFF
}

/// The bytes of an element whose tensor's data type is 3.
pub const RESERVED_ELEMENT: u8 = 4;

/// Entries of three coefficients in a line of 128 bytes of a special function's table.
pub const LUT_ENTRIES_A_LINE: u32 = 10;

/// By how many bits coefficient `c`, of `size` bytes, is above the low end of an entry of narrow coefficients, which has four
/// bytes; `None` for one that has no room in it, which is zero.
pub const fn narrow_coefficient(c: u32, size: u32) -> Option<u32> {
    if (c + 1) * size <= 4 { Some(8 * size * c) } else { None }
}

/// Where the arguments of a hyperbolic tangent's table end: 256 intervals of 1/32, and tanh(8) is 1 as far as floats tell.
pub const LUT_TANH_END: u32 = 8;

/// Where those of sine and cosine end: an eighth of a turn is less.
pub const LUT_SIN_COS_END: u32 = 1;

/// A logarithm's intervals are those of 1/2 to 2, on both sides of its zero: the exponent's part is that of a square root.
pub const LUT_LOG_HAS_PARITY: bool = true;

/// The exponent's part of the interval of a square root: the lowest bit of its field.
pub const fn exponent_parity(bits: u32) -> u32 {
    bits >> 23 & 1
}
