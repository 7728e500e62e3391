// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The stages at which operands are read, and the earliest at which a bypass hands them over.

use super::{Stage, To};
use crate::form::Form;
use crate::register::File;
use crate::slot::{Field, Slot};
use crate::types::Type;

/// First and last opcode.
type Range = (u8, u8);

struct Row {
    slot: Slot,
    /// The operand; `Dest` is the accumulator of what has a source C beside it.
    field: Field,
    to: To,
    file: File,
    opcodes: &'static [Range],
    /// Only of floats, or only of others.
    float: Option<bool>,
    stage: Stage,
    bypass: Stage,
}

// Classes of operands by their earliest bypass.
const INDEX: Stage = 1;
pub(super) const PREDICATE: Stage = 2;
pub(super) const SOURCE: Stage = 3;
pub(super) const LATE_SOURCE: Stage = 4;
const TO_VECTOR_PIPE: Stage = 6;
const STORED: Stage = 6;

const fn row(
    slot: Slot,
    field: Field,
    to: To,
    file: File,
    opcodes: &'static [Range],
    stage: Stage,
    bypass: Stage,
) -> Row {
    Row { slot, field, to, file, opcodes, float: None, stage, bypass }
}

const fn of(row: Row, float: bool) -> Row {
    Row { float: Some(float), ..row }
}

use Field::{A, B, C, D, Dest, Predicate as P};
use File::{Ad, I, S, Sp, V, Vp};
use Slot::{Load, Spu, Store, Vpu};
use To::{Any, Index, Scalar, Vector};

/// The first row that fits counts.
#[rustfmt::skip]
static ROWS: &[Row] = &[
    row(Load, A, Vector, Ad, &[(12, 12)], 6, SOURCE),
    row(Load, A, Scalar, Ad, &[(12, 12)], 0, SOURCE),
    row(Load, A, Any, I, &[(0, 0), (3, 3), (5, 5), (17, 19)], 1, INDEX),
    row(Load, A, Vector, S, &[(5, 5), (14, 16)], 6, TO_VECTOR_PIPE),
    row(Load, A, Any, S, &[(4, 5), (11, 11)], 0, SOURCE),
    // Addresses of VLM go with the vector pipe also if a predicate is loaded.
    row(Load, A, Any, Sp, &[(5, 5)], 1, PREDICATE),
    row(Load, A, Any, V, &[(5, 7), (9, 9)], 0, SOURCE),
    row(Load, A, Any, Vp, &[(5, 5)], 1, PREDICATE),
    row(Load, B, Index, S, &[(3, 3)], 0, SOURCE),
    row(Load, B, Any, S, &[(14, 16)], 6, SOURCE),
    row(Load, P, Index, Sp, &[(3, 5)], 0, PREDICATE),
    row(Load, P, Scalar, Sp, &[(11, 12)], 0, PREDICATE),
    row(Load, P, Any, Sp, &[(0, 0)], 0, PREDICATE),
    row(Load, P, Scalar, Sp, &[(5, 5)], 1, PREDICATE),
    row(Load, P, Any, Sp, &[(5, 7), (9, 9), (12, 12), (14, 19)], 2, PREDICATE),
    row(Load, P, Any, Vp, &[(14, 16)], 0, PREDICATE),
    row(Load, P, Any, Vp, &[(5, 5)], 1, PREDICATE),
    row(Spu, A, Index, I, &[(1, 3), (8, 8)], 1, INDEX),
    row(Spu, A, Any, I, &[(5, 7), (15, 18), (38, 38)], 0, INDEX),
    row(Spu, A, Any, S, &[(0, 29), (34, 40)], 0, SOURCE),
    row(Spu, A, Any, Sp, &[(8, 8), (15, 18)], 1, PREDICATE),
    row(Spu, B, Any, I, &[(1, 3)], 1, INDEX),
    row(Spu, B, Any, I, &[(5, 6), (15, 17)], 0, INDEX),
    row(Spu, B, Any, S, &[(0, 28), (34, 34), (40, 40)], 0, SOURCE),
    row(Spu, B, Any, Sp, &[(15, 17)], 1, PREDICATE),
    of(row(Spu, C, Any, S, &[(0, 0)], 1, LATE_SOURCE), false),
    row(Spu, C, Any, S, &[(0, 0), (40, 40)], 0, SOURCE),
    row(Spu, P, Index, Sp, &[(1, 39)], 0, PREDICATE),
    row(Spu, P, Any, Sp, &[(0, 40)], 1, PREDICATE),
    row(Store, A, Any, Ad, &[(6, 6)], 0, STORED),
    row(Store, A, Any, I, &[(0, 0), (3, 3), (11, 13)], 1, INDEX),
    row(Store, A, Any, S, &[(4, 4)], 0, SOURCE),
    row(Store, A, Any, S, &[(5, 5)], 0, STORED),
    row(Store, A, Any, S, &[(7, 9)], 6, TO_VECTOR_PIPE),
    row(Store, B, Any, S, &[(3, 3)], 0, SOURCE),
    row(Store, B, Any, S, &[(7, 9)], 6, TO_VECTOR_PIPE),
    row(Store, C, Any, S, &[(5, 6)], 0, STORED),
    row(Store, C, Any, Sp, &[(5, 6)], 0, PREDICATE),
    row(Store, C, Any, V, &[(7, 9)], 0, STORED),
    row(Store, C, Any, V, &[(11, 13)], 6, STORED),
    row(Store, C, Any, Vp, &[(7, 9)], 0, PREDICATE),
    row(Store, C, Any, Vp, &[(11, 13)], 2, PREDICATE),
    row(Store, P, Any, Sp, &[(0, 6), (10, 10), (20, 21)], 0, PREDICATE),
    row(Store, P, Any, Sp, &[(7, 13)], 2, PREDICATE),
    row(Vpu, A, Any, S, &[(8, 8), (48, 48)], 6, TO_VECTOR_PIPE),
    row(Vpu, A, Any, Sp, &[(8, 8)], 1, PREDICATE),
    row(Vpu, A, Any, V, &[(0, 29), (34, 51)], 0, SOURCE),
    row(Vpu, A, Any, Vp, &[(8, 8), (15, 18)], 1, PREDICATE),
    row(Vpu, B, Any, S, &[(0, 28), (34, 43), (51, 51)], 6, TO_VECTOR_PIPE),
    row(Vpu, B, Any, V, &[(0, 28), (34, 44), (48, 48), (51, 51)], 0, SOURCE),
    row(Vpu, B, Any, Vp, &[(15, 17)], 1, PREDICATE),
    row(Vpu, C, Any, V, &[(4, 4), (23, 24), (28, 28), (51, 51)], 0, SOURCE),
    of(row(Vpu, C, Any, V, &[(0, 0)], 0, SOURCE), true),
    row(Vpu, C, Any, V, &[(0, 0), (34, 43), (48, 48)], 1, LATE_SOURCE),
    row(Vpu, D, Any, S, &[(34, 43), (51, 51)], 6, TO_VECTOR_PIPE),
    row(Vpu, D, Any, V, &[(34, 43), (51, 51)], 1, LATE_SOURCE),
    row(Vpu, Dest, Any, V, &[(51, 51)], 1, LATE_SOURCE),
    row(Vpu, P, Any, Sp, &[(0, 29), (34, 51)], 2, PREDICATE),
    row(Vpu, P, Any, Vp, &[(0, 29), (34, 51)], 1, PREDICATE),
];

/// The stage at which an instruction of `form` whose result goes to `to` reads a register of `file`, and
/// that of the earliest bypass; `None` if no table says it.
pub(super) fn stages(
    form: &Form,
    field: Field,
    file: File,
    to: Option<File>,
    ty: Option<Type>,
) -> Option<(Stage, Stage)> {
    let float = ty.is_some_and(Type::is_float);
    let fits = |row: &&Row| {
        row.slot == form.slot
            && row.field == field
            && row.file == file
            && row.to.takes(to)
            && row.float.is_none_or(|only| only == float)
            && row.opcodes.iter().any(|&(first, last)| (first..=last).contains(&form.opcode))
    };
    ROWS.iter().find(fits).map(|row| (row.stage, row.bypass))
}
