// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the switches mean.

use crate::switch::{Spelling, Switch};

/// By the first word of a switch, or its name.
const MEANINGS: &[(&str, &str)] = &[
    ("st", "saturates, in place of wrapping around"),
    ("neg", "negates the product, or the difference"),
    ("upper32", "the upper half of a product of 64 bits"),
    ("double_and_round32", "the rounded upper half of twice the product"),
    ("rhu", "rounds right shifts half up, in place of down"),
    ("normalize_ab", "what is scaled at the inner place: the product, or the accumulator"),
    ("set", "the bits that are meant: ones or zeros"),
    ("start_lsb", "the side to begin at"),
    ("subtract_bias", "the exponent's field as it is (the word of the vendor's assembler says the opposite)"),
    ("mmio", "a register of the core's own configuration, in place of local memory"),
    ("vpu", "waits for the writes of the vector pipe"),
    ("default", "rounding: as ROUND_CSR says, to nearest with ties to even, down, up, stochastic, to zero"),
    ("rhne", "rounding of right shifts: to nearest with ties to even, down, up, stochastic"),
    ("to_8", "results of 8 bits"),
    ("to_16", "results of 16 bits"),
    ("target_type=fp32", "the type of the result"),
    ("lane_sel=0", "the part of each lane of the source's width that is written; the others stay"),
    ("group_0", "the group of 32 bytes in each dual group that is read"),
    ("stride_2", "whether every second or every fourth element is meant"),
    ("group_half_0", "the half of the group that is read, with a stride of 4"),
    ("src", "the dual group that is read"),
    ("dst", "the dual group that is written"),
    ("wr_lg", "whether the lower group is written"),
    ("wr_ug", "whether the upper group is written"),
    ("g_en", "the groups that are written: bit 0 the lower, bit 1 the upper"),
    ("dg_en", "the dual groups that are written, a bit each"),
    ("exp_add_bias", "adds 127 to the exponent"),
    ("force_sign0", "the sign is plus"),
    ("force_sign1", "the sign is minus"),
    ("exp_is_num", "the exponent is the low byte of a's lane, not the exponent's field of a float"),
    ("sign_lsb", "the sign is bit 0 of b, not bit 31"),
    ("tanh", "the range rules of a function"),
    ("BV32", "the width of the entries, and the part of each lane that receives one"),
];

/// What `switch` means; empty if nobody has written it down.
#[must_use]
pub fn meaning(switch: &Switch) -> &'static str {
    let name = match switch.spelling {
        Spelling::Words(words) => words.iter().map(|word| word.0).find(|word| !word.is_empty()),
        Spelling::Equals(name) => Some(name),
    };
    MEANINGS.iter().find(|(word, _)| Some(*word) == name).map_or("", |(_, meaning)| meaning)
}
