// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The instruction set as a table: one row a form, a file for each slot.
//!
//! Opcodes and operands are those of TPC LLVM, `TPCInstrInfo.td`; the types that an operation takes
//! are those of its C intrinsics for Goya, `tpc-intrinsics.h`.

mod build;
mod load;
mod spu;
mod store;
mod vpu;
mod words;

use crate::form::Form;
use crate::slot::Slot;

/// All forms of `slot`, by opcode. Of several forms that an instruction word fits, the first is meant.
///
/// The tables are statics: a form is known by its address, and a constant may have several.
#[must_use]
pub fn forms(slot: Slot) -> &'static [Form] {
    match slot {
        Slot::Load => load::FORMS,
        Slot::Spu => spu::FORMS,
        Slot::Vpu => vpu::FORMS,
        Slot::Store => store::FORMS,
    }
}

/// The forms of `opcode` in `slot`; none if Goya does not have it.
#[must_use]
pub fn forms_of(slot: Slot, opcode: u32) -> &'static [Form] {
    let (index, forms): (&[(u16, u16); 64], _) = match slot {
        Slot::Load => (&INDICES[0], load::FORMS),
        Slot::Spu => (&INDICES[1], spu::FORMS),
        Slot::Vpu => (&INDICES[2], vpu::FORMS),
        Slot::Store => (&INDICES[3], store::FORMS),
    };
    let range = usize::try_from(opcode).ok().and_then(|opcode| index.get(opcode));
    range.and_then(|&(first, end)| forms.get(usize::from(first)..usize::from(end))).unwrap_or_default()
}

/// The form of `slot` that does nothing.
#[must_use]
pub fn nop(slot: Slot) -> &'static Form {
    let forms = forms(slot);
    // Every slot's table ends with it, which a test holds.
    &forms[forms.len() - 1]
}

/// First and end of the rows of every opcode.
static INDICES: [[(u16, u16); 64]; 4] =
    [index(load::FORMS), index(spu::FORMS), index(vpu::FORMS), index(store::FORMS)];

const fn index(forms: &[Form]) -> [(u16, u16); 64] {
    let mut index = [(0, 0); 64];
    let mut i = 0;
    while i < forms.len() {
        let opcode = forms[i].opcode as usize;
        if index[opcode].1 == 0 {
            index[opcode].0 = i as u16;
        }
        index[opcode].1 = i as u16 + 1;
        i += 1;
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{MAX_OPERANDS, MAX_SWITCHES};
    use crate::slot::span;

    #[test]
    fn the_rows_are_sorted_fit_and_end_with_nop() {
        for slot in Slot::ALL {
            assert!(forms(slot).is_sorted_by_key(|f| f.opcode), "{slot}");
            assert!(nop(slot).is_nop());
            for form in forms(slot) {
                assert_eq!(form.slot, slot, "{form}");
                assert!(form.places.len() <= MAX_OPERANDS && form.switches.len() <= MAX_SWITCHES, "{form}");
                for field in form.places.iter().map(|p| p.field).chain(form.switches.iter().map(|s| s.field))
                {
                    assert!(span(slot, field).is_some(), "{slot} {form}: {field}");
                }
                assert!(forms_of(slot, u32::from(form.opcode)).contains(form), "{form}");
            }
        }
    }
}
