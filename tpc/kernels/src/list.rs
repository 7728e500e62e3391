// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! The kernels that there are.

use crate::kernel::{Element, Kernel, Scalar, Tensor};
use crate::space::{Space, Step};
use Element::{Any, F32, I8, I16, I32, U8};
use Step::{Elements, Whole};

const fn input(name: &'static str, element: Element, dimensions: &'static [&'static str]) -> Tensor {
    Tensor { name, element, dimensions, output: false }
}

const fn output(name: &'static str, element: Element, dimensions: &'static [&'static str]) -> Tensor {
    Tensor { name, element, dimensions, output: true }
}

const fn scalar(name: &'static str, element: Element) -> Scalar {
    Scalar { name, element }
}

const fn space(tensor: usize, steps: [Step; 5]) -> Space {
    Space { tensor, steps }
}

const ONE: Step = Elements(1);
/// The dimensions of what is computed element by element.
const ALL: &[&str] = &["width", "height", "planes", "images"];
const ROWS: &[&str] = &["1", "height", "planes", "images"];

/// The index space of what is computed by vectors of so many elements.
const fn vectors(tensor: usize, elements: u32) -> Space {
    space(tensor, [Elements(elements), ONE, ONE, ONE, Whole])
}

/// The index space of what is computed by rows.
const fn rows(tensor: usize) -> Space {
    space(tensor, [Whole, ONE, ONE, ONE, Whole])
}

const UNARY_F32: &[Tensor] = &[input("a", F32, ALL), output("b", F32, ALL)];
const BINARY_F32: &[Tensor] = &[input("a", F32, ALL), input("b", F32, ALL), output("c", F32, ALL)];

macro_rules! kernels {
    ($($name:literal: $tensors:expr, $scalars:expr, $space:expr;)*) => {
        /// The kernels, by their names.
        pub const KERNELS: &[Kernel] = &[$(
            Kernel {
                name: $name,
                text: include_str!(concat!("../asm/", $name, ".s")),
                tensors: $tensors,
                scalars: $scalars,
                space: $space,
            },
        )*];
    };
}

kernels! {
    "add_f32": BINARY_F32, &[], vectors(2, 64);
    "add_sat_i8": &[input("a", I8, ALL), input("b", I8, ALL), output("c", I8, ALL)], &[], vectors(2, 256);
    "clamp_f32": UNARY_F32, &[scalar("low", F32), scalar("high", F32)], vectors(1, 64);
    "copy": &[input("a", Any, ALL), output("b", Any, ALL)], &[scalar("vector", I32)],
        space(1, [Step::Scalar(0), ONE, ONE, ONE, Whole]);
    "exp_f32": UNARY_F32, &[], vectors(1, 64);
    "f32_to_i16": &[input("a", F32, ALL), output("b", I16, ALL)], &[], vectors(1, 128);
    "f32_to_i8": &[input("a", F32, ALL), output("b", I8, ALL)], &[], vectors(1, 256);
    "filter3x3_f32": UNARY_F32, &[scalar("weight", F32); 9],
        space(1, [Elements(64), Elements(2), ONE, ONE, Whole]);
    "gather_f32":
        &[input("table", F32, &["width", "entries"]), input("indices", I32, &["count"]),
          output("b", F32, &["width", "count"])],
        &[], space(2, [Elements(64), ONE, Whole, Whole, Whole]);
    "histogram_u8":
        &[input("a", U8, &["width", "height", "planes"]), output("b", I32, &["256", "height", "planes"])],
        &[], space(1, [Whole, ONE, ONE, Whole, Whole]);
    "i16_to_f32": &[input("a", I16, ALL), output("b", F32, ALL)], &[], vectors(1, 128);
    "i16_to_i8": &[input("a", I16, ALL), output("b", I8, ALL)], &[], vectors(1, 256);
    "i8_to_f32": &[input("a", I8, ALL), output("b", F32, ALL)], &[], vectors(1, 256);
    "i8_to_i16": &[input("a", I8, ALL), output("b", I16, ALL)], &[], vectors(1, 256);
    "matmul_f32":
        &[input("a", F32, &["depth", "rows", "batches"]), input("b", F32, &["columns", "depth", "batches"]),
          output("c", F32, &["columns", "rows", "batches"])],
        &[], space(2, [Elements(128), Elements(8), ONE, Whole, Whole]);
    "matmul_i8":
        &[input("a", I8, &["depth", "rows", "batches"]), input("b", I8, &["columns", "depth", "batches"]),
          output("c", I8, &["columns", "rows", "batches"])],
        &[scalar("shift", I32)], space(2, [Elements(256), Elements(8), ONE, Whole, Whole]);
    "mul_f32": BINARY_F32, &[], vectors(2, 64);
    "relu_f32": UNARY_F32, &[], vectors(1, 64);
    "row_arg_max_f32": &[input("a", F32, ALL), output("b", I32, ROWS)], &[], rows(1);
    "row_max_f32": &[input("a", F32, ALL), output("b", F32, ROWS)], &[], rows(1);
    "row_sum_f32": &[input("a", F32, ALL), output("b", F32, ROWS)], &[], rows(1);
    "scaled_add_f32": BINARY_F32, &[scalar("scale", F32)], vectors(2, 64);
    "softmax_f32": UNARY_F32, &[], rows(1);
    "transpose_f32":
        &[input("a", F32, &["width", "height", "planes"]), output("b", F32, &["height", "width", "planes"])],
        &[], space(1, [Elements(64), Elements(64), ONE, Whole, Whole]);
}
