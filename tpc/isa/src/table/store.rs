// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The STORE slot. What it writes of registers is named by source C.

use super::build::*;
use super::words::{ASO_VPU, MMIO_STORE};
use crate::form::{Form, Place, Predicates};
use crate::slot::{Field, Slot};
use crate::switch::Switch;

const fn row(
    opcode: u8,
    mnemonic: &'static str,
    switches: &'static [Switch],
    places: &'static [Place],
) -> Form {
    form(Slot::Store, opcode, mnemonic, TYPELESS, switches, places, Predicates::Scalar)
}

const VECTOR_STORE: &[Place] = &[a(S.or(IMM)), b(S), c(V.or(VP))];
const TENSOR_STORE: &[Place] = &[TENSOR, a(I), c(V.or(VP))];

pub(super) static FORMS: &[Form] = &[
    row(0, "gen_addr", NO, &[dest_c(AD), TENSOR, a(I)]),
    row(3, "prmt_indx", NO, &[dest_c(I), a(I), b(S)]),
    row(4, "set_indx", NO, &[dest_c(I), mask(Field::B), a(S.or(IMM))]),
    row(5, "st_l", &[MMIO_STORE], &[a(S.or(IMM)), c(S.or(SP))]),
    row(6, "st_g", NO, &[a(AD), c(S.or(SP))]),
    row(7, "st_l_v", NO, VECTOR_STORE),
    row(8, "st_l_v_low", NO, VECTOR_STORE),
    row(9, "st_l_v_high", NO, VECTOR_STORE),
    row(10, "aso", &[ASO_VPU], &[]),
    row(11, "st_tnsr", NO, TENSOR_STORE),
    row(12, "st_tnsr_low", NO, TENSOR_STORE),
    row(13, "st_tnsr_high", NO, TENSOR_STORE),
    row(20, "cache_flush", NO, &[]),
    row(21, "cache_invalidate", NO, &[]),
    form(Slot::Store, 31, "nop", TYPELESS, NO, &[], Predicates::None),
];
