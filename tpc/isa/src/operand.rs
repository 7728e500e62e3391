// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Operands, and which ones a place of an instruction takes.

use std::fmt;

use crate::register::{FILES, File, IMMEDIATE_CODE, Register};
use crate::slot::Slot;

/// An operand of an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A register or a group of registers.
    Register(Register),
    /// The immediate of the word.
    Immediate(u32),
    /// A number of the instruction's own: of a tensor, a section, a dimension, a step.
    Number(u8),
    /// Dimensions of an index register, dimension 0 in bit 0.
    Mask(u8),
}

impl Operand {
    /// The register, if it is one.
    #[must_use]
    pub const fn register(self) -> Option<Register> {
        if let Self::Register(register) = self { Some(register) } else { None }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register(register) => register.fmt(f),
            Self::Immediate(value) => write!(f, "{value:#x}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Mask(mask) => write!(f, "b{mask:05b}"),
        }
    }
}

/// The registers and immediates that an operand field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepts(u32);

const IMMEDIATE: u32 = 1 << 16;
const RELATIVE: u32 = 1 << 17;
const ABSOLUTE: u32 = 1 << 18;
const SPELLED_AS_QUAD: u32 = 1 << 19;

impl Accepts {
    /// The word's immediate.
    pub const IMM: Self = Self(IMMEDIATE);
    /// A place in the code, as its distance in bytes from the word.
    pub const RELATIVE: Self = Self(IMMEDIATE | RELATIVE);
    /// A place in the code, as its distance in bytes from the kernel's first word.
    pub const ABSOLUTE: Self = Self(IMMEDIATE | ABSOLUTE);
    /// A vector, in text also as the quad that begins with it: the bits are the same.
    pub const SPELLED_AS_QUAD: Self = Self(1 << File::V as u32 | SPELLED_AS_QUAD);

    /// Registers of `file`.
    #[must_use]
    pub const fn file(file: File) -> Self {
        Self(1 << file as u32)
    }

    /// These and `other`.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether registers of `file` are taken.
    #[must_use]
    pub const fn takes(self, file: File) -> bool {
        self.0 >> file as u32 & 1 != 0
    }

    /// Whether the immediate is taken.
    #[must_use]
    pub const fn takes_immediate(self) -> bool {
        self.0 & IMMEDIATE != 0
    }

    /// Whether a label stands for the distance to it.
    #[must_use]
    pub const fn is_relative(self) -> bool {
        self.0 & RELATIVE != 0
    }

    /// Whether a label stands for an address of code.
    #[must_use]
    pub const fn is_absolute(self) -> bool {
        self.0 & ABSOLUTE != 0
    }

    /// `register` as it is encoded; `None` if it isn't taken.
    #[must_use]
    pub fn spelled(self, register: Register) -> Option<Register> {
        if register.file == File::A && self.0 & SPELLED_AS_QUAD != 0 {
            return Some(Register { file: File::V, ..register });
        }
        self.takes(register.file).then_some(register)
    }

    /// The operand that `code` means in a field of `slot`, in a word with `immediate`.
    #[must_use]
    pub fn decode(self, slot: Slot, code: u32, immediate: u32) -> Option<Operand> {
        if code == IMMEDIATE_CODE {
            return self.takes_immediate().then_some(Operand::Immediate(immediate));
        }
        FILES.iter().filter(|info| self.takes(info.file)).find_map(|info| {
            let number = code.checked_sub(first_code(slot, info.file)?)?;
            Register::new(info.file, u8::try_from(number).ok()?).map(Operand::Register)
        })
    }
}

/// The code of `operand` in a register field of `slot`.
#[must_use]
pub fn encode(slot: Slot, operand: Operand) -> Option<u32> {
    match operand {
        Operand::Register(r) => Some(first_code(slot, r.file)? + u32::from(r.number)),
        Operand::Immediate(_) => Some(IMMEDIATE_CODE),
        Operand::Number(_) | Operand::Mask(_) => None,
    }
}

fn first_code(slot: Slot, file: File) -> Option<u32> {
    let info = file.info();
    if slot == Slot::Spu { info.scalar } else { info.vector }.map(u32::from)
}

impl fmt::Display for Accepts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = FILES.iter().filter(|info| self.takes(info.file)).map(|info| info.prefix);
        let label = self.0 & (RELATIVE | ABSOLUTE) != 0;
        let rest = [(label, "label"), (self.takes_immediate(), "imm")];
        let rest = rest.iter().filter(|r| r.0).map(|r| r.1);
        for (i, name) in files.chain(rest).enumerate() {
            let separator = if i == 0 { "" } else { "|" };
            write!(f, "{separator}{name}")?;
        }
        Ok(())
    }
}
