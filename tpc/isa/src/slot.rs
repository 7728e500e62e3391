// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The four issue slots, and where their fields are in a word.

use std::fmt;

/// An issue slot of the instruction word, in the order of assembler text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Slot {
    /// Loads from memories and tensors.
    Load,
    /// The scalar pipe.
    Spu,
    /// The vector pipe.
    Vpu,
    /// Stores to memories and tensors.
    Store,
}

impl Slot {
    /// All slots.
    pub const ALL: [Self; 4] = [Self::Load, Self::Spu, Self::Vpu, Self::Store];
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Load => "LOAD",
            Self::Spu => "SPU",
            Self::Vpu => "VPU",
            Self::Store => "STORE",
        })
    }
}

/// A field of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Field {
    Opcode,
    A,
    B,
    C,
    D,
    Dest,
    Type,
    Switches,
    /// The number of the predicate register. Its top bit, where there are five, means a vector predicate.
    Predicate,
    Polarity,
    /// The word's only immediate: the same bits for every slot.
    Immediate,
}

impl Field {
    /// The fields that name operands. Some of them are shared by two slots.
    pub const OPERANDS: [Self; 5] = [Self::A, Self::B, Self::C, Self::D, Self::Dest];
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opcode => "opcode",
            Self::A => "source A",
            Self::B => "source B",
            Self::C => "source C",
            Self::D => "source D",
            Self::Dest => "destination",
            Self::Type => "type",
            Self::Switches => "switches",
            Self::Predicate => "predicate",
            Self::Polarity => "predicate polarity",
            Self::Immediate => "immediate",
        })
    }
}

/// A run of bits of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The lowest bit.
    pub low: u8,
    /// Bits, 32 at most.
    pub width: u8,
}

/// Bits `high`..=`low`, as data sheets write them.
pub(crate) const fn bits(high: u8, low: u8) -> Span {
    Span { low, width: high - low + 1 }
}

/// The immediate of the word.
pub const IMMEDIATE: Span = bits(182, 151);

/// Where `field` of `slot` is; `None` if the slot has none (TPC LLVM, `TPCInstrLayout.cpp`).
#[must_use]
pub const fn span(slot: Slot, field: Field) -> Option<Span> {
    Some(match (slot, field) {
        (_, Field::Immediate) => IMMEDIATE,
        (Slot::Spu, Field::Opcode) => bits(5, 0),
        (Slot::Spu, Field::A) => bits(12, 6),
        (Slot::Spu, Field::B) => bits(19, 13),
        (Slot::Spu, Field::Dest) => bits(26, 20),
        (Slot::Spu, Field::Type) => bits(30, 27),
        (Slot::Spu, Field::Polarity) => bits(31, 31),
        (Slot::Spu, Field::Predicate) => bits(35, 32),
        (Slot::Spu, Field::Switches) => bits(42, 36),
        (Slot::Vpu, Field::Opcode) => bits(48, 43),
        (Slot::Vpu, Field::A) => bits(56, 49),
        (Slot::Vpu, Field::B) => bits(64, 57),
        (Slot::Vpu | Slot::Store, Field::C) => bits(72, 65),
        (Slot::Vpu, Field::D) | (Slot::Load, Field::B) => bits(81, 73),
        (Slot::Vpu, Field::Dest) => bits(89, 82),
        (Slot::Vpu, Field::Switches) => bits(92, 90),
        (Slot::Vpu, Field::Type) => bits(96, 93),
        (Slot::Vpu, Field::Polarity) => bits(97, 97),
        (Slot::Vpu, Field::Predicate) => bits(102, 98),
        (Slot::Load, Field::A) => bits(110, 103),
        (Slot::Load, Field::Dest) => bits(118, 111),
        (Slot::Load, Field::Opcode) => bits(123, 119),
        (Slot::Store, Field::A) => bits(131, 124),
        (Slot::Store, Field::B) => bits(139, 132),
        (Slot::Store, Field::Opcode) => bits(144, 140),
        (Slot::Load | Slot::Store, Field::Polarity) => bits(145, 145),
        (Slot::Load | Slot::Store, Field::Predicate) => bits(150, 146),
        (Slot::Spu | Slot::Store | Slot::Load, _) => return None,
    })
}
