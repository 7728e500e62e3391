// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The VPU slot.

use super::build::*;
use super::words::*;
use crate::form::{Form, Place, Predicates, Types};
use crate::operand::Accepts;
use crate::slot::{Field, Slot};
use crate::switch::Switch;

const fn row(
    opcode: u8,
    mnemonic: &'static str,
    types: Types,
    switches: &'static [Switch],
    places: &'static [Place],
) -> Form {
    form(Slot::Vpu, opcode, mnemonic, types, switches, places, Predicates::Any)
}

/// A row whose instruction takes no predicate.
const fn plain(opcode: u8, mnemonic: &'static str) -> Form {
    form(Slot::Vpu, opcode, mnemonic, TYPELESS, NO, &[], Predicates::None)
}

const fn compare(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, COMPARE)
}

const fn predicates(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(BOOL), NO, PREDICATES)
}

/// Selection by a comparison.
const fn select(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, SELECT)
}

/// The same, where what is selected otherwise is one value for all elements.
const fn select_or(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, SELECT_OR)
}

/// Selection of pairs: the value and what was compared.
const fn select2(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, SELECT2)
}

/// The same, where what is selected otherwise is one value for all elements.
const fn select2_or(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, SELECT2_OR)
}

const BINARY: &[Place] = &[dest(V), a(VS), b(VSI)];
const UNARY: &[Place] = &[dest(V), a(VS)];
/// What writes only a part of each lane keeps the rest.
const MERGE: &[Place] = &[update(V), a(VS), b(VSI)];
const MERGE_UNARY: &[Place] = &[update(V), a(VS)];
/// Sums and differences, whose vectors the vendor's assembler also takes as quads.
const SUM: &[Place] = &[dest(Accepts::SPELLED_AS_QUAD), a(VS.or(Accepts::SPELLED_AS_QUAD)), b(VSI)];
const SHIFT: Place = number(Field::B, "shift", 0, 5, 31);

const COMPARE: &[Place] = &[dest(VP), a(VS), b(VSI)];
const PREDICATES: &[Place] = &[dest(VP), a(VP), b(VP)];
/// Only one of the sources can be one value for all elements.
const SELECT: &[Place] = &[dest(V), a(VS), b(VSI), c(VS), d(VS)];
const SELECT_OR: &[Place] = &[dest(V), a(VS), b(VS), c(VS), d(S.or(IMM))];
const SELECT2: &[Place] = &[dest(D), a(VS), b(VSI), c(VS), d(VS)];
const SELECT2_OR: &[Place] = &[dest(D), a(VS), b(VS), c(VS), d(S.or(IMM))];

pub(super) static FORMS: &[Form] = &[
    row(0, "mac", of(FLOAT), &[NEG], &[update(V), a(VS), b(VSI)]),
    row(0, "mac", of(HALVES), &[ST], &[update(D), a(VS), b(VSI)]),
    row(0, "mac", of(BYTES), &[ST], &[update(A), a(VS), b(VSI)]),
    row(1, "mul", of(FLOAT), NO, BINARY),
    row(1, "mul", of(INT32), &[DOUBLE], BINARY),
    row(1, "mul", of(WORDS), NO, &[dest(D), a(VS), b(VSI)]),
    row(1, "mul", of(HALVES), NO, &[dest(D), a(VS), b(VSI)]),
    row(1, "mul", of(BYTES), NO, &[dest(A), a(VS), b(VSI)]),
    row(2, "add", of(INTEGERS), &[ST], SUM),
    row(2, "add", of(FLOAT), NO, SUM),
    row(3, "sub", of(INTEGERS), &[ST, NEG], SUM),
    row(3, "sub", of(FLOAT), &[NEG], SUM),
    row(4, "convert_int16", TYPELESS, &[LANE_2, SHIFT_ROUNDING, ONLY_TO_8], MERGE),
    row(5, "max", of(ARITHMETIC), NO, BINARY),
    row(6, "min", of(ARITHMETIC), NO, BINARY),
    row(7, "abs", of(SIGNED), NO, UNARY),
    row(8, "mov", of(ANY), NO, &[dest(V), a(V.or(S).or(IMM))]),
    row(8, "mov", maybe(ANY), NO, &[dest(V), a(CONSTANTS)]),
    row(8, "mov", maybe(ANY), NO, &[dest(LFSR), a(V)]),
    row(8, "mov", fixed(I32), NO, &[dest(VP), a(VP.or(SP))]),
    row(8, "mov", fixed(U32), NO, &[SECTION, dest(VP), a(S.or(IMM))]),
    compare(9, "cmp_eq"),
    compare(10, "cmp_neq"),
    compare(11, "cmp_less"),
    compare(12, "cmp_leq"),
    compare(13, "cmp_grt"),
    compare(14, "cmp_geq"),
    row(15, "or", of(ARITHMETIC), NO, BINARY),
    predicates(15, "or"),
    row(16, "and", of(ARITHMETIC), NO, BINARY),
    predicates(16, "and"),
    row(17, "xor", of(ARITHMETIC), NO, BINARY),
    predicates(17, "xor"),
    row(18, "not", of(ARITHMETIC), NO, UNARY),
    row(18, "not", of(BOOL), NO, &[dest(VP), a(VP)]),
    row(19, "shr", of(ARITHMETIC), NO, BINARY),
    row(20, "shl", of(ARITHMETIC), NO, BINARY),
    row(21, "ash", of(INTEGERS), &[ASH_BIT, RHU], BINARY),
    row(22, "convert", of(ARITHMETIC), &[CONVERT_LANE, TARGET, ROUNDING], MERGE_UNARY),
    row(23, "convert_int32", TYPELESS, &[LANE_4, SHIFT_ROUNDING, TO_8], MERGE),
    row(23, "convert_int32", TYPELESS, &[LANE_2, SHIFT_ROUNDING, TO_16], MERGE),
    row(24, "convert_uint32", TYPELESS, &[LANE_4, SHIFT_ROUNDING, TO_8], MERGE),
    row(24, "convert_uint32", TYPELESS, &[LANE_2, SHIFT_ROUNDING, TO_16], MERGE),
    row(25, "popcnt", of(ARITHMETIC), &[SET], UNARY),
    row(26, "find_first", of(ARITHMETIC), &[SET, START], UNARY),
    row(27, "nearbyint", of(FLOAT), &[ROUNDING], UNARY),
    row(28, "convert_uint16", TYPELESS, &[LANE_2, SHIFT_ROUNDING, ONLY_TO_8], MERGE),
    row(29, "extract_exp", of(FLOAT), &[SUBTRACT_BIAS], UNARY),
    plain(32, "halt"),
    select(34, "sel_eq"),
    select_or(34, "sel_eq"),
    select(35, "sel_neq"),
    select_or(35, "sel_neq"),
    select(36, "sel_less"),
    select_or(36, "sel_less"),
    select(37, "sel_leq"),
    select_or(37, "sel_leq"),
    select(38, "sel_grt"),
    select_or(38, "sel_grt"),
    select(39, "sel_geq"),
    select_or(39, "sel_geq"),
    select2(40, "sel2_less"),
    select2_or(40, "sel2_less"),
    select2(41, "sel2_leq"),
    select2_or(41, "sel2_leq"),
    select2(42, "sel2_grt"),
    select2_or(42, "sel2_grt"),
    select2(43, "sel2_geq"),
    select2_or(43, "sel2_geq"),
    row(44, "shuffle", of(ANY), NO, &[update(V), a(VS), b(VS)]),
    row(45, "pack", of(NARROW), &[GROUP, STRIDE], MERGE_UNARY),
    row(46, "unpack", of(NARROW), &[GROUP, STRIDE, HALF], MERGE_UNARY),
    row(47, "get_lut_entry_and_interval_start", of(FLOAT), &[LUT_FUNCTION], &[dest(D), a(VS), SHIFT]),
    row(48, "form_fp_num", of(FLOAT), FORM_FP_NUM, &[dest(V), a(VSI), b(VS), c(VS)]),
    row(49, "mov_dg", maybe(ANY), MOV_DG, &[update(V), a(VS), BYTE_MASK]),
    row(50, "mov_g", maybe(ANY), MOV_G, &[update(V), a(VS), BYTE_MASK]),
    row(51, "msac", of(NARROW), &[RHU, NORMALIZE], &[update(V), a(VS), b(VS), c(VS), d(VSI)]),
    row(51, "msac", of(NARROW), &[RHU, NORMALIZE], &[update(V), a(VS), b(S.or(IMM)), c(VS), d(VS)]),
    plain(62, "dbg"),
    plain(63, "nop"),
];
