// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The switches that rows have, with their words.

use crate::slot::Field;
use crate::switch::{Spelling, Switch};

const fn words(field: Field, low: u8, width: u8, words: &'static [(&'static str, u8)]) -> Switch {
    Switch { field, low, width, spelling: Spelling::Words(words), default: None }
}

const fn or(switch: Switch, default: u8) -> Switch {
    Switch { default: Some(default), ..switch }
}

/// A word that sets bit `low` of the switches.
const fn flag(low: u8, word: &'static [(&'static str, u8)]) -> Switch {
    or(words(Field::Switches, low, 1, word), 0)
}

const fn equals(name: &'static str, field: Field, low: u8, width: u8, default: Option<u8>) -> Switch {
    Switch { field, low, width, spelling: Spelling::Equals(name), default }
}

/// Saturates.
pub(super) const ST: Switch = flag(0, &[("", 0), ("st", 1)]);
/// Negates the product, or the difference.
pub(super) const NEG: Switch = flag(1, &[("", 0), ("neg", 1)]);
/// The upper half of a product.
pub(super) const UPPER32: Switch = flag(2, &[("", 0), ("upper32", 1)]);
/// The rounded upper half of twice the product.
pub(super) const DOUBLE: Switch = words(Field::Switches, 1, 1, &[("double_and_round32", 1)]);
/// Rounds half up.
pub(super) const RHU: Switch = flag(1, &[("", 0), ("rhu", 1)]);
/// Set in every arithmetic shift, without a word.
pub(super) const ASH_BIT: Switch = or(words(Field::Switches, 0, 1, &[("", 1)]), 1);
/// What is added at the inner or the outer place of `msac`.
pub(super) const NORMALIZE: Switch = flag(2, &[("normalize_ab", 0), ("normalize_c", 1)]);
/// The bits that are counted or looked for.
pub(super) const SET: Switch = equals("set", Field::Switches, 0, 1, None);
/// The side to begin at.
pub(super) const START: Switch = flag(1, &[("start_lsb", 0), ("start_msb", 1)]);
/// The raw field of the exponent.
pub(super) const SUBTRACT_BIAS: Switch = flag(0, &[("", 0), ("subtract_bias", 1)]);
/// To a register of the core's own configuration, in place of local memory.
pub(super) const MMIO_LOAD: Switch = or(words(Field::B, 0, 1, &[("", 0), ("mmio", 1)]), 0);
/// The same, for a store.
pub(super) const MMIO_STORE: Switch = MMIO_LOAD;
/// Writes of the vector pipe.
pub(super) const ASO_VPU: Switch = or(words(Field::A, 1, 1, &[("", 0), ("vpu", 1)]), 0);

/// Rounding of conversions between numbers; without a word, what register ROUND_CSR says.
pub(super) const ROUNDING: Switch = or(
    words(
        Field::Switches,
        0,
        3,
        &[("", 5), ("default", 5), ("rhne", 0), ("rd", 1), ("ru", 2), ("sr", 3), ("rz", 4)],
    ),
    5,
);
/// Rounding of conversions with a shift, where others have the type.
pub(super) const SHIFT_ROUNDING: Switch =
    or(words(Field::Type, 0, 2, &[("rhne", 0), ("rd", 1), ("ru", 2), ("sr", 3)]), 0);
/// The result has 8 bits.
pub(super) const TO_8: Switch = or(words(Field::Type, 2, 1, &[("to_8", 0)]), 0);
/// The same, of what has no other result.
pub(super) const ONLY_TO_8: Switch = or(words(Field::Type, 2, 1, &[("", 0), ("to_8", 0)]), 0);
/// The result has 16 bits.
pub(super) const TO_16: Switch = words(Field::Type, 2, 1, &[("to_16", 1)]);
/// The type of a conversion's result.
pub(super) const TARGET: Switch = words(
    Field::B,
    0,
    4,
    &[
        ("target_type=fp32", 0),
        ("target_type=int32", 2),
        ("target_type=uint32", 3),
        ("target_type=int8", 4),
        ("target_type=uint8", 5),
        ("target_type=int16", 7),
        ("target_type=uint16", 8),
    ],
);
/// The part of each 32-bit lane that a conversion writes.
pub(super) const CONVERT_LANE: Switch = or(
    words(
        Field::B,
        4,
        2,
        &[("", 0), ("lane_sel=0", 0), ("lane_sel=1", 1), ("lane_sel=2", 2), ("lane_sel=3", 3)],
    ),
    0,
);
/// The byte of each 32-bit lane that is written.
pub(super) const LANE_4: Switch = or(words(Field::Switches, 0, 2, LANES_4), 0);
/// The half of each lane that is written.
pub(super) const LANE_2: Switch =
    or(words(Field::Switches, 0, 2, &[("lane_sel=0", 0), ("lane_sel=1", 1)]), 0);
const LANES_4: &[(&str, u8)] = &[("lane_sel=0", 0), ("lane_sel=1", 1), ("lane_sel=2", 2), ("lane_sel=3", 3)];

/// The group of 32 bytes that is read.
pub(super) const GROUP: Switch = or(
    words(Field::B, 0, 1, &[("group_0", 0), ("group_1", 1), ("source_group=0", 0), ("source_group=1", 1)]),
    0,
);
/// Every second or every fourth element.
pub(super) const STRIDE: Switch = or(
    words(
        Field::B,
        1,
        1,
        &[("stride_2", 0), ("stride_4", 1), ("element_stride=2", 0), ("element_stride=4", 1)],
    ),
    0,
);
/// The half of the group that is read.
pub(super) const HALF: Switch = or(
    words(
        Field::B,
        2,
        1,
        &[("group_half_0", 0), ("group_half_1", 1), ("group_half=0", 0), ("group_half=1", 1)],
    ),
    0,
);
/// The dual groups and groups of `mov_dg` and `mov_g`.
pub(super) const MOV_DG: &[Switch] = &[
    equals("src", Field::B, 0, 2, None),
    equals("dst", Field::B, 2, 2, None),
    equals("wr_lg", Field::B, 4, 1, None),
    equals("wr_ug", Field::B, 5, 1, None),
];
pub(super) const MOV_G: &[Switch] =
    &[equals("g_en", Field::B, 0, 2, None), equals("dg_en", Field::B, 2, 4, None)];

const fn number_flag(low: u8, word: &'static [(&'static str, u8)]) -> Switch {
    or(words(Field::D, low, 1, word), 0)
}

/// How `form_fp_num` takes its parts.
pub(super) const FORM_FP_NUM: &[Switch] = &[
    number_flag(0, &[("", 0), ("exp_add_bias", 1)]),
    number_flag(1, &[("", 0), ("force_sign0", 1)]),
    number_flag(2, &[("", 0), ("force_sign1", 1)]),
    number_flag(3, &[("", 0), ("exp_is_num", 1)]),
    number_flag(4, &[("", 0), ("sign_lsb", 1)]),
];

/// The range rules of a special function.
pub(super) const LUT_FUNCTION: Switch =
    or(words(Field::B, 5, 3, &[("", 0), ("tanh", 1), ("sqrt_rsqrt", 2), ("sin_cos", 3), ("log", 4)]), 0);
/// The width of a table's entries, and the part of each lane that receives one.
pub(super) const LUT_WIDTH: Switch = words(
    Field::B,
    0,
    3,
    &[("BV32", 0), ("BV16_LOW", 2), ("BV16_HIGH", 3), ("BV8_0", 4), ("BV8_1", 5), ("BV8_2", 6), ("BV8_3", 7)],
);
