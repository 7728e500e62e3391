// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The C interface of libgoya: `goya.h` is made from this.
//!
//! Nothing that panics gets out: it is an error with the code `-EIO`.

#![allow(non_camel_case_types, reason = "names are those that C sees")]

mod commands;
mod device;
mod error;
mod events;
mod memory;
mod submit;
mod tpc;

pub use commands::*;
pub use device::*;
pub use error::*;
pub use events::*;
pub use memory::*;
pub(crate) use submit::duration;
pub use submit::*;
pub use tpc::*;
