// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Moving data.

use goya_tests::card::Card;
use goya_tests::device::{DeviceMemory, HostMemory, SRAM};
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_tests::{Result, check, noise};
use goya_uapi::hl_goya_dma_direction as direction;

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("dma.sizes", sizes),
    test("dma.unaligned", unaligned),
    test("dma.host_dram_sram_host", host_dram_sram_host),
    test("dma.every_channel", every_channel),
    test("dma.fill", fill),
    Test { name: "dma.64_mib", run: large, seconds: 60, emulated: false },
];

fn buffers(card: &Card, size: usize) -> Result<(HostMemory<'_>, DeviceMemory<'_>, HostMemory<'_>)> {
    let host = || card.host_memory(size);
    Ok((host()?, card.device_memory(size as u64)?, host()?))
}

/// Host to DRAM and back: `size` bytes from offset `from` to offset `to` and on to `back`.
fn there_and_back(
    card: &Card,
    (source, dram, target): &(HostMemory<'_>, DeviceMemory<'_>, HostMemory<'_>),
    size: usize,
    (from, to, back): (usize, usize, usize),
) -> Result {
    let data = noise(size as u64 + from as u64, size);
    source.memory.write(from, &data);
    let into = Packets::default().copy(
        direction::HL_DMA_HOST_TO_DRAM,
        source.device + from as u64,
        dram.device + to as u64,
        size as u32,
    );
    card.run(1, &into)?;
    let out = Packets::default().copy(
        direction::HL_DMA_DRAM_TO_HOST,
        dram.device + to as u64,
        target.device + back as u64,
        size as u32,
    );
    card.run(2, &out)?;
    check!(target.memory.read(back, size) == data, "{size} bytes differ ({from} to {to} to {back})");
    Ok(())
}

fn sizes() -> Result {
    let card = Card::open()?;
    let buffers = buffers(&card, 4 << 20)?;
    for size in [1, 2, 3, 4, 7, 8, 63, 64, 65, 4095, 4096, 4097, 65536, (1 << 20) + 1, 4 << 20] {
        there_and_back(&card, &buffers, size, (0, 0, 0))?;
    }
    Ok(())
}

fn unaligned() -> Result {
    let card = Card::open()?;
    let buffers = buffers(&card, 4 << 20)?;
    for (size, offsets) in [
        (1, (1, 2, 3)),
        (4096, (1, 4095, 7)),
        (100_001, (4093, 3, 8191)),
        ((2 << 20) + 3, (5, (2 << 20) - 9, 1)),
    ] {
        there_and_back(&card, &buffers, size, offsets)?;
    }
    Ok(())
}

fn host_dram_sram_host() -> Result {
    let card = Card::open()?;
    let (source, dram, target) = buffers(&card, 2 << 20)?;
    let size = 2 << 20;
    let data = noise(42, size);
    source.memory.write(0, &data);
    let size = size as u32;
    card.run(1, &Packets::default().copy(direction::HL_DMA_HOST_TO_DRAM, source.device, dram.device, size))?;
    let sram = SRAM + 0x20_0000;
    card.run(3, &Packets::default().copy(direction::HL_DMA_DRAM_TO_SRAM, dram.device, sram, size))?;
    card.run(2, &Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, sram, target.device, size))?;
    check!(target.memory.read(0, data.len()) == data, "the data differ");
    Ok(())
}

/// Each channel moves its own block from SRAM to SRAM.
fn every_channel() -> Result {
    let card = Card::open()?;
    for queue in super::submit::EXTERNAL {
        let data = noise(u64::from(queue), 5000);
        let (from, to) = (SRAM + 0x1_0000, SRAM + 0x2_0000 + u64::from(queue) * 0x2000);
        card.put(from, &data)?;
        card.run(queue, &Packets::default().copy(direction::HL_DMA_SRAM_TO_SRAM, from, to, 5000))?;
        check!(card.get(to, 5000)? == data, "the block of channel {queue} differs");
    }
    Ok(())
}

fn fill() -> Result {
    let card = Card::open()?;
    let dram = card.device_memory(2 << 20)?;
    for (value, size) in [(0u64, 4096u32), (0x0123_4567_89AB_CDEF, 4099), (0, 1 << 20)] {
        card.run(1, &Packets::default().fill(direction::HL_DMA_HOST_TO_DRAM, value, dram.device + 3, size))?;
        let got = card.get(dram.device + 3, size as usize)?;
        let expected = value.to_le_bytes();
        check!(
            got.iter().enumerate().all(|(i, b)| *b == expected[i % 8]),
            "{size} bytes of {value:#x} differ"
        );
    }
    Ok(())
}

/// 64 MiB through the MMU in pages of 4 KiB and of 2 MiB.
fn large() -> Result {
    let card = Card::open()?;
    let size = 64 << 20;
    let source = card.host_memory(size)?;
    let target = card.map_host(Mapping::huge(size).map_err(|e| e.to_string())?)?;
    let dram = card.device_memory(size as u64)?;
    there_and_back(&card, &(source, dram, target), size, (0, 0, 0))
}
