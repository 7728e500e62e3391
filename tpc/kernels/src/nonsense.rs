// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs that make little sense, for those who test what executes them: random words, and the kernels of this crate with some damage.
//!
//! All of it is made from the numbers that `next` returns, so whoever repeats these repeats the program.

use std::collections::BTreeMap;

use goya_tpc_isa::slot::{IMMEDIATE, Span, span};
use goya_tpc_isa::{Field, RawWord, Slot, loops, table};

use crate::list::KERNELS;

/// Random numbers.
struct Random<'a>(&'a mut dyn FnMut() -> u64);

impl Random<'_> {
    fn next(&mut self) -> u64 {
        (self.0)()
    }

    /// Which of `n`, if there are any.
    fn index(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// Any bits, small numbers more often than by chance.
    fn bits(&mut self) -> u32 {
        (self.next() as u32) >> self.index(32)
    }
}

/// A word with instructions that there are, whose fields are random.
fn word(random: &mut Random<'_>) -> RawWord {
    let mut word = RawWord::default();
    for slot in Slot::ALL {
        let forms = table::forms(slot);
        let form = if random.index(2) == 0 { table::nop(slot) } else { &forms[random.index(forms.len())] };
        let mut set = |field, value| span(slot, field).into_iter().for_each(|span| word.set(span, value));
        set(Field::Opcode, u32::from(form.opcode));
        for field in Field::OPERANDS.into_iter().chain([Field::Type, Field::Switches, Field::Predicate]) {
            let few = random.next() & random.next();
            let value = [random.next() as u32, 127, few as u32, 0][random.index(4)];
            if form.uses(field) || field == Field::Predicate && random.index(4) == 0 {
                set(field, value);
            }
        }
    }
    word.set(IMMEDIATE, random.bits());
    if random.index(16) == 0 {
        word.set(Span { low: 0, width: 6 }, loops::OPCODE);
        word.set(Span { low: 100, width: 16 }, 32 * (random.next() as u32 & 15));
        word.set(Span { low: 116, width: 3 }, random.next() as u32 % 7);
    }
    word
}

/// One of the kernels, as it is.
pub fn kernel(next: &mut dyn FnMut() -> u64) -> Vec<RawWord> {
    let which = Random(next).index(KERNELS.len());
    // All of them can be assembled.
    KERNELS
        .get(which)
        .and_then(|kernel| kernel.assemble().ok())
        .map(|program| program.words)
        .unwrap_or_default()
}

/// A kernel with some damage, or words without sense.
pub fn program(next: &mut dyn FnMut() -> u64) -> Vec<RawWord> {
    let mut words = match next() % 4 {
        0 => {
            let mut random = Random(next);
            (0..1 + random.index(60)).map(|_| word(&mut random)).collect()
        }
        _ => kernel(next),
    };
    let mut random = Random(next);
    for _ in 0..random.index(6) {
        let (at, other) = (random.index(words.len()), random.index(words.len()));
        match random.index(4) {
            0 => words[at] = word(&mut random),
            1 => words.swap(at, other),
            2 => words[at] = RawWord::from_bytes(&std::array::from_fn(|_| random.next() as u8)),
            _ => {
                let span = Span { low: random.index(190) as u8, width: 1 };
                let bit = words[at].get(span) ^ 1;
                words[at].set(span, bit);
            }
        }
    }
    words
}

/// Registers that describe a kernel whose code is at `code`, by their offset in the core's configuration block (`tpc0_cfg_regs.h`):
/// its tensors are mostly at `data`, and small, its index space and most of its scalars, too.
pub fn description(next: &mut dyn FnMut() -> u64, code: u64, data: u64) -> BTreeMap<u32, u32> {
    let mut random = Random(next);
    let mut registers = BTreeMap::from([(0x660, code as u32), (0x664, (code >> 32) as u32)]);
    for tensor in 0..8 {
        let at = 0x400 + 0x4C * tensor;
        let base = if random.index(16) == 0 { random.next() } else { data };
        let config = random.index(4) as u32 | 0x1F00 | 4 << 16;
        registers.extend([
            (at, base as u32),
            (at + 4, (base >> 32) as u32),
            (at + 8, random.bits()),
            (at + 12, config),
        ]);
        for (d, size) in [40, 3, 2, 1, 1].into_iter().enumerate() {
            let field = at + 0x10 + 12 * d as u32;
            registers.extend([(field, size), (field + 4, [1, 40, 120, 240, 240][d])]);
            if random.index(16) == 0 {
                registers.insert(field + 4 * random.index(3) as u32, random.bits());
            }
        }
    }
    for d in 0..5 {
        registers.extend([(0x668 + 8 * d, random.bits() & 3), (0x66C + 8 * d, 1 + (random.bits() & 3))]);
    }
    registers.extend((0..32).map(|i| (0x690 + 4 * i, random.bits())));
    registers.insert(0x710, random.bits() & 1);
    registers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Splitmix64.
    fn numbers(mut state: u64) -> impl FnMut() -> u64 {
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z ^ z >> 27
        }
    }

    #[test]
    fn numbers_repeat_a_program() {
        let make = |seed| {
            let mut next = numbers(seed);
            let words = program(&mut next);
            (words, description(&mut next, 1 << 33 | 32, 4096))
        };
        for seed in 0..200 {
            let (words, registers) = make(seed);
            assert!(!words.is_empty() && (words, registers.clone()) == make(seed));
            assert_eq!((registers[&0x660], registers[&0x664]), (32, 2));
        }
        assert_ne!(make(1), make(2));
    }
}
