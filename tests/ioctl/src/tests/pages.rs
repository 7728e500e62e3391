// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How memory is mapped: pages, addresses, and what becomes of old translations.

use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::device::SRAM;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::sys::{Mapping, errno};
use goya_tests::{Result, check, check_eq, kmsg, noise};
use goya_uapi::hl_goya_dma_direction as direction;
use goya_uapi::*;
use serde_json::json;

use super::{Test, fault, test};
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    fault("pages.sizes", sizes),
    test("pages.unaligned_memory", unaligned_memory),
    test("pages.hints", hints),
    test("pages.new_memory_at_an_old_address", new_memory_at_an_old_address),
    test("pages.device_memory_at_an_old_address", device_memory_at_an_old_address),
    test("pages.default_page", default_page),
    test("pages.unmapped_device_memory", unmapped_device_memory),
    test("pages.double_mapping", double_mapping),
    test("pages.mapped_often", mapped_often),
    test("pages.busy_handles", busy_handles),
    test("pages.export", export),
    test("pages.no_copies", no_copies),
];

const MIB: usize = 1 << 20;
/// First device address for host memory (`VA_HOST_SPACE_START`).
const HOST: u64 = 1 << 48;
/// First byte of the DRAM that users are given (`DRAM_BASE_ADDR_USER`).
const DRAM_USERS: u64 = 0x2000_0000;
/// The user's address space in the card.
const ASID: u32 = 1;

fn memory(len: usize) -> Result<Mapping> {
    Mapping::anonymous(len).map_err(|e| e.to_string())
}

/// Bytes of the page that the card's tables have at `address`, if any.
pub fn page(control: &mut Control, address: u64) -> Result<Option<u64>> {
    let walk = control.ask(&json!({"cmd": "walk", "asid": ASID, "address": address}))?;
    Ok(walk["page"].as_u64())
}

/// Small pages for small memory, 2 MiB pages for huge pages and for device memory; none afterwards.
fn sizes() -> Result {
    let card = Card::open()?;
    let mut control = Control::open()?;
    let small = card.map_host(memory(3 * 4096)?)?;
    check_eq!(page(&mut control, small.device + 8192)?, Some(4096), "the page of small memory");
    let huge = card.map_host(Mapping::huge(4 * MIB).map_err(|e| e.to_string())?)?;
    check_eq!(huge.device % (2 << 20), 0, "the address of huge memory in its page");
    for at in [0, 2 << 20, (4 << 20) - 1] {
        check_eq!(page(&mut control, huge.device + at)?, Some(2 << 20), "the page of huge memory");
    }
    let dram = card.device_memory(4 << 20)?;
    check_eq!(page(&mut control, dram.device + (3 << 20))?, Some(2 << 20), "the page of device memory");
    let (at_small, at_huge) = (small.device, huge.device);
    drop((small, huge));
    check_eq!(page(&mut control, at_small)?, None, "the page of unmapped small memory");
    check_eq!(page(&mut control, at_huge)?, None, "the page of unmapped huge memory");
    Ok(())
}

/// Memory need not begin or end at a page: the address within the page is kept.
fn unaligned_memory() -> Result {
    let card = Card::open()?;
    let memory = memory(4 * 4096)?;
    let data = noise(77, 5000);
    memory.write(0x123, &data);
    let device = card.map_host_range(memory.address() + 0x123, 5000).map_err(|e| e.to_string())?;
    check_eq!(device & 0xFFF, 0x123, "the address within the page");
    card.run(1, &Packets::default().copy(direction::HL_DMA_HOST_TO_SRAM, device, SRAM, 5000))?;
    check!(card.get(SRAM, 5000)? == data, "the data differ");
    card.unmap(device).map(drop).map_err(|e| e.to_string())
}

/// A wish for an address is granted if it is free; else another is taken, unless it is a demand.
fn hints() -> Result {
    let card = Card::open()?;
    for text in ["no available va block for handle", "could not be respected"] {
        kmsg::expect(text)?;
    }
    let at = HOST + (1 << 30);
    let (first, second) = (memory(8192)?, memory(8192)?);
    let map = |m: &Mapping, flags| card.map_host_hint(m.address(), 8192, at, flags);
    check_eq!(map(&first, 0).map_err(|e| e.to_string())?, at, "the address wished for");
    let other = map(&second, 0).map_err(|e| e.to_string())?;
    check!(other != at && other >= HOST, "two mappings at {at:#x}");
    card.unmap(other).map_err(|e| e.to_string())?;
    check_eq!(errno(map(&second, HL_MEM_FORCE_HINT)), libc::ENOMEM, "an address that is taken");
    card.unmap(at).map_err(|e| e.to_string())?;
    check_eq!(map(&second, HL_MEM_FORCE_HINT).map_err(|e| e.to_string())?, at, "the address once it is free");
    card.unmap(at).map(drop).map_err(|e| e.to_string())
}

/// The card sees what is mapped at an address now, not what it saw there before.
fn new_memory_at_an_old_address() -> Result {
    let card = Card::open()?;
    let at = HOST + (2 << 30);
    for round in 0..20u64 {
        let host = card.map_host_at(memory(2 * 4096)?, at)?;
        let data = noise(round, 8192);
        host.memory.write(0, &data);
        card.run(1, &Packets::default().copy(direction::HL_DMA_HOST_TO_SRAM, at, SRAM, 8192))?;
        let back = Packets::default().copy(direction::HL_DMA_SRAM_TO_HOST, SRAM, at, 4096);
        card.run(2, &back)?;
        check!(card.get(SRAM, 8192)? == data, "round {round}: the card read other memory");
    }
    Ok(())
}

fn device_memory_at_an_old_address() -> Result {
    let card = Card::open()?;
    // Two allocations, so that the second cannot have the first one's page.
    let handles = [0, 1].map(|_| card.alloc(2 << 20, 0));
    let mut device = 0;
    for (round, handle) in handles.into_iter().enumerate() {
        let handle = handle.map_err(|e| e.to_string())?;
        let at = card.map_device(handle).map_err(|e| e.to_string())?;
        check!(round == 0 || at == device, "{at:#x} instead of {device:#x}, which is free");
        device = at;
        let data = noise(round as u64, 64);
        card.put(at, &data)?;
        check!(card.get(at, 64)? == data, "the data differ");
        if round == 0 {
            card.unmap(at).map_err(|e| e.to_string())?;
        }
    }
    card.unmap(device).map(drop).map_err(|e| e.to_string())
}

/// Where no device memory is mapped, a page of the driver's answers (`dram_default_mapping_init()`).
fn default_page() -> Result {
    let card = Card::open()?;
    check_eq!(card.get(0x1F_0000_0000, 8)?, [0x99; 8], "what is where nothing is mapped");
    Ok(())
}

/// The default page is what the card sees as soon as device memory is unmapped, though it has used it.
fn unmapped_device_memory() -> Result {
    let card = Card::open()?;
    let at = {
        let dram = card.device_memory(2 << 20)?;
        card.put(dram.device, b"in use")?;
        check_eq!(card.get(dram.device, 6)?, b"in use", "mapped memory");
        dram.device
    };
    check_eq!(card.get(at, 6)?, [0x99; 6], "unmapped memory");
    Ok(())
}

/// The same memory at two addresses.
fn double_mapping() -> Result {
    let card = Card::open()?;
    kmsg::expect("unmap failed, no mem hnode")?;
    let memory = memory(4096)?;
    let map = || card.map_host_range(memory.address(), 4096).map_err(|e| e.to_string());
    let (one, two) = (map()?, map()?);
    check!(one != two, "both at {one:#x}");
    memory.write(0, b"written once");
    for at in [one, two] {
        card.run(1, &Packets::default().copy(direction::HL_DMA_HOST_TO_SRAM, at, SRAM, 12))?;
        check!(card.get(SRAM, 12)? == b"written once", "the data differ");
        card.unmap(at).map_err(|e| e.to_string())?;
    }
    check_eq!(errno(card.unmap(one)), libc::EINVAL, "unmapping twice");
    Ok(())
}

/// A page can be mapped more often than the kernel's checker of mappings can count (7), and each time by itself.
fn mapped_often() -> Result {
    const TIMES: usize = 20;

    only_goya("tells that checker what it does")?;
    let card = Card::open()?;
    let memory = memory(4096)?;
    let map = || card.map_host_range(memory.address(), 4096).map_err(|e| e.to_string());
    let mut mapped = (0..TIMES).map(|_| map()).collect::<Result<Vec<_>>>()?;
    memory.write(0, b"mapped often");
    // The last goes first, then the first: what is left is there until it goes itself.
    for round in 0..TIMES {
        let at = mapped.remove(if round % 2 == 0 { mapped.len() - 1 } else { 0 });
        card.run(1, &Packets::default().copy(direction::HL_DMA_HOST_TO_SRAM, at, SRAM, 12))?;
        check!(card.get(SRAM, 12)? == b"mapped often", "the data differ");
        card.unmap(at).map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Memory that is mapped is not freed; it is once it is unmapped.
fn busy_handles() -> Result {
    let card = Card::open()?;
    kmsg::expect("is mapped, cannot free")?;
    kmsg::expect("no match for handle")?;
    let handle = card.alloc(2 << 20, 0).map_err(|e| e.to_string())?;
    let device = card.map_device(handle).map_err(|e| e.to_string())?;
    check_eq!(errno(card.free(handle)), libc::EINVAL, "freeing what is mapped");
    card.unmap(device).map_err(|e| e.to_string())?;
    card.free(handle).map_err(|e| e.to_string())?;
    check_eq!(errno(card.free(handle)), libc::EINVAL, "freeing twice");
    check_eq!(errno(card.map_device(handle)), libc::EINVAL, "mapping what is freed");
    Ok(())
}

/// Bytes of the window into the card's DRAM, BAR 4.
pub fn window() -> Result<u64> {
    let path = format!("{}/resource", Nodes::chosen().sysfs());
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    let number = |s: &str| u64::from_str_radix(s.trim_start_matches("0x"), 16).ok();
    let mut words = text.lines().nth(4).unwrap_or_default().split_whitespace().map_while(number);
    match (words.next(), words.next()) {
        (Some(first), Some(last)) if last > first => Ok(last - first + 1),
        _ => Err(format!("{path}: {text:?} has no fifth line")),
    }
}

/// Device memory as a dma-buf, as far as BAR 4 reaches; what is exported stays mapped.
fn export() -> Result {
    let card = Card::open()?;
    kmsg::expect("memory is exported")?;
    let dram = card.device_memory(4 << 20)?;
    let export = |addr: u64, size: u64, offset: u64| {
        card.memory(HL_MEM_OP_EXPORT_DMABUF_FD, libc::O_CLOEXEC as u32, |m| {
            m.__bindgen_anon_1.export_dmabuf_fd =
                hl_mem_in__bindgen_ty_1__bindgen_ty_7 { addr, mem_size: size, offset };
        })
    };
    check_eq!(errno(export(dram.device, 4 << 20, 4096)), libc::EINVAL, "more than there is");
    check_eq!(errno(export(dram.device, 100, 0)), libc::EINVAL, "part of a page");
    check_eq!(errno(export(dram.device + 4096, 4096, 0)), libc::EINVAL, "an address within");
    let exported = export(dram.device, 2 << 20, 2 << 20);
    if window()? <= DRAM_USERS {
        check_eq!(errno(exported), libc::EINVAL, "memory that the window does not reach");
        return Ok(());
    }
    let fd = exported.map_err(|e| format!("export: {e}"))? as i32;
    let file = goya_tests::events::adopt(fd).map_err(|e| e.to_string())?;
    check_eq!(errno(card.unmap(dram.device)), libc::EINVAL, "unmapping what is exported");
    drop(file);
    Ok(())
}

/// Where the kernel would give the card copies of memory (swiotlb), none is mapped; the rest works.
fn no_copies() -> Result {
    only_goya("maps no copies of memory")?;
    let arguments = std::fs::read_to_string("/proc/cmdline").map_err(|e| e.to_string())?;
    if !arguments.split_whitespace().any(|argument| argument == "swiotlb=force") {
        skip("the kernel maps memory itself");
    }
    kmsg::expect("host memory can't be mapped")?;
    kmsg::expect("failed to map sgt with DMA region")?;
    let card = Card::open()?;
    for memory in [memory(4096)?, memory(MIB)?] {
        let map = card.map_host_range(memory.address(), memory.len() as u64);
        check_eq!(errno(map), libc::EOPNOTSUPP, "mapping memory of which the card gets a copy");
    }
    let dram = card.device_memory(2 << 20)?;
    card.run(1, &Packets::default().nop())?;
    let copy = Packets::default().copy(direction::HL_DMA_SRAM_TO_DRAM, SRAM, dram.device, 4096);
    card.run(3, &copy).map(drop)
}
