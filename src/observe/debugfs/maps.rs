// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What is mapped, and where: users' memory, addresses, page tables.

use kernel::fmt::Write;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;

use super::bench::{ro, rw, Bench};
use super::table::Table;
use crate::abstractions::debugfs::{File, Output};
use crate::abstractions::pinned::MappedPages;
use crate::abstractions::sysfs::Input;
use crate::context::Context;
use crate::hw::map::HOST_BASE;
use crate::mem::asid::KERNEL;
use crate::mem::device_memory::PAGE_SIZE as DRAM_PAGE;
use crate::mem::hop::HOPS;
use crate::mem::mapping::Backing;

pub(super) const FILES: &[File<Bench>] = &[
    ro(c"userptr", user_memory),
    ro(c"vm", address_spaces),
    rw(c"userptr_lookup", look_up, |bench, input| {
        bench.user_address.store(input.number_in(16)?, Relaxed);
        Ok(())
    }),
    rw(c"mmu", walk, set_walk),
    rw(c"mmu_error", acknowledge, set_errors),
];

const PAGE: u64 = 4096;

/// Calls `run` with all pinned memory.
fn each_pinned(bench: &Bench, mut run: impl FnMut(&MappedPages)) -> Result {
    let mut result = Ok(());
    bench.card.users.each(|context| {
        let memory = &context.user_memory;
        let each = memory.each_mapping(|_, mapping| {
            if let Backing::Host(pages) = mapping.memory() {
                run(pages);
            }
            Ok(())
        });
        result = result.and(each);
    });
    result
}

fn user_memory(bench: &Bench, text: &mut Output<'_>) -> Result {
    let mut table = Table::new(
        text,
        " pid      user virtual address     size             dma dir",
        "----------------------------------------------------------",
    );
    each_pinned(bench, |mapped| {
        let pages = mapped.pages();
        // All memory is mapped in both directions.
        table.row(format_args!(
            " {:<7}  0x{:<14x}      {:<10}    {:<30}",
            pages.process(),
            pages.address(),
            pages.size(),
            "DMA_BIDIRECTIONAL"
        ));
    })?;
    table.end();
    Ok(())
}

/// Where the card finds a byte of a process's.
fn look_up(bench: &Bench, text: &mut Output<'_>) -> Result {
    let wanted = bench.user_address.load(Relaxed);
    let mut table = Table::new(
        text,
        " user virtual address         dma address       pid        region start     region size",
        "---------------------------------------------------------------------------------------",
    );
    each_pinned(bench, |mapped| {
        let pages = mapped.pages();
        let (address, size) = (pages.address() as u64, pages.size() as u64);
        if wanted.checked_sub(address).is_none_or(|at| at >= size) {
            return;
        }
        let mut start = address;
        for segment in mapped.segments() {
            // As upstream, a piece counts in whole pages.
            let bytes = (segment.address % PAGE)
                .saturating_add(segment.length)
                .saturating_add(PAGE - 1)
                & !(PAGE - 1);
            let offset = wanted.checked_sub(start).filter(|at| *at < bytes);
            start = start.saturating_add(bytes);
            let Some(offset) = offset else { continue };
            table.row(format_args!(
                " 0x{:<18x}  0x{:<16x}  {:<8}  0x{:<16x} {:<12}",
                wanted,
                segment.address.wrapping_add(HOST_BASE).wrapping_add(offset),
                pages.process(),
                address,
                size
            ));
        }
    })?;
    table.end();
    Ok(())
}

fn address_spaces(bench: &Bench, text: &mut Output<'_>) -> Result {
    let (mut any, mut result) = (false, Ok(()));
    bench.card.users.each(|context| {
        any = true;
        result = result
            .and_then(|()| mappings(context, text))
            .and_then(|()| allocations(bench, context, text));
    });
    result?;
    bench
        .with_context(|context| ranges(context, text))
        .transpose()?;
    if any {
        writeln!(text)?;
    }
    Ok(())
}

fn ranges(context: &Context, text: &mut Output<'_>) -> Result {
    writeln!(text, "\nVA ranges:\n")?;
    // Host memory, host memory in huge pages, whose range is the same, and DRAM.
    for (n, dram) in [(0, false), (1, false), (2, true)] {
        writeln!(text, "   va_range {n}\n---------------------")?;
        context.user_memory.each_hole(dram, |hole| {
            Ok(writeln!(
                text,
                "{:#16x} - {:#16x} ({:#x})",
                hole.start,
                hole.end.wrapping_sub(1),
                hole.end.wrapping_sub(hole.start)
            )?)
        })?;
        writeln!(text)?;
    }
    Ok(())
}

fn mappings(context: &Context, text: &mut Output<'_>) -> Result {
    let line = "----------------------------------------------------";
    writeln!(text, "\n\n{line}\n{line}\n")?;
    writeln!(text, "ctx asid: {}\n\nmappings:\n", context.asid())?;
    writeln!(
        text,
        "    virtual address        size          handle\n{line}"
    )?;
    context.user_memory.each_mapping(|address, mapping| {
        let size = mapping.user_size();
        write!(text, "    0x{address:<14x}      {size:<10}")?;
        if let Some(handle) = mapping.memory().handle() {
            write!(text, "       {handle:<4}")?;
        }
        Ok(writeln!(text)?)
    })
}

fn allocations(bench: &Bench, context: &Context, text: &mut Output<'_>) -> Result {
    let (mut first, asid) = (true, context.asid());
    bench.card.memory.dram.each(|handle, owner, runs| {
        if core::mem::take(&mut first) {
            writeln!(text, "\n\nallocations:")?;
        }
        if owner != asid {
            return Ok(());
        }
        writeln!(text, "\nhandle: {handle}\npage size: {DRAM_PAGE}\n")?;
        writeln!(text, "   physical address\n---------------------")?;
        let pages = runs.iter().flat_map(|run| {
            let end = run.address.saturating_add(run.size);
            (run.address..end).step_by(DRAM_PAGE as usize)
        });
        for page in pages {
            writeln!(text, "    0x{page:<14x}")?;
        }
        Ok(())
    })
}

fn walk(bench: &Bench, text: &mut Output<'_>) -> Result {
    let (asid, address) = (bench.walk.0.load(Relaxed), bench.walk.1.load(Relaxed));
    let dev = &bench.card.dev;
    // There is one user at most; the number is not looked at.
    let space = match asid {
        KERNEL => Some(KERNEL),
        _ => bench.with_context(|context| context.asid()),
    };
    let Some(space) = space else {
        dev_err!(dev, "no ctx available\n");
        return Ok(());
    };
    let walk = bench.card.memory.tables.walk(space, address);
    let Some((walk, physical)) = walk.and_then(|walk| Some((walk, walk.address()?))) else {
        dev_err!(dev, "virt addr {:#x} is not mapped to phys addr\n", address);
        return Ok(());
    };
    writeln!(
        text,
        "asid: {asid}, virt_addr: {address:#x}, phys_addr: {physical:#x}"
    )?;
    for (n, hop) in (0..HOPS).zip(walk.hops()) {
        writeln!(text, "hop{n}_addr: {:#x}", hop.table)?;
        writeln!(text, "hop{n}_pte_addr: {:#x}", hop.entry_address)?;
        writeln!(text, "hop{n}_pte: {:#x}", hop.entry)?;
    }
    Ok(())
}

/// A number without a sign.
fn number(digits: &[u8], radix: u32) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = char::from(digit).to_digit(radix)?;
        number
            .checked_mul(u64::from(radix))?
            .checked_add(u64::from(digit))
    })
}

/// A hexadecimal number with its prefix; a newline may follow.
fn hexadecimal(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(b"0x")?;
    number(digits.strip_suffix(b"\n").unwrap_or(digits), 16)
}

/// An address space and an address, with a blank between them.
fn place(text: &[u8]) -> Option<(u32, u64)> {
    let blank = text.iter().position(|byte| *byte == b' ')?;
    let (asid, rest) = text.split_at_checked(blank)?;
    let (_, address) = rest.split_first()?;
    Some((number(asid, 10)?.try_into().ok()?, hexadecimal(address)?))
}

fn set_walk(bench: &Bench, input: &Input<'_>) -> Result {
    let Some((asid, address)) = place(input.bytes()) else {
        dev_err!(bench.card.dev, "usage: echo <asid> <0xaddr> > mmu\n");
        return Err(EINVAL);
    };
    bench.walk.0.store(asid, Relaxed);
    bench.walk.1.store(address, Relaxed);
    Ok(())
}

/// Goya's MMU has no errors that can be acknowledged.
fn acknowledge(bench: &Bench, _: &mut Output<'_>) -> Result {
    if bench.mmu_errors.load(Relaxed) == 0 {
        dev_err!(bench.card.dev, "mmu_cap_mask is not set\n");
    }
    Err(EINVAL)
}

fn set_errors(bench: &Bench, input: &Input<'_>) -> Result {
    let Some(mask) = hexadecimal(input.bytes()) else {
        dev_err!(
            bench.card.dev,
            "usage: echo <0xmmu_cap_mask > > mmu_error\n"
        );
        return Err(EINVAL);
    };
    bench.mmu_errors.store(mask, Relaxed);
    Ok(())
}

#[kunit_tests(goya_debugfs_maps)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(hexadecimal(b"0x1F\n"), Some(0x1f));
        assert_eq!(hexadecimal(b"0xffffffffffffffff"), Some(u64::MAX));
        for wrong in ["1f", "0x", "0x1 ", "0x1\n\n", "0x10000000000000000", "0xfg"] {
            assert_eq!(hexadecimal(wrong.as_bytes()), None);
        }
        assert_eq!(place(b"12 0xab\n"), Some((12, 0xab)));
        for wrong in ["1", "1 ", " 0x1", "0x1 0x1", "4294967296 0x1", "-1 0x1"] {
            assert_eq!(place(wrong.as_bytes()), None);
        }
    }
}
