// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The exposed pipeline: a result is in its register at once, and what it replaced is kept for as long as
//! somebody may still have to read that.

use goya_tpc_isa::latency::{self, MAX_DISTANCE, Read, Write};
use goya_tpc_isa::{File, Loop, Register};

use super::core::is_exposed;
use super::effect::Effect;
use super::op::Op;
use super::registers::{Address, Index, Registers};
use super::vector::{Mask, Vector};

/// What a register held.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant)] // vectors are what is replaced most
enum Value {
    V(Vector),
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

/// The values that have been replaced a short time ago, oldest first.
#[derive(Debug)]
pub struct Pipeline {
    exposed: bool,
    word: u64,
    replaced: Vec<Replaced>,
}

/// What has to be made undone after a word has read its registers.
#[derive(Debug, Default)]
pub struct Undo {
    /// Registers that hold old values for a moment, and what they held.
    registers: Vec<(Register, Held)>,
    /// Words after which all that was read would have been there.
    pub stall: u8,
}

/// What a register held before it was made to hold an old value.
#[derive(Debug, Clone, Copy)]
pub struct Held(Value);

impl Pipeline {
    /// A pipeline; unless it is `exposed`, results are seen by the next word.
    pub fn new(exposed: bool) -> Self {
        Self { exposed, word: 0, replaced: Vec::new() }
    }

    /// So many words begin.
    pub fn pass(&mut self, words: u64) {
        self.word += words;
        let gone = |replaced: &Replaced| self.word - replaced.word > u64::from(MAX_DISTANCE);
        if self.replaced.first().is_some_and(gone) {
            let count = self.replaced.iter().take_while(|replaced| gone(replaced)).count();
            self.replaced.drain(..count);
        }
    }

    /// Keeps what `effect` will replace.
    pub fn record(&mut self, op: &Op, effect: &Effect, registers: &Registers) {
        if !self.exposed || *effect == Effect::Nothing {
            return;
        }
        for write in op.writes.iter().filter(|write| is_exposed(write.register.file)) {
            for k in 0..write.count {
                let register = Register { number: write.register.number + k, ..write.register };
                let value = get(registers, register);
                self.replaced.push(Replaced { register, value, write: *write, word: self.word });
            }
        }
    }

    /// Makes the registers that are read too early hold what the reader sees.
    pub fn patch(&self, reads: &[Read], registers: &mut Registers) -> Undo {
        let mut undo = Undo::default();
        if self.replaced.is_empty() {
            return undo;
        }
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
                    undo.stall = undo.stall.max(rest(replaced) as u8);
                    undo.registers.push((register, Held(get(registers, register))));
                    set(registers, register, &replaced.value);
                }
            }
        }
        undo
    }

    /// Gives the registers back what they held.
    pub fn unpatch(&self, undo: Undo, registers: &mut Registers) {
        for (register, held) in undo.registers.iter().rev() {
            set(registers, *register, &held.0);
        }
    }

    /// The same as [`Self::patch`], for a loop's bounds and predicate.
    pub fn patch_loop(&self, l: &Loop, registers: &mut Registers) -> Undo {
        let reads: Vec<_> = latency::loop_reads(l).collect();
        self.patch(&reads, registers)
    }

    /// The same as [`Self::unpatch`], but for loop counters, which the loop has set.
    pub fn unpatch_scalars(&self, undo: Undo, registers: &mut Registers) {
        let counter = |register: &Register| register.file == File::S && register.number >= 32;
        let others = undo.registers.into_iter().filter(|(register, _)| !counter(register)).collect();
        self.unpatch(Undo { registers: others, ..undo }, registers);
    }
}

fn get(registers: &Registers, register: Register) -> Value {
    let number = register.number;
    match register.file {
        File::S => Value::S(registers.s(number)),
        File::I => Value::I(registers.i(number)),
        File::Ad => Value::Ad(registers.ad(number)),
        File::Sp => Value::Sp(registers.sp(number)),
        File::Vp => Value::Vp(*registers.vp(number)),
        _ => Value::V(*registers.v(number)),
    }
}

fn set(registers: &mut Registers, register: Register, value: &Value) {
    let number = register.number;
    match value {
        Value::V(value) => *registers.v_mut(number) = *value,
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
