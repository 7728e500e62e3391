// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What the kernels compute, in Rust: the same operations in the same order with the same rounding.
//!
//! Tensors are slices, dense, with dimension 0 the fastest.

mod convert;
mod elementwise;
mod exponential;
mod float;
mod image;
mod lookup;
mod matmul;
mod rows;

pub use convert::{f32_to_i8, f32_to_i16, i8_to_f32, i8_to_i16, i16_to_f32, i16_to_i8};
pub use elementwise::{add_f32, add_sat_i8, clamp_f32, mul_f32, relu_f32, scaled_add_f32};
pub use exponential::{exp_f32, softmax_f32};
pub use image::filter3x3_f32;
pub use lookup::{gather_f32, histogram_u8, transpose_f32};
pub use matmul::{matmul_f32, matmul_i8};
pub use rows::{row_arg_max_f32, row_max_f32, row_sum_f32};
