// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs that are executed, and what they leave behind.

mod attention;
mod control;
mod coverage;
mod far;
mod float_pairs;
mod fuzz;
mod integer_pairs;
mod kernels;
mod lanes;
mod lut;
pub(super) mod machine;
mod memory;
mod move_pairs;
mod scalar;
mod vector;
