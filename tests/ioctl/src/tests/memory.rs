// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Mapping host memory, allocating device memory.

use goya_tests::card::Card;
use goya_tests::sys::{Mapping, errno};
use goya_tests::{Result, check, check_eq, kmsg};
use goya_uapi::{
    HL_INFO_DRAM_USAGE, HL_MEM_CONTIGUOUS, HL_MEM_OP_TS_ALLOC, HL_MEM_SHARED, TS_MAX_ELEMENTS_NUM,
    hl_info_dram_usage,
};

use super::{Test, test};

pub const TESTS: &[Test] = &[
    test("memory.host_small_pages", host_small_pages),
    test("memory.host_huge_pages", host_huge_pages),
    test("memory.device", device),
    test("memory.many_mappings", many_mappings),
    test("memory.time_stamps", time_stamps),
    test("memory.most_time_stamps", most_time_stamps),
];

fn free(card: &Card) -> Result<u64> {
    let mut usage = hl_info_dram_usage::default();
    card.info(HL_INFO_DRAM_USAGE, &mut usage).map_err(|e| e.to_string())?;
    Ok(usage.dram_free_mem)
}

fn host_small_pages() -> Result {
    let card = Card::open()?;
    for pages in [1, 2, 3, 511, 513] {
        let memory = Mapping::anonymous(pages * 4096).map_err(|e| e.to_string())?;
        let host = card.map_host(memory)?;
        check!(host.device >= 1 << 48 && host.device % 4096 == 0, "device address {:#x}", host.device);
    }
    Ok(())
}

fn host_huge_pages() -> Result {
    let card = Card::open()?;
    let host = card.map_host(Mapping::huge(8 << 20).map_err(|e| e.to_string())?)?;
    check!(host.device >= 1 << 48, "device address {:#x}", host.device);
    // Readable by the card, page by page.
    host.memory.write((6 << 20) + 5, b"huge");
    let copy = goya_tests::packet::Packets::default();
    let copy = copy.copy(1, host.device + (6 << 20) + 5, goya_tests::device::SRAM + 0x100, 4);
    card.run(1, &copy)?;
    check_eq!(card.get(goya_tests::device::SRAM + 0x100, 4)?, b"huge", "data");
    Ok(())
}

fn device() -> Result {
    let card = Card::open()?;
    let before = free(&card)?;
    for (size, flags) in
        [(1, 0), (2 << 20, 0), (10 << 20, 0), (64 << 20, HL_MEM_CONTIGUOUS), (4 << 20, HL_MEM_SHARED)]
    {
        let handle = card.alloc(size, flags).map_err(|e| format!("allocate {size}: {e}"))?;
        let used = before - free(&card)?;
        check!(used >= size && used % (2 << 20) == 0, "{size} bytes use {used}");
        let address = card.map_device(handle).map_err(|e| format!("map {size}: {e}"))?;
        check!((0x8_0000_0000..0x20_0000_0000).contains(&address), "device address {address:#x}");
        card.unmap(address).map_err(|e| e.to_string())?;
        card.free(handle).map_err(|e| e.to_string())?;
        check_eq!(free(&card)?, before, "free memory afterwards");
    }
    // What is left at the end goes with the context.
    card.alloc(2 << 20, 0).map_err(|e| e.to_string())?;
    drop(card);
    check_eq!(free(&Card::open()?)?, before, "free memory of the next context");
    Ok(())
}

/// Room for time stamps, which nothing on this card writes.
fn time_stamps() -> Result {
    let card = Card::open()?;
    for text in ["already mapped to user", "allocated physical mem size"] {
        kmsg::expect(text)?;
    }
    let stamps = |n: u32| card.memory(HL_MEM_OP_TS_ALLOC, 0, |m| m.num_of_elements = n);
    let handle = stamps(600).map_err(|e| e.to_string())?;
    check_eq!(errno(card.map_cb(handle, 4096)), libc::EINVAL, "a part of it");
    let map = card.map_cb(handle, 8192).map_err(|e| e.to_string())?;
    check!(map.read(0, 4800).iter().all(|byte| *byte == 0), "there are stamps");
    check_eq!(errno(card.map_cb(handle, 8192)), libc::EINVAL, "a second mapping");
    drop(map);
    card.map_cb(handle, 8192).map(drop).map_err(|e| e.to_string())
}

/// As many as there can be, which is more than the largest piece of memory that the kernel has in one.
fn most_time_stamps() -> Result {
    const SIZE: usize = TS_MAX_ELEMENTS_NUM as usize * 8;
    let card = Card::open()?;
    let handle = card.memory(HL_MEM_OP_TS_ALLOC, 0, |m| m.num_of_elements = TS_MAX_ELEMENTS_NUM);
    let handle = handle.map_err(|e| e.to_string())?;
    let map = card.map_cb(handle, SIZE).map_err(|e| e.to_string())?;
    for at in (0..SIZE).step_by(SIZE / 8) {
        check_eq!(map.word(at), 0, format!("stamp at {at:#x}"));
        map.write(at, &(at as u32 + 1).to_le_bytes());
    }
    drop(map);
    let map = card.map_cb(handle, SIZE).map_err(|e| e.to_string())?;
    for at in (0..SIZE).step_by(SIZE / 8) {
        check_eq!(map.word(at), at as u32 + 1, format!("stamp at {at:#x}, mapped again"));
    }
    drop(card);
    check_eq!(map.word(SIZE / 8), (SIZE / 8) as u32 + 1, "a stamp after the card was closed");
    Ok(())
}

fn many_mappings() -> Result {
    let card = Card::open()?;
    let mappings = (0..200).map(|_| card.host_memory(8192)).collect::<Result<Vec<_>>>()?;
    let mut addresses: Vec<_> = mappings.iter().map(|m| m.device).collect();
    addresses.sort_unstable();
    check!(addresses.windows(2).all(|w| w[1] - w[0] >= 8192), "mappings overlap");
    Ok(())
}
