// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The kernels on emulated cores, compared bit for bit with what they compute in Rust: on one core and on eight, with
//! the pipeline exposed and not.

mod array;
mod conversions;
mod elementwise;
mod launch;
mod lookup;
mod manual;
mod matrices;
mod rows;
mod texts;

use array::{Array, Random, Value};
use launch::launch;
