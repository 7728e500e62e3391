// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Interrupt causes: the bits of registers TPC_INTR_CAUSE and TPC_INTR_MASK.
//!
//! Their names are those of the next chip, whose first register has the same bits.

use std::fmt;

/// Why a core stops, or wants attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// An access behind the end of local memory, of scalars or of vectors.
    SlmAddress = 0,
    /// A step of a division by zero.
    DivideByZero = 1,
    /// A word that is no instruction word.
    IllegalInstruction = 13,
    /// The program counter left the address space.
    PcWrap = 14,
    /// Code or data could not be read.
    HbwRead = 16,
    /// Data could not be written.
    HbwWrite = 17,
    /// A register could not be written.
    LbwWrite = 18,
    /// A register could not be read.
    LbwRead = 19,
}

impl Cause {
    /// Its bit in cause and mask.
    #[must_use]
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SlmAddress => "address behind local memory",
            Self::DivideByZero => "division by zero",
            Self::IllegalInstruction => "illegal instruction",
            Self::PcWrap => "program counter wrapped",
            Self::HbwRead => "memory read error",
            Self::HbwWrite => "memory write error",
            Self::LbwWrite => "register write error",
            Self::LbwRead => "register read error",
        })
    }
}
