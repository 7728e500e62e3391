// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The register files, and how an operand field names their registers.

use std::fmt;

/// A register file, or a single register with a name of its own (TPC LLVM, `TPCRegisterInfo.td`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum File {
    /// Vectors of 256 bytes.
    V,
    /// Pairs of vectors, named by the first, an even one.
    D,
    /// Quads of vectors, named by the first, a multiple of four.
    A,
    /// The vector pipe's random numbers: reading advances them, writing seeds them.
    Lfsr,
    /// The same, not advanced by reading.
    LfsrNoChange,
    /// Lane i of 64 holds i.
    LaneId32,
    /// Lane i of 128 holds i.
    LaneId16,
    /// Lane i of 256 holds i.
    LaneId8,
    /// Scalars of 32 bits; the last four are the loop counters.
    S,
    /// Pairs of scalars, named by the first, an even one.
    Z,
    /// The scalar pipe's random numbers.
    SLfsr,
    /// The same, not advanced by reading.
    SLfsrNoChange,
    /// Indices: five integers of 32 bits, one a dimension.
    I,
    /// Addresses, made by `gen_addr`.
    Ad,
    /// Scalar predicates, one bit; the first reads true.
    Sp,
    /// Vector predicates, 256 bits; the first reads all true.
    Vp,
}

/// What the table of register files says of one.
#[derive(Debug, Clone, Copy)]
pub struct FileInfo {
    /// Which.
    pub file: File,
    /// Its name in text, before the register's number.
    pub prefix: &'static str,
    /// Physical registers of it; a file of one has no number in text.
    pub count: u8,
    /// Physical registers that an operand takes.
    pub group: u8,
    /// Code of its first register in an operand field of the SPU slot.
    pub scalar: Option<u8>,
    /// Code of its first register in an operand field of the other slots.
    pub vector: Option<u8>,
}

const fn row(
    file: File,
    prefix: &'static str,
    count: u8,
    group: u8,
    scalar: Option<u8>,
    vector: Option<u8>,
) -> FileInfo {
    FileInfo { file, prefix, count, group, scalar, vector }
}

/// All register files, in the order of [`File`] (codes: TPC LLVM, `TPCMCCodeEmitter.cpp`).
pub static FILES: [FileInfo; 16] = [
    row(File::V, "V", 40, 1, None, Some(0)),
    row(File::D, "D", 40, 2, None, Some(0)),
    row(File::A, "A", 40, 4, None, Some(0)),
    row(File::Lfsr, "LFSR", 1, 1, None, Some(40)),
    row(File::LfsrNoChange, "LFSR_NO_CHANGE", 1, 1, None, Some(41)),
    row(File::LaneId32, "V_LANE_ID_32", 1, 1, None, Some(42)),
    row(File::LaneId16, "V_LANE_ID_16", 1, 1, None, Some(43)),
    row(File::LaneId8, "V_LANE_ID_8", 1, 1, None, Some(44)),
    row(File::S, "S", 36, 1, Some(0), Some(64)),
    row(File::Z, "Z", 36, 2, Some(0), None),
    row(File::SLfsr, "S_LFSR", 1, 1, Some(40), Some(104)),
    row(File::SLfsrNoChange, "S_LFSR_NO_CHANGE", 1, 1, Some(41), Some(105)),
    row(File::I, "I", 32, 1, Some(64), Some(128)),
    row(File::Ad, "AD", 8, 1, Some(96), Some(160)),
    row(File::Sp, "SP", 16, 1, Some(48), Some(224)),
    row(File::Vp, "VP", 16, 1, None, Some(240)),
];

/// The code of the word's immediate in an operand field of any slot.
pub const IMMEDIATE_CODE: u32 = 127;

impl File {
    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static FileInfo {
        &FILES[self as usize]
    }
}

/// An operand that is a register, or a group of registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Register {
    /// Its file.
    pub file: File,
    /// Its number; of a group, that of the first. Zero for a register without a number.
    pub number: u8,
}

impl Register {
    /// Register `number` of `file`; `None` if there is none, or no group that begins there.
    #[must_use]
    pub fn new(file: File, number: u8) -> Option<Self> {
        let info = file.info();
        (number < info.count && number % info.group == 0).then_some(Self { file, number })
    }

    /// The register called `name`: `V7`, `%SP3`, `LFSR`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix('%').unwrap_or(name);
        FILES.iter().find_map(|info| {
            let number = name.strip_prefix(info.prefix)?;
            if info.count == 1 {
                return number.is_empty().then_some(Self { file: info.file, number: 0 });
            }
            let digits =
                !number.is_empty() && number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit());
            Self::new(info.file, number.parse().ok().filter(|_| digits)?)
        })
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.file.info();
        f.write_str(info.prefix)?;
        if info.count > 1 { write!(f, "{}", self.number) } else { Ok(()) }
    }
}
