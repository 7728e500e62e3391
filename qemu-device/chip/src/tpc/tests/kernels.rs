// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The vendor's assembler's kernels, with inputs and the bytes that have to come out.

use std::collections::HashMap;
use std::path::PathBuf;

use goya_tpc_isa::RawWord;
use serde_json::Value;

use super::super::{Core, Progress, Regions};
use super::machine::CODE;

const TENSORS: u64 = 0x20_0000_0000;
const TENSOR_ROOM: u64 = 1 << 20;

fn vectors(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tpc/isa/tests/vectors").join(name)
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

fn numbers(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|n| n.as_i64().unwrap() as u32).collect()
}

/// Runs a kernel on its inputs; the tensors afterwards, and those that are expected.
fn run(name: &str, exposed: bool) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let run: Value =
        serde_json::from_str(&std::fs::read_to_string(vectors(&format!("{name}.run.json"))).unwrap())
            .unwrap();
    let hex = std::fs::read_to_string(vectors(&format!("{name}.hex"))).unwrap();
    let code = hex.lines().flat_map(|line| RawWord::from_hex(line).unwrap().to_bytes()).collect();
    let mut memory = Regions { regions: vec![(CODE, code)], ..Regions::default() };
    let mut registers = HashMap::from([(0x660, CODE as u32), (0x664, (CODE >> 32) as u32)]);
    let dimensions = numbers(&run["offset"]).into_iter().zip(numbers(&run["size"]));
    for (d, (offset, size)) in (0..).zip(dimensions) {
        registers.extend([(0x668 + 8 * d, offset), (0x66C + 8 * d, size)]);
    }
    registers.extend((0..).step_by(4).map(|at| 0x690 + at).zip(numbers(&run["args"])));
    let mut expected = Vec::new();
    for tensor in run["tensors"].as_array().unwrap() {
        let index = tensor["index"].as_u64().unwrap();
        let base = TENSORS + index * TENSOR_ROOM;
        let sizes = numbers(&tensor["sizes"]);
        let kind = match tensor["type"].as_str().unwrap() {
            "i8" | "u8" => 0,
            "i16" | "u16" => 1,
            _ => 2,
        };
        let at = 0x400 + 0x4C * index as u32;
        let head = [
            base as u32,
            (base >> 32) as u32,
            tensor["pad"].as_i64().unwrap() as u32,
            kind | 0x1F00 | 4 << 16,
        ];
        registers.extend((at..).step_by(4).zip(head));
        let mut stride = 1;
        for (d, size) in (0..).zip(&sizes) {
            registers.extend([(at + 0x10 + 12 * d, *size), (at + 0x14 + 12 * d, stride)]);
            stride *= size;
        }
        let size = (stride << kind) as usize;
        let data = tensor["data_hex"].as_str().map_or_else(|| vec![0xAA; size], bytes);
        assert_eq!(data.len(), size, "{name}");
        let is_output = run["output"].as_u64() == Some(index);
        let want = if is_output { bytes(run["expected_hex"].as_str().unwrap()) } else { data.clone() };
        expected.push(want);
        memory.regions.push((base, data));
    }
    let mut core = Core::new(exposed);
    core.start(|at| registers.get(&at).copied().unwrap_or(0));
    assert_eq!(core.run(&mut memory, 1_000_000), Progress::Halted, "{name}");
    assert!(core.words > 50, "{name}");
    (memory.regions.drain(1..).map(|region| region.1).collect(), expected)
}

#[test]
fn kernels_compute_what_is_expected() {
    for name in ["k1_add_f32", "k2_scaled_add_f32", "k3_relu_f32", "k4_add_sat_i8", "k5_matmul_f32"] {
        for exposed in [false, true] {
            let (got, expected) = run(name, exposed);
            assert!(expected.len() > 1, "{name}");
            assert!(got == expected, "{name}, exposed: {exposed}");
        }
    }
}
