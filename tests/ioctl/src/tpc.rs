// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Launching kernels on the TPCs step by step, where the library does it in one.

use goya::tpc::{Descriptor, completion_message, launch_packets};
use goya_tpc_isa::asm;
use goya_tpc_kernels::{Index, Kernel, Part, find};
use goya_uapi::{HL_CS_CHUNK_FLAGS_USER_ALLOC_CB, goya_queue_id};

use crate::card::Card;
use crate::device::{SRAM, SRAM_COMMANDS, chunk};
use crate::packet::{Packets, SYNC_OBJECT, dma_fence};
use crate::{Result, check, noise};

pub use goya::tpc::{CORES, Tensor};

/// Where a kernel's code is, and its data.
const KERNEL: u64 = SRAM + 0x20_0000;
const DATA: u64 = SRAM + 0x40_0000;
/// The sync object that counts cores that are done, its monitor, and the fence that this opens on queue 3.
const OBJECT: u32 = 62;
const MONITOR: u32 = 40;
const FENCE: u32 = 1;

/// Assembles the code of a kernel, and puts it where [`launch`] says it is.
pub fn put_code(card: &Card, text: &str) -> Result {
    let program = asm::assemble(text).map_err(|e| format!("{e:?}"))?;
    card.put(KERNEL, &program.to_bytes())
}

/// Packets that launch the code that [`put_code`] has put there.
pub fn launch(tensors: &[Tensor], scalars: &[u32], part: Part, message: u32) -> Result<Packets> {
    launch_at(KERNEL, tensors, scalars, part, message)
}

/// Packets that launch the code at `code`.
pub fn launch_at(
    code: u64,
    tensors: &[Tensor],
    scalars: &[u32],
    part: Part,
    message: u32,
) -> Result<Packets> {
    let descriptor = Descriptor { code, tensors, scalars, part, message };
    let packets = launch_packets(&descriptor).map_err(|e| e.to_string())?;
    Ok(Packets::from_bytes(packets.bytes()))
}

/// An index space of one point.
pub const ONE: Part = Part { offset: [0; 5], size: [1; 5] };

/// Registers of a core from its engine's base on, as WREG counts them: the queue's copy of a descriptor, and what starts a kernel.
pub mod register {
    /// Address of tensor 0, low and high.
    pub const TENSOR_0: u32 = 0x6A00;
    /// The code's address, low and high.
    pub const CODE: u32 = 0x6C60;
    /// The first scalar.
    pub const SCALAR_0: u32 = 0x6C90;
    /// The message at the end.
    pub const MESSAGE: u32 = 0x6D14;
    /// Drops what the core has cached.
    pub const CMD: u32 = 0x6830;
    /// Starts a kernel.
    pub const EXECUTE: u32 = 0x6838;
}

/// Launches the code that [`put_code`] has put there once for each of `steps`, on core `core`: a step is registers of the engine and
/// what is written to them before. Answers which of the kernels have come to their end.
pub fn series(
    card: &Card,
    core: u32,
    tensors: &[Tensor],
    steps: &[Vec<(u32, u32)>],
    settle: impl FnOnce(&Card, u32) -> Result,
) -> Result<Vec<bool>> {
    let objects = u16::try_from(steps.len()).map_err(|e| e.to_string())?;
    let clear = (0..u32::from(objects)).fold(Packets::default(), |packets, n| packets.sync_object(n, 0));
    card.run(3, &clear)?;
    let descriptor = Descriptor { code: KERNEL, tensors, scalars: &[], part: ONE, message: 0 };
    let words = descriptor.words().map_err(|e| e.to_string())?;
    let mut packets = Packets::default().wreg_bulk(register::TENSOR_0, &words);
    for (object, step) in (0..objects).zip(steps) {
        packets = step.iter().fold(packets, |packets, (at, value)| packets.wreg32(*at, *value));
        let message = completion_message(object).ok_or("too many steps")?;
        packets = packets
            .wreg32(register::MESSAGE, message)
            .wreg32(register::CMD, 0xF)
            .wreg32(register::EXECUTE, 1);
    }
    let queue = goya_queue_id::GOYA_QUEUE_ID_TPC0 + core;
    card.run_internal(queue, &packets)?;
    settle(card, queue)?;
    let values = card.get(SYNC_OBJECT, 4 * steps.len())?;
    Ok(values.chunks_exact(4).map(|value| value[0] != 0).collect())
}

/// The message that counts a core as done.
pub const COUNT_UP: u32 = completion_message(OBJECT as u16).unwrap();

/// The kernel with this name.
pub fn kernel(name: &str) -> Result<&'static Kernel> {
    find(name).ok_or_else(|| format!("no kernel {name}"))
}

/// Puts `inputs`, sizes and elements, into the card's memory; their tensors, and behind them one for the output.
pub fn load(card: &Card, inputs: &[(Index, &[f32])], output: Index) -> Result<Vec<Tensor>> {
    let sizes: Vec<_> = inputs.iter().map(|input| input.0).chain([output]).collect();
    let tensors = in_a_row(&sizes);
    for (tensor, (_, data)) in tensors.iter().zip(inputs) {
        card.put(tensor.place().address(), &bytes(data))?;
    }
    Ok(tensors)
}

/// Sets the sync object that counts cores to zero.
pub fn forget_done(card: &Card) -> Result {
    card.run(3, &Packets::default().sync_object(OBJECT, 0)).map(drop)
}

/// Cores that have said that they are done since [`forget_done`].
pub fn done(card: &Card) -> Result<u32> {
    let value = card.get(SYNC_OBJECT + 4 * u64::from(OBJECT), 4)?;
    Ok(u32::from_le_bytes(value.try_into().map_err(|_| "not four bytes")?))
}

/// Packets for queue 3 that wait until so many cores have said that they are done.
pub fn wait_for_done(cores: u32) -> Packets {
    Packets::default().monitor(MONITOR, OBJECT, cores, dma_fence(3, FENCE.into()), 1).fence(FENCE, 1, 1)
}

/// Runs `kernel` on the first `cores` cores, and waits for all of them.
pub fn run(card: &Card, kernel: &Kernel, tensors: &[Tensor], scalars: &[u32], cores: u32) -> Result {
    put_code(card, kernel.text).map_err(|e| format!("{}: {e}", kernel.name))?;
    let sizes: Vec<_> = tensors.iter().map(Tensor::sizes).collect();
    let space = kernel.index_space(&sizes, scalars);
    let space = space.ok_or_else(|| format!("{}: not what it takes: {sizes:?}", kernel.name))?;
    forget_done(card)?;
    let mut chunks = Vec::new();
    for core in 0..cores {
        let part = Part::of(space, core, cores);
        let packets = launch(tensors, scalars, part, COUNT_UP)?;
        let at = SRAM_COMMANDS + u64::from(core) * 0x1000;
        check!(packets.bytes().len() <= 0x1000, "the packets of a launch are too long");
        card.put(at, packets.bytes())?;
        let queue = goya_queue_id::GOYA_QUEUE_ID_TPC0 + core;
        chunks.push(chunk(at, queue, packets.bytes().len(), HL_CS_CHUNK_FLAGS_USER_ALLOC_CB));
    }
    let job = card.job(3, &wait_for_done(cores))?;
    chunks.push(job.chunk);
    let seq = card.submit(&chunks, 0, 0).map_err(|e| format!("{}: {e}", kernel.name))?;
    card.finish(seq).map(drop)
}

/// Floats between -8 and 8, none of them zero.
pub fn floats(seed: u64, count: usize) -> Vec<f32> {
    let float = |b: &[u8]| (f32::from(i16::from_le_bytes([b[0], b[1]])) + 0.5) / 4096.0;
    noise(seed, count * 2).chunks_exact(2).map(float).collect()
}

/// Their bytes, as they are in the card's memory.
pub fn bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Tensors of floats one behind the other.
pub fn in_a_row(sizes: &[Index]) -> Vec<Tensor> {
    let mut address = DATA;
    let tensor = |sizes: &Index| {
        let tensor = Tensor::new(address, 4, *sizes);
        address += tensor.bytes();
        tensor
    };
    sizes.iter().map(tensor).collect()
}
