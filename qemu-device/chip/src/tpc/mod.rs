// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A tensor processing core: it executes the programs of [`goya_tpc_isa`].
//!
//! [`Core`] has registers, local memories and the descriptors of a kernel, and knows nothing of the rest of the
//! chip: what it reads and writes outside of itself goes through [`Memory`]. A run depends on nothing but what
//! it is started with and what memory answers.
//!
//! Semantics are those of the vendor's compiler and its intrinsics (TPC LLVM, `tpc-intrinsics.h`). What they
//! leave open is in [`choices`].

mod attention;
mod cause;
pub mod choices;
mod code;
mod control;
mod convert;
mod core;
mod effect;
mod float;
mod lane;
mod load;
mod local;
mod lut;
mod memory;
mod op;
mod pipeline;
mod random;
#[cfg(any(test, feature = "testing"))]
mod regions;
mod registers;
mod simd;
mod spu;
mod stop;
mod store;
mod tensor;
mod vector;
mod vectors;
mod vpu;

#[cfg(test)]
mod tests;

pub use cause::Cause;
pub use core::{Core, Profile, Progress, Surroundings};
pub use local::{Local, SLM_SIZE, VLM_SIZE};
pub use memory::{Memory, MemoryFault};
pub use random::{ScalarRandom, VectorRandom};
#[cfg(any(test, feature = "testing"))]
pub use regions::Regions;
pub use registers::{Address, Index, Registers};
pub use stop::Stop;
pub use tensor::{Dimension, Tensor};
pub use vector::{Mask, VECTOR_SIZE, Vector};
pub use vectors::VectorFile;
