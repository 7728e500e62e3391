// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The exposed pipeline: a result is in its register at once, and what it replaced is kept for as long as
//! somebody may still have to read that.

use std::collections::VecDeque;

use goya_tpc_isa::latency::{self, MAX_DISTANCE, Read, Write};
use goya_tpc_isa::{File, Loop, Register};

use super::core::is_exposed;
use super::effect::Effect;
use super::op::Op;
use super::registers::{Address, Index, Registers};
use super::vector::{Mask, Vector};

/// Vectors that can have been replaced a short time ago, and more: LOAD writes two a word, VPU four.
const VECTORS: usize = 64;
const _: () = assert!(VECTORS >= 6 * (MAX_DISTANCE as usize + 1));

/// What a register held.
#[derive(Debug, Clone, Copy)]
enum Value {
    /// A vector, by its place.
    V(u8),
    S(u32),
    I(Index),
    Ad(Address),
    Sp(bool),
    Vp(Mask),
}

/// A value that was replaced.
#[derive(Debug, Clone)]
struct Replaced {
    register: Register,
    value: Value,
    write: Write,
    word: u64,
}

/// A set of registers of the files that results reach late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RegisterSet([u64; 3]);

impl RegisterSet {
    fn add(&mut self, first: Register, count: u8) {
        // Where a file's first register is among all bits.
        let base = match first.file {
            File::S => 0,
            File::Vp => 36,
            File::I => 64,
            File::Ad => 96,
            File::Sp => 104,
            _ => 128,
        };
        for k in 0..count {
            let bit = base + usize::from(first.number + k);
            if let Some(bits) = self.0.get_mut(bit / 64) {
                *bits |= 1 << (bit % 64);
            }
        }
    }

    /// Those that are read.
    pub fn of(reads: &[Read]) -> Self {
        let mut set = Self::default();
        reads.iter().for_each(|read| set.add(read.register, read.count));
        set
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }
}

/// What a register held before it was made to hold an old value.
#[derive(Debug)]
enum Held {
    Vector(Box<Vector>),
    Other(Value),
}

/// The values that have been replaced a short time ago, oldest first.
#[derive(Debug)]
pub struct Pipeline {
    exposed: bool,
    word: u64,
    replaced: VecDeque<Replaced>,
    /// The registers that they are of.
    pending: RegisterSet,
    /// Vectors among them, in turns.
    vectors: Vec<Vector>,
    next: u8,
    /// Registers that hold old values for a moment, and what they held.
    patched: Vec<(Register, Held)>,
}

impl Pipeline {
    /// A pipeline; unless it is `exposed`, results are seen by the next word.
    pub fn new(exposed: bool) -> Self {
        Self {
            exposed,
            word: 0,
            replaced: VecDeque::new(),
            pending: RegisterSet::default(),
            vectors: if exposed { vec![Vector::default(); VECTORS] } else { Vec::new() },
            next: 0,
            patched: Vec::new(),
        }
    }

    /// So many words begin.
    pub fn pass(&mut self, words: u64) {
        self.word += words;
        let word = self.word;
        let gone = |replaced: &Replaced| word - replaced.word > u64::from(MAX_DISTANCE);
        if !self.replaced.front().is_some_and(gone) {
            return;
        }
        while self.replaced.front().is_some_and(gone) {
            self.replaced.pop_front();
        }
        self.pending = RegisterSet::default();
        self.replaced.iter().for_each(|replaced| self.pending.add(replaced.register, 1));
    }

    /// Keeps what `effect` will replace.
    pub fn record(&mut self, op: &Op, effect: &Effect, registers: &Registers) {
        if !self.exposed || *effect == Effect::Nothing {
            return;
        }
        for write in op.writes.iter().filter(|write| is_exposed(write.register.file)) {
            for k in 0..write.count {
                let register = Register { number: write.register.number + k, ..write.register };
                match get(registers, register) {
                    Ok(value) => self.keep(register, value, write),
                    Err(vector) => {
                        let place = self.next;
                        self.next = (place + 1) % VECTORS as u8;
                        if let Some(to) = self.vectors.get_mut(usize::from(place)) {
                            *to = *vector;
                        }
                        self.keep(register, Value::V(place), write);
                    }
                }
            }
        }
    }

    // Inlined so that a vector's place is written where it is kept, and no value as large as the largest is copied for it.
    #[inline(always)]
    fn keep(&mut self, register: Register, value: Value, write: &Write) {
        self.pending.add(register, 1);
        self.replaced.push_back(Replaced { register, value, write: *write, word: self.word });
    }

    /// Makes the registers that are read too early hold what the reader sees. `of` is the set of those of `reads`. Answers after how
    /// many words all would have been there.
    pub fn patch(&mut self, reads: &[Read], of: &RegisterSet, registers: &mut Registers) -> u8 {
        if !self.pending.meets(of) {
            return 0;
        }
        let mut stall = 0;
        for read in reads {
            for k in 0..read.count {
                let register = Register { number: read.register.number + k, ..read.register };
                // The oldest result that is not there yet hides all that came after it.
                let rest = |replaced: &Replaced| {
                    let distance = u64::from(read.distance(&replaced.write));
                    distance.saturating_sub(self.word - replaced.word)
                };
                let mut early = self.replaced.iter();
                let early = early.find(|replaced| replaced.register == register && rest(replaced) > 0);
                if let Some(replaced) = early {
                    stall = stall.max(rest(replaced) as u8);
                    let held = get(registers, register)
                        .map_or_else(|vector| Held::Vector(Box::new(*vector)), Held::Other);
                    self.patched.push((register, held));
                    match replaced.value {
                        Value::V(place) => {
                            let vector = self.vectors.get(usize::from(place));
                            vector.into_iter().for_each(|v| *registers.v_mut(register.number) = *v);
                        }
                        ref other => set(registers, register, other),
                    }
                }
            }
        }
        stall
    }

    /// Gives the registers back what they held.
    pub fn unpatch(&mut self, registers: &mut Registers) {
        while let Some((register, held)) = self.patched.pop() {
            match held {
                Held::Vector(vector) => *registers.v_mut(register.number) = *vector,
                Held::Other(value) => set(registers, register, &value),
            }
        }
    }

    /// The same as [`Self::patch`], for a loop's bounds and predicate.
    pub fn patch_loop(&mut self, l: &Loop, registers: &mut Registers) -> u8 {
        let reads: Vec<_> = latency::loop_reads(l).collect();
        self.patch(&reads, &RegisterSet::of(&reads), registers)
    }

    /// The same as [`Self::unpatch`], but for loop counters, which the loop has set.
    pub fn unpatch_scalars(&mut self, registers: &mut Registers) {
        let counter = |register: &Register| register.file == File::S && register.number >= 32;
        self.patched.retain(|(register, _)| !counter(register));
        self.unpatch(registers);
    }
}

/// What a register holds; a vector where it is.
fn get(registers: &Registers, register: Register) -> Result<Value, &Vector> {
    let number = register.number;
    Ok(match register.file {
        File::S => Value::S(registers.s(number)),
        File::I => Value::I(registers.i(number)),
        File::Ad => Value::Ad(registers.ad(number)),
        File::Sp => Value::Sp(registers.sp(number)),
        File::Vp => Value::Vp(*registers.vp(number)),
        _ => return Err(registers.v(number)),
    })
}

fn set(registers: &mut Registers, register: Register, value: &Value) {
    let number = register.number;
    match value {
        Value::V(_) => {}
        Value::S(value) => registers.set_s(number, *value),
        Value::I(value) => *registers.i_mut(number) = *value,
        Value::Ad(value) => registers.set_ad(number, *value),
        Value::Sp(value) => registers.set_sp(number, *value),
        Value::Vp(value) => {
            if let Some(to) = registers.vp_mut(number) {
                *to = *value;
            }
        }
    }
}
