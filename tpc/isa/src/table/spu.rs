// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The SPU slot. Opcode 34, `loop`, takes the whole word and has a layout of its own.

use super::build::*;
use super::words::*;
use crate::form::{Form, Place, Predicates, Types};
use crate::operand::Accepts;
use crate::slot::{Field, Slot};
use crate::switch::Switch;
use crate::types::TypeSet;

const fn row(
    opcode: u8,
    mnemonic: &'static str,
    types: Types,
    switches: &'static [Switch],
    places: &'static [Place],
) -> Form {
    form(Slot::Spu, opcode, mnemonic, types, switches, places, Predicates::Scalar)
}

/// A row whose instruction takes no predicate.
const fn plain(opcode: u8, mnemonic: &'static str) -> Form {
    form(Slot::Spu, opcode, mnemonic, TYPELESS, NO, &[], Predicates::None)
}

/// Operation on the dimensions of indices that a mask names.
const fn indices(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(INT32), NO, INDICES)
}

/// The same, with one source.
const fn index(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(INT32), NO, INDEX)
}

const fn compare(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(ARITHMETIC), NO, COMPARE)
}

const fn predicates(opcode: u8, mnemonic: &'static str) -> Form {
    row(opcode, mnemonic, of(BOOL), NO, PREDICATES)
}

const BINARY: &[Place] = &[dest(S), a(SS), b(SI)];
const UNARY: &[Place] = &[dest(S), a(SS)];
const ACCUMULATE: &[Place] = &[update(S), a(SS), b(SI)];
const COMPARE: &[Place] = &[dest(SP), a(SS), b(SI)];
const PREDICATES: &[Place] = &[dest(SP), a(SP), b(SP)];
const INDICES: &[Place] = &[mask(Field::Switches), dest(I), a(ISI), b(I)];
const INDEX: &[Place] = &[mask(Field::Switches), dest(I), a(ISI)];
const UNSIGNED: TypeSet = TypeSet::of(&[U32, U16, U8]);

pub(super) static FORMS: &[Form] = &[
    row(0, "mac", of(FLOAT), &[NEG], ACCUMULATE),
    row(0, "mac", of(NARROW), &[ST], ACCUMULATE),
    row(1, "mul", of(WORDS), &[UPPER32], BINARY),
    row(1, "mul", of(FLOAT_AND_NARROW), NO, BINARY),
    indices(1, "mul"),
    row(2, "add", of(INTEGERS), &[ST], BINARY),
    row(2, "add", of(FLOAT), NO, BINARY),
    indices(2, "add"),
    row(3, "sub", of(INTEGERS), &[ST, NEG], BINARY),
    row(3, "sub", of(FLOAT), &[NEG], BINARY),
    indices(3, "sub"),
    row(4, "convert_int16", TYPELESS, &[SHIFT_ROUNDING, ONLY_TO_8], BINARY),
    row(5, "max", of(ARITHMETIC), NO, BINARY),
    indices(5, "max"),
    row(6, "min", of(ARITHMETIC), NO, BINARY),
    indices(6, "min"),
    row(7, "abs", of(SIGNED), NO, UNARY),
    index(7, "abs"),
    row(8, "mov", of(ANY), NO, &[dest(S.or(S_LFSR)), a(SI)]),
    row(8, "mov", fixed(Bool), NO, &[dest(SP), a(SS.or(SP).or(IMM))]),
    row(8, "mov", fixed(I32), NO, &[mask(Field::Switches), dest(I), a(ISI)]),
    compare(9, "cmp_eq"),
    compare(10, "cmp_neq"),
    compare(11, "cmp_less"),
    compare(12, "cmp_leq"),
    compare(13, "cmp_grt"),
    compare(14, "cmp_geq"),
    row(15, "or", of(ARITHMETIC), NO, BINARY),
    predicates(15, "or"),
    indices(15, "or"),
    row(16, "and", of(ARITHMETIC), NO, BINARY),
    predicates(16, "and"),
    indices(16, "and"),
    row(17, "xor", of(ARITHMETIC), NO, BINARY),
    predicates(17, "xor"),
    indices(17, "xor"),
    row(18, "not", of(ARITHMETIC), NO, UNARY),
    row(18, "not", of(BOOL), NO, &[dest(SP), a(SP)]),
    index(18, "not"),
    row(19, "shr", of(ARITHMETIC), NO, BINARY),
    row(20, "shl", of(ARITHMETIC), NO, BINARY),
    row(21, "ash", of(INTEGERS), &[ASH_BIT, RHU], BINARY),
    row(22, "convert", of(ARITHMETIC), &[TARGET, ROUNDING], UNARY),
    row(23, "convert_int32", TYPELESS, &[SHIFT_ROUNDING, TO_8], BINARY),
    row(23, "convert_int32", TYPELESS, &[SHIFT_ROUNDING, TO_16], BINARY),
    row(24, "convert_uint32", TYPELESS, &[SHIFT_ROUNDING, TO_8], BINARY),
    row(24, "convert_uint32", TYPELESS, &[SHIFT_ROUNDING, TO_16], BINARY),
    row(25, "popcnt", of(ARITHMETIC), &[SET], UNARY),
    row(26, "find_first", of(ARITHMETIC), &[SET, START], UNARY),
    row(27, "nearbyint", of(FLOAT), &[ROUNDING], UNARY),
    row(28, "convert_uint16", TYPELESS, &[SHIFT_ROUNDING, ONLY_TO_8], BINARY),
    row(29, "extract_exp", of(FLOAT), &[SUBTRACT_BIAS], UNARY),
    plain(32, "halt"),
    row(36, "jmpr", TYPELESS, NO, &[a(S.or(Accepts::RELATIVE))]),
    row(37, "jmpa", TYPELESS, NO, &[a(S.or(Accepts::ABSOLUTE))]),
    row(38, "mov_irf_dim", TYPELESS, NO, &[number(Field::Switches, "dimension", 0, 3, 4), dest(S), a(I)]),
    row(39, "set_indx", fixed(I32), NO, &[dest(I), mask(Field::Switches), a(S.or(IMM))]),
    row(40, "udiv_step", of(UNSIGNED), NO, &[number(Field::Switches, "step", 0, 5, 31), update(Z), a(SS)]),
    plain(62, "dbg"),
    plain(63, "nop"),
];
