// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Interrupt causes: the bits of registers TPC_INTR_CAUSE and TPC_INTR_MASK.
//!
//! Their names are those of the next chip (`gaudi_tpc_interrupts_cause`), whose first register has the same bits.

use std::fmt;

/// Why a core stops, or wants attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// An access behind the end of local memory, of scalars or of vectors.
    SlmAddress = 0,
    /// A step of a division by zero.
    DivideByZero = 1,
    /// A sum of products of the scalar pipe does not fit.
    SpuMacOverflow = 2,
    /// A sum or difference of it does not fit.
    SpuSumOverflow = 3,
    /// A magnitude of it does not fit.
    SpuAbsOverflow = 4,
    /// A float of it is infinite, or no number.
    SpuNotFinite = 5,
    /// A float of it is subnormal, before it becomes zero.
    SpuSubnormal = 6,
    /// The same of the vector pipe.
    VpuMacOverflow = 7,
    /// The same of the vector pipe.
    VpuSumOverflow = 8,
    /// The same of the vector pipe.
    VpuAbsOverflow = 9,
    /// The same of the vector pipe.
    VpuNotFinite = 10,
    /// The same of the vector pipe.
    VpuSubnormal = 11,
    /// A word that is no instruction word.
    IllegalInstruction = 13,
    /// The program counter left the address space.
    PcWrap = 14,
    /// Code or data could not be read.
    HbwRead = 16,
    /// Data could not be written.
    HbwWrite = 17,
    /// A register could not be read.
    LbwRead = 18,
    /// A register could not be written.
    LbwWrite = 19,
}

impl Cause {
    /// What results of arithmetic cause. A kernel goes on after them.
    pub const ARITHMETIC: u32 = 0xFFC;

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
            Self::SpuMacOverflow => "overflow of a scalar sum of products",
            Self::SpuSumOverflow => "overflow of a scalar sum",
            Self::SpuAbsOverflow => "overflow of a scalar magnitude",
            Self::SpuNotFinite => "scalar float infinite or no number",
            Self::SpuSubnormal => "scalar float subnormal",
            Self::VpuMacOverflow => "overflow of a vector's sum of products",
            Self::VpuSumOverflow => "overflow of a vector's sum",
            Self::VpuAbsOverflow => "overflow of a vector's magnitude",
            Self::VpuNotFinite => "vector's float infinite or no number",
            Self::VpuSubnormal => "vector's float subnormal",
            Self::IllegalInstruction => "illegal instruction",
            Self::PcWrap => "program counter wrapped",
            Self::HbwRead => "memory read error",
            Self::HbwWrite => "memory write error",
            Self::LbwWrite => "register write error",
            Self::LbwRead => "register read error",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the second half; the first is that of arithmetic.
    #[test]
    fn bits_are_those_of_the_next_chip() {
        let causes = [
            (Cause::IllegalInstruction, 13),
            (Cause::PcWrap, 14),
            (Cause::HbwRead, 16),
            (Cause::HbwWrite, 17),
            (Cause::LbwRead, 18),
            (Cause::LbwWrite, 19),
        ];
        causes.map(|(cause, bit)| assert_eq!(cause.bit(), 1 << bit, "{cause}"));
    }
}
