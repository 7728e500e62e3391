// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Launching kernels on the TPCs (`tpc0_cfg_regs.h`).

use goya_tpc_isa::asm;
use goya_tpc_kernels::{Index, Kernel, Part, find};
use goya_uapi::{HL_CS_CHUNK_FLAGS_USER_ALLOC_CB, goya_queue_id};

use crate::card::Card;
use crate::device::{SRAM, SRAM_COMMANDS, chunk};
use crate::packet::{ADD, Packets, SYNC_OBJECT, dma_fence};
use crate::{Result, check, noise};

/// Cores of a card.
pub const CORES: u32 = 8;
/// From the engine's base: the queue's copy of the descriptor, and the registers that start what it describes.
const QM_TENSOR: u32 = 0x6A00;
const CMD: u32 = 0x6830;
const EXECUTE: u32 = 0x6838;
/// Code, data, and loads are taken from memory anew.
const INVALIDATE: u32 = 0xF;
/// Words of a descriptor, and in it those of a tensor.
const DESCRIPTOR: usize = (0xD18 - 0xA00) / 4;
const TENSOR: usize = 0x4C / 4;
const CODE: usize = 0x260 / 4;
const INDEX_SPACE: usize = 0x268 / 4;
const SCALARS: usize = 0x290 / 4;
const MESSAGE: usize = 0x314 / 4;
/// Where a kernel's code is, and its data.
const KERNEL: u64 = SRAM + 0x20_0000;
const DATA: u64 = SRAM + 0x40_0000;
/// The sync object that counts cores that are done, its monitor, and the fence that this opens on queue 3.
const OBJECT: u32 = 62;
const MONITOR: u32 = 40;
const FENCE: u32 = 1;

/// A tensor in the card's address space.
#[derive(Debug, Clone, Copy)]
pub struct Tensor {
    /// Where its first element is.
    pub address: u64,
    /// Bytes of an element: 1, 2 or 4.
    pub element: u32,
    /// Elements of each dimension; they lie without gaps.
    pub sizes: Index,
}

impl Tensor {
    /// Its descriptor's registers.
    fn words(&self) -> [u32; TENSOR] {
        let mut words = [0; TENSOR];
        (words[0], words[1]) = (self.address as u32, (self.address >> 32) as u32);
        // All five dimensions count.
        words[3] = self.element.trailing_zeros() | 0x1F << 8 | 4 << 16;
        let mut stride = 1;
        for (d, size) in self.sizes.into_iter().enumerate() {
            (words[4 + 3 * d], words[5 + 3 * d]) = (size, stride);
            stride *= size;
        }
        words
    }
}

/// Assembles the code of a kernel, and puts it where [`descriptor`] says it is.
pub fn put_code(card: &Card, text: &str) -> Result {
    let program = asm::assemble(text).map_err(|e| format!("{e:?}"))?;
    card.put(KERNEL, &program.to_bytes())
}

/// What a core is told: where its code is, arguments, its part of the index space, and the message at the end.
pub fn descriptor(tensors: &[Tensor], scalars: &[u32], part: Part, message: u32) -> Vec<u32> {
    let mut words = vec![0; DESCRIPTOR];
    for (to, tensor) in words.chunks_exact_mut(TENSOR).zip(tensors) {
        to.copy_from_slice(&tensor.words());
    }
    (words[CODE], words[CODE + 1]) = (KERNEL as u32, (KERNEL >> 32) as u32);
    for d in 0..5 {
        (words[INDEX_SPACE + 2 * d], words[INDEX_SPACE + 2 * d + 1]) = (part.offset[d], part.size[d]);
    }
    words[SCALARS..SCALARS + scalars.len()].copy_from_slice(scalars);
    words[MESSAGE] = message;
    words
}

/// Packets that launch what `words` describe.
pub fn launch(words: &[u32]) -> Packets {
    Packets::default().wreg_bulk(QM_TENSOR, words).wreg32(CMD, INVALIDATE).wreg32(EXECUTE, 1)
}

/// The message that counts a core as done.
pub const COUNT_UP: u32 = ADD | (OBJECT * 4) << 16 | 1;

/// The kernel with this name.
pub fn kernel(name: &str) -> Result<&'static Kernel> {
    find(name).ok_or_else(|| format!("no kernel {name}"))
}

/// Puts `inputs`, sizes and elements, into the card's memory; their tensors, and behind them one for the output.
pub fn load(card: &Card, inputs: &[(Index, &[f32])], output: Index) -> Result<Vec<Tensor>> {
    let sizes: Vec<_> = inputs.iter().map(|input| input.0).chain([output]).collect();
    let tensors = in_a_row(&sizes);
    for (tensor, (_, data)) in tensors.iter().zip(inputs) {
        card.put(tensor.address, &bytes(data))?;
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

/// Runs `kernel` on the first `cores` cores, and waits for all of them.
pub fn run(card: &Card, kernel: &Kernel, tensors: &[Tensor], scalars: &[u32], cores: u32) -> Result {
    put_code(card, kernel.text).map_err(|e| format!("{}: {e}", kernel.name))?;
    let sizes: Vec<_> = tensors.iter().map(|tensor| tensor.sizes).collect();
    let space = kernel.index_space(&sizes, scalars);
    let space = space.ok_or_else(|| format!("{}: not what it takes: {sizes:?}", kernel.name))?;
    forget_done(card)?;
    let mut chunks = Vec::new();
    for core in 0..cores {
        let part = Part::of(space, core, cores);
        let packets = launch(&descriptor(tensors, scalars, part, COUNT_UP));
        let at = SRAM_COMMANDS + u64::from(core) * 0x1000;
        check!(packets.bytes().len() <= 0x1000, "the packets of a launch are too long");
        card.put(at, packets.bytes())?;
        let queue = goya_queue_id::GOYA_QUEUE_ID_TPC0 + core;
        chunks.push(chunk(at, queue, packets.bytes().len(), HL_CS_CHUNK_FLAGS_USER_ALLOC_CB));
    }
    let wait =
        Packets::default().monitor(MONITOR, OBJECT, cores, dma_fence(3, FENCE.into()), 1).fence(FENCE, 1, 1);
    let job = card.job(3, &wait)?;
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
        let tensor = Tensor { address, element: 4, sizes: *sizes };
        address += u64::from(sizes.iter().product::<u32>()) * 4;
        tensor
    };
    sizes.iter().map(tensor).collect()
}
