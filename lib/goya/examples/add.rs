// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Adds two vectors on the tensor cores.

use goya::Device;
use goya::tpc::{Program, Tensor, find};

const COUNT: u32 = 1000;

fn bytes(values: impl Iterator<Item = f32>) -> Vec<u8> {
    values.flat_map(f32::to_le_bytes).collect()
}

fn main() -> goya::Result {
    let device = Device::open_first()?;
    let memory = device.device_memory(3 * 4096)?;
    let place = |n: u64| memory.at(n * 4096, 4096);
    device.put(place(0)?, &bytes((0..COUNT).map(|i| i as f32)))?;
    device.put(place(1)?, &bytes((0..COUNT).map(|i| 0.5 * i as f32)))?;

    let tensor = |n| Ok(Tensor::new(place(n)?, 4, [COUNT, 1, 1, 1, 1]));
    let tensors = [tensor(0)?, tensor(1)?, tensor(2)?];
    let program = Program::load(&device, find("add_f32")?)?;
    program.bind(&tensors, &[], 8)?.start()?.wait()?;

    let mut sum = vec![0; 4 * COUNT as usize];
    device.get(place(2)?, &mut sum)?;
    let right = sum == bytes((0..COUNT).map(|i| 1.5 * i as f32));
    println!("{COUNT} sums on {} cores: {}", goya::tpc::CORES, if right { "right" } else { "WRONG" });
    if right { goya::Result::Ok(()) } else { Err(goya::Error::Invalid("wrong sums".into())) }
}
