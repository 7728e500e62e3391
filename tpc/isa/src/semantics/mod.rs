// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the instructions do, in words for the manual. The other half of an entry comes from the [table](crate::table).
//!
//! `a`, `b`, `c` and `e` are the sources in the fields of those names (`e` is source D), `d` is the destination. What
//! nobody has published is in `unsure`, with the reading that the emulated core has.

mod load;
mod spu;
mod store;
mod switches;
mod vpu;

use crate::slot::Slot;

pub use switches::meaning;

/// What an instruction does.
#[derive(Debug, Clone, Copy)]
pub struct Semantics {
    /// Its name in text.
    pub mnemonic: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it does, as a program.
    pub pseudo: &'static str,
    /// What else is to be known; may be empty.
    pub text: &'static str,
    /// What is not known, and how it is read; may be empty.
    pub unsure: &'static str,
}

const fn entry(mnemonic: &'static str, title: &'static str, pseudo: &'static str) -> Semantics {
    Semantics { mnemonic, title, pseudo, text: "", unsure: "" }
}

impl Semantics {
    const fn text(self, text: &'static str) -> Self {
        Self { text, ..self }
    }

    const fn unsure(self, unsure: &'static str) -> Self {
        Self { unsure, ..self }
    }
}

/// The instructions of `slot`, in the order of their opcodes.
#[must_use]
pub fn of(slot: Slot) -> &'static [Semantics] {
    match slot {
        Slot::Load => load::ENTRIES,
        Slot::Spu => spu::ENTRIES,
        Slot::Vpu => vpu::ENTRIES,
        Slot::Store => store::ENTRIES,
    }
}

// What several instructions share.
const COUNTS: &str = "Counts of the element's width and more give zero.";
const NO_NUMBER: &str = "One operand that is no number is the result.";
const FLUSH: &str = "Subnormal numbers are zero, as operands and as results; a result that is no number has the bits 0x7FFFFFFF.";
const COMPARED: &str = "If one of two floats is no number, only ``cmp_neq`` is true.";
const ROUNDED: &str = "Without a rounding word, register ROUND_CSR says it. Results saturate.";
const OUT_OF_RANGE: &str =
    "A float that is no number becomes 0; ROUND_CSR is to nearest, ties to even, after a reset.";
const SHIFTED: &str = "A negative ``b`` shifts right. Its low eight bits count.";
const NOT_FOUND: &str = "If there is no such bit, the result is the element's width.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    #[test]
    fn every_instruction_has_one_entry() {
        for slot in Slot::ALL {
            let mut known: Vec<_> = table::forms(slot).iter().map(|form| form.mnemonic).collect();
            known.dedup();
            if slot == Slot::Spu {
                let at = known.iter().position(|&mnemonic| mnemonic == "jmpr").unwrap();
                known.insert(at, "loop");
            }
            let entries: Vec<_> = of(slot).iter().map(|entry| entry.mnemonic).collect();
            assert_eq!(entries, known, "{slot}");
            assert!(of(slot).iter().all(|entry| !entry.title.is_empty() && !entry.pseudo.is_empty()));
        }
    }

    #[test]
    fn every_switch_has_a_meaning() {
        for form in Slot::ALL.into_iter().flat_map(table::forms) {
            for switch in form.switches {
                let text = switch.to_string();
                assert!(text.is_empty() || !meaning(switch).is_empty(), "{form}: {text}");
            }
        }
    }
}
