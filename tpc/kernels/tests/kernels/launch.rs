// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Runs a kernel as the card's registers would have it.

use std::collections::HashMap;

use goya_chip::tpc::{Core, Mask, Progress, Regions, Registers, VECTOR_SIZE};
use goya_tpc_kernels::{Kernel, Part, find};

use super::Array;

const CODE: u64 = 0x10_0000_2000;
/// Where tensor 0 is; each is so far from the one before.
const DATA: u64 = 0x20_0000_0010;

/// Runs kernel `name` with these tensors and scalars, on one core and on eight, with the pipeline exposed and not:
/// afterwards the tensors have to be those of `expected`, whatever is beside them too.
pub fn launch(name: &str, scalars: &[u32], tensors: &[Array], expected: &[Array]) {
    let kernel = find(name).unwrap_or_else(|| panic!("{name} is there"));
    for (cores, exposed) in [(1, false), (1, true), (8, true)] {
        let got = run(kernel, scalars, tensors, cores, exposed);
        for (i, (got, want)) in got.iter().zip(expected).enumerate() {
            let differs = got.iter().zip(&want.bytes).position(|(got, want)| got != want);
            let at = differs.map(|byte| byte >> want.kind);
            let place = at.map(|at| (at as u32 % want.pitch, at as u32 / want.pitch));
            let values = differs.map(|byte| byte & !((1 << want.kind) - 1)).map(|byte| {
                let end = byte + (1 << want.kind);
                (got[byte..end].to_vec(), want.bytes[byte..end].to_vec())
            });
            let sizes: Vec<_> = tensors.iter().map(|tensor| tensor.sizes).collect();
            assert!(
                differs.is_none(),
                "{name} of {sizes:?}, {cores} cores, exposed {exposed}: tensor {i} at {place:?}: {values:x?}"
            );
        }
    }
}

fn run(kernel: &Kernel, scalars: &[u32], tensors: &[Array], cores: u32, exposed: bool) -> Vec<Vec<u8>> {
    let name = kernel.name;
    let sizes: Vec<_> = tensors.iter().map(|tensor| tensor.sizes).collect();
    let space = kernel.index_space(&sizes, scalars).unwrap_or_else(|| panic!("{name}: {sizes:?}"));
    let code = kernel.assemble().unwrap().to_bytes();
    let mut registers = HashMap::from([(0x660, CODE as u32), (0x664, (CODE >> 32) as u32)]);
    registers.extend((0x690..).step_by(4).zip(scalars.iter().copied()));
    let mut memory = Regions { regions: vec![(CODE, code)], ..Regions::default() };
    for (i, tensor) in (0..).zip(tensors) {
        let base = DATA + (u64::from(i) << 32);
        registers.extend(descriptor(tensor, base).into_iter().map(|(at, value)| (at + 0x4C * i, value)));
        memory.regions.push((base, tensor.bytes.clone()));
    }
    for number in 0..cores {
        let part = Part::of(space, number, cores);
        for (d, (offset, size)) in (0..).zip(part.offset.into_iter().zip(part.size)) {
            registers.extend([(0x668 + 8 * d, offset), (0x66C + 8 * d, size)]);
        }
        let mut core = Core::new(exposed);
        core.start(|at| registers.get(&at).copied().unwrap_or(0));
        poison(&mut core.registers, scalars.len());
        let progress = core.run(&mut memory, 50_000_000);
        assert_eq!(progress, Progress::Halted, "{name} of {sizes:?}, core {number} of {cores}");
    }
    memory.regions.drain(1..).map(|(_, bytes)| bytes).collect()
}

/// Fills what a kernel finds undefined at its start: all but I0, I1 and its scalars.
fn poison(registers: &mut Registers, scalars: usize) {
    registers.v.iter_mut().for_each(|v| v.0 = [0x5A; VECTOR_SIZE]);
    registers.s.iter_mut().skip(scalars).for_each(|s| *s = 0x5A5A_5A5A);
    registers.i.iter_mut().skip(2).for_each(|i| *i = [0x5A5A; 5]);
    registers.vp.iter_mut().skip(1).for_each(|vp| *vp = Mask([0x5A5A_5A5A_5A5A_5A5A; 4]));
}

/// The registers of a tensor's descriptor.
fn descriptor(tensor: &Array, base: u64) -> Vec<(u32, u32)> {
    let config = tensor.kind | 0x1F00 | 4 << 16;
    let mut registers =
        vec![(0x400, base as u32), (0x404, (base >> 32) as u32), (0x408, tensor.padding), (0x40C, config)];
    let mut stride = 1;
    for (d, size) in (0..).zip(tensor.sizes) {
        registers.extend([(0x410 + 12 * d, size), (0x414 + 12 * d, stride)]);
        stride *= if d == 0 { tensor.pitch } else { size };
    }
    registers
}
