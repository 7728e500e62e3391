// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels on the tensor cores: load, bind, launch, wait.
//!
//! A [`Program`] is a kernel's code in the card's memory. [`Program::bind`] gives it tensors and scalars, splits its index
//! space between cores, and puts the packets of a launch into the card's memory; a [`Launch`] can be started any number of
//! times. [`Descriptor`] is what a core is told, for those who write packets themselves. Facts: `Documentation/tpc.rst`.
//!
//! ```no_run
//! use goya::Device;
//! use goya::tpc::{Program, Tensor, find};
//!
//! # fn main() -> goya::Result {
//! let device = Device::open_first()?;
//! let memory = device.device_memory(3 << 20)?;
//! let sizes = [1024, 16, 1, 1, 1];
//! let tensor = |n: u64| goya::Result::Ok(Tensor::new(memory.at(n << 20, 1 << 20)?, 4, sizes));
//! let program = Program::load(&device, find("add_f32")?)?;
//! let mut launch = program.bind(&[tensor(0)?, tensor(1)?, tensor(2)?], &[], 8)?;
//! launch.start()?.wait()?;
//! # Ok(())
//! # }
//! ```

mod descriptor;
mod launch;

/// Kernels that come with the library, and how an index space is split.
pub use goya_tpc_kernels::{Element, Index, KERNELS, Kernel, Part, sizes_text};

pub use descriptor::{Descriptor, Tensor, completion_message, launch_packets};
pub use launch::{Launch, Program};

/// Cores of a card.
pub const CORES: u32 = 8;

/// The kernel of this name, of those that come with the library.
///
/// # Errors
/// If there is none; [`KERNELS`] has all of them.
pub fn find(name: &str) -> crate::Result<&'static Kernel> {
    goya_tpc_kernels::find(name).ok_or_else(|| {
        crate::Error::Invalid(format!(
            "no kernel is called {name}; \"goyactl kernel list\" has those that there are"
        ))
    })
}
