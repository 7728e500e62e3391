// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The stages at which results are written.

use crate::form::Form;
use crate::register::File;
use crate::slot::Slot;
use crate::types::Type;

use super::Stage;

/// First and last opcode.
type Range = (u8, u8);

struct Row {
    slot: Slot,
    file: File,
    opcodes: &'static [Range],
    /// Only of floats, or only of others.
    float: Option<bool>,
    stage: Stage,
}

const fn row(slot: Slot, file: File, opcodes: &'static [Range], stage: Stage) -> Row {
    Row { slot, file, opcodes, float: None, stage }
}

const fn of(slot: Slot, file: File, float: bool, opcodes: &'static [Range], stage: Stage) -> Row {
    Row { slot, file, opcodes, float: Some(float), stage }
}

/// The first row that fits counts.
static ROWS: &[Row] = &[
    row(Slot::Load, File::Ad, &[(0, 0)], 6),
    row(Slot::Load, File::I, &[(4, 5)], 1),
    row(Slot::Load, File::I, &[(3, 3)], 3),
    row(Slot::Load, File::S, &[(5, 5), (11, 12)], 3),
    row(Slot::Load, File::Sp, &[(5, 5)], 2),
    row(Slot::Load, File::Sp, &[(11, 12)], 4),
    row(Slot::Load, File::V, &[(5, 7), (9, 9), (12, 12), (14, 19)], 3),
    row(Slot::Load, File::Vp, &[(5, 5)], 2),
    row(Slot::Load, File::Vp, &[(14, 19)], 4),
    row(Slot::Spu, File::I, &[(2, 3), (8, 8), (39, 39)], 1),
    row(Slot::Spu, File::I, &[(1, 1), (5, 7), (15, 18)], 3),
    of(Slot::Spu, File::S, true, &[(0, 3)], 5),
    row(Slot::Spu, File::S, &[(0, 8), (15, 29), (38, 38)], 3),
    row(Slot::Spu, File::S, &[(40, 40)], 6),
    row(Slot::Spu, File::Sp, &[(8, 18)], 2),
    row(Slot::Store, File::Ad, &[(0, 0)], 6),
    row(Slot::Store, File::I, &[(4, 4)], 1),
    row(Slot::Store, File::I, &[(3, 3)], 3),
    of(Slot::Vpu, File::V, true, &[(0, 3), (49, 49)], 5),
    of(Slot::Vpu, File::V, false, &[(49, 49), (51, 51)], 5),
    row(Slot::Vpu, File::V, &[(44, 46), (50, 50)], 4),
    row(Slot::Vpu, File::V, &[(0, 8), (15, 29), (34, 43), (47, 48)], 3),
    row(Slot::Vpu, File::Vp, &[(8, 18)], 2),
];

/// The stage at which an instruction of `form` writes a register of `file`; `None` if no table says it.
pub(super) fn stage(form: &Form, file: File, ty: Option<Type>) -> Option<Stage> {
    let float = ty.is_some_and(Type::is_float);
    let fits = |row: &&Row| {
        row.slot == form.slot
            && row.file == file
            && row.float.is_none_or(|only| only == float)
            && row.opcodes.iter().any(|&(first, last)| (first..=last).contains(&form.opcode))
    };
    ROWS.iter().find(fits).map(|row| row.stage)
}

/// Slots, opcodes and stages of all that write registers of `file`.
pub(super) fn all(file: File) -> impl Iterator<Item = (Slot, u8, Stage)> {
    let rows = ROWS.iter().filter(move |row| row.file == file);
    rows.flat_map(|row| {
        let opcodes = row.opcodes.iter().flat_map(|&(first, last)| first..=last);
        opcodes.map(|opcode| (row.slot, opcode, row.stage))
    })
}
