// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The instruction set of Goya's tensor processing core (TPC), the first generation, which the
//! vendor's compiler calls `goya` or `dali`.
//!
//! One table of [forms](form::Form) says what instructions there are. The [decoder](Word::decode), the
//! [encoder](Word::encode), the [assembler](asm) and the [disassembler](dis) are made from it.
//!
//! Facts come from the vendor's open compiler, TPC LLVM; each one names its file.

pub mod asm;
pub mod decode;
pub mod dis;
pub mod encode;
pub mod form;
pub mod instruction;
pub mod latency;
pub mod lint;
pub mod loops;
pub mod manual;
pub mod number;
pub mod operand;
mod printable;
pub mod register;
pub mod semantics;
pub mod slot;
pub mod switch;
pub mod table;
pub mod types;
pub mod word;

pub use decode::DecodeError;
pub use encode::EncodeError;
pub use instruction::{Instruction, Predicate, Slots, Word};
pub use loops::Loop;
pub use operand::Operand;
pub use printable::printable;
pub use register::{File, Register};
pub use slot::{Field, Slot};
pub use types::Type;
pub use word::{RawWord, WORD_SIZE};
