// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels for Goya's tensor processing cores.
//!
//! A [`Kernel`] is a program in the text of [`goya_tpc_isa::asm`], with its arguments described in data: who
//! launches it binds [tensors](Kernel::tensors) to descriptors 0 and on, puts [scalars](Kernel::scalars) into
//! S0 and on, and splits its [index space](Kernel::index_space) between cores. What it computes is in
//! [`reference`](mod@reference) too, to the last bit.

mod kernel;
mod list;
pub mod nonsense;
pub mod reference;
mod space;

pub use kernel::{Element, Kernel, Scalar, Tensor};
pub use list::KERNELS;
pub use space::{Index, Part, Space, Step, sizes_text};

/// The kernel of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Kernel> {
    KERNELS.iter().find(|kernel| kernel.name == name)
}
