// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The LOAD slot.

use super::build::*;
use super::words::{LUT_WIDTH, MMIO_LOAD};
use crate::form::{Form, Place, Predicates, Types};
use crate::slot::{Field, Slot};
use crate::switch::Switch;

const fn row(
    opcode: u8,
    mnemonic: &'static str,
    types: Types,
    switches: &'static [Switch],
    places: &'static [Place],
) -> Form {
    form(Slot::Load, opcode, mnemonic, types, switches, places, Predicates::Scalar)
}

/// A row whose instruction a vector predicate can mask.
const fn masked(opcode: u8, mnemonic: &'static str, types: Types, places: &'static [Place]) -> Form {
    form(Slot::Load, opcode, mnemonic, types, NO, places, Predicates::Any)
}

/// A look-up in the table of a special function, whose number is also the word's immediate.
const fn lookup(opcode: u8, mnemonic: &'static str, places: &'static [Place]) -> Form {
    Form { repeated_in_immediate: Some(2), ..row(opcode, mnemonic, TYPELESS, &[LUT_WIDTH], places) }
}

/// Type code of a move, above four bits that are zero.
const MOVED: Types = Types::Suffix(ANY, Field::B, 4);
const FUNCTION: Place = number(Field::B, "function", 3, 6, 63);

pub(super) static FORMS: &[Form] = &[
    row(0, "gen_addr", TYPELESS, NO, &[dest(AD), TENSOR, a(I)]),
    row(3, "prmt_indx", TYPELESS, NO, &[dest(I), a(I), b(S)]),
    row(4, "set_indx", TYPELESS, NO, &[dest(I), mask(Field::B), a(S.or(IMM))]),
    masked(5, "mov", TYPELESS, &[dest(V), a(VS)]),
    masked(5, "mov", MOVED, &[dest(V), a(S.or(IMM))]),
    row(5, "mov", MOVED, NO, &[dest(S.or(S_LFSR)), a(SI)]),
    row(5, "mov", TYPELESS, NO, &[dest(SP), a(S.or(IMM))]),
    masked(5, "mov", TYPELESS, &[dest(VP), a(VP.or(SP))]),
    masked(5, "mov", TYPELESS, &[SECTION, dest(VP), a(S.or(IMM))]),
    row(5, "mov", TYPELESS, NO, &[mask(Field::B), dest(I), a(ISI)]),
    lookup(6, "lookup", &[dest(V), a(V), FUNCTION]),
    lookup(7, "lookup_c1c2", &[dest(D), a(V), FUNCTION]),
    lookup(9, "lookup_c0", &[dest(V), a(V), FUNCTION]),
    row(11, "ld_l", TYPELESS, &[MMIO_LOAD], &[dest(S.or(SP)), a(S.or(IMM))]),
    row(12, "ld_g", TYPELESS, NO, &[dest(S.or(SP).or(V)), a(AD)]),
    masked(14, "ld_l_v", TYPELESS, &[dest(V.or(VP)), a(S.or(IMM)), b(S)]),
    masked(15, "ld_l_v_low", TYPELESS, &[dest(V.or(VP)), a(S.or(IMM)), b(S)]),
    masked(16, "ld_l_v_high", TYPELESS, &[dest(V.or(VP)), a(S.or(IMM)), b(S)]),
    row(17, "ld_tnsr", TYPELESS, NO, &[dest(V.or(VP)), TENSOR, a(I)]),
    row(18, "ld_tnsr_low", TYPELESS, NO, &[dest(V.or(VP)), TENSOR, a(I)]),
    row(19, "ld_tnsr_high", TYPELESS, NO, &[dest(V.or(VP)), TENSOR, a(I)]),
    form(Slot::Load, 31, "nop", TYPELESS, NO, &[], Predicates::None),
];
