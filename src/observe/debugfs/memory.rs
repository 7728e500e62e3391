// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Registers and memory through `data32` and `data64`, at the address in `addr`: the card's own, or a user's.

use kernel::fmt::Write;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;

use super::bench::{read_with, rw, wo, Bench};
use crate::abstractions::debugfs::{File, Output};
use crate::abstractions::sysfs::Input;
use crate::context::Context;
use crate::hw::bars::Bars;
use crate::hw::map::{self, DRAM_VIRTUAL, HOST_VIRTUAL};
use crate::hw::window::Window;
use crate::hw::{Io, Offset};
use crate::mem::mapping::Backing;

pub(super) const FILES: &[File<Bench>] = &[
    rw(
        c"addr",
        |bench, text| {
            let address = bench.address.load(Relaxed);
            Ok(writeln!(text, "{address:#018x}")?)
        },
        |bench, input| {
            bench.address.store(input.number_in(0)?, Relaxed);
            Ok(())
        },
    ),
    rw(c"data32", read::<4>, write::<4>),
    rw(c"data64", read::<8>, write::<8>),
    wo(c"dma_size", dma),
    // What the former has read, which on Goya is nothing.
    read_with(0o400, c"data_dma", |_, _| Ok(())),
];

/// Bytes of the largest DMA.
const LARGEST_DMA: u64 = 128 << 20;

/// Whether `len` bytes at `address` are in the `size` bytes at `base`.
fn within(address: u64, len: u64, base: u64, size: u64) -> Option<u64> {
    let offset = address.checked_sub(base)?;
    (offset <= size.checked_sub(len)?).then_some(offset)
}

/// Where the words of an access are: it has one or two.
const WORDS: [usize; 2] = [0, 4];

/// Bytes on their way.
enum Access<'a> {
    Read(&'a mut [u8]),
    Write(&'a [u8]),
}

impl Access<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Read(to) => to.len(),
            Self::Write(from) => from.len(),
        }
    }
}

/// Reads word by word.
fn each_word(to: &mut [u8], mut read: impl FnMut(usize) -> Result<u32>) -> Result {
    for (at, to) in WORDS.into_iter().zip(to.chunks_exact_mut(4)) {
        let word = read(at)?.to_le_bytes();
        to.iter_mut().zip(word).for_each(|(to, byte)| *to = byte);
    }
    Ok(())
}

impl Bench {
    fn access(&self, access: Access<'_>) -> Result {
        let (dev, address) = (&self.card.dev, self.address.load(Relaxed));
        if DRAM_VIRTUAL.contains(&address) || HOST_VIRTUAL.contains(&address) {
            return self.user(address, access);
        }
        let result = self.table_writer(address, access);
        match result {
            Some(result) => result.inspect_err(|error| {
                dev_err!(
                    dev,
                    "Failed reading addr {:#x} from dev mem ({})\n",
                    address,
                    error.to_errno()
                );
            }),
            None => {
                dev_err!(dev, "invalid addr {:#x}\n", address);
                Err(EINVAL)
            }
        }
    }

    /// The card's own memory at `address`; nothing if there is none.
    fn table_writer(&self, address: u64, access: Access<'_>) -> Option<Result> {
        let (card, len) = (&self.card, access.len() as u64);
        let bars = &*card.bars;
        let dram_size = card.dram_end().saturating_sub(map::DRAM_BASE);
        let region = |base, size| within(address, len, base, size);
        let registers_at = region(map::CFG_BASE, map::CFG_SIZE);
        let sram_at = region(map::SRAM_BASE, map::SRAM_SIZE);
        registers_at
            .or(sram_at)
            .or_else(|| region(map::DRAM_BASE, dram_size))?;
        Some(
            self.aligned(address)
                .and_then(|()| match (registers_at, sram_at) {
                    (Some(offset), _) => registers(bars, u32::try_from(offset)?, access),
                    (None, Some(offset)) => sram(bars, usize::try_from(offset)?, access),
                    (None, None) => self.dram(address, access),
                }),
        )
    }

    fn aligned(&self, address: u64) -> Result {
        if address % 4 == 0 {
            return Ok(());
        }
        dev_err!(
            self.card.dev,
            "address {:#x} not a multiple of {}\n",
            address,
            4
        );
        Err(EINVAL)
    }

    /// DRAM, if necessary with the window moved there, while no other device reaches memory there.
    fn dram(&self, address: u64, access: Access<'_>) -> Result {
        let len = access.len();
        let at = |n: usize| address.wrapping_add(n as u64);
        let run = |window: &mut Window<'_>| match access {
            Access::Read(to) => each_word(to, |n| window.read32(at(n))),
            Access::Write(from) => window.write(address, from).and_then(|()| window.flush()),
        };
        let done = self.bound.with(|node, pdev| {
            let card = node.data();
            let bars = &*card.bars;
            if bars.window().shows(address, len) {
                return run(&mut bars.window());
            }
            let moved = card
                .memory
                .exports
                .while_none(|| bars.window().show(pdev, address, len, run));
            if bars.window().is_lost() {
                card.resets.request_hard_reset();
            }
            moved.unwrap_or_else(|| {
                dev_err!(
                    card.dev,
                    "address {:#x} is not in the window, which other devices use\n",
                    address
                );
                Err(EBUSY)
            })
        });
        done.ok_or(ENODEV)?
    }

    /// A user's memory at the card's virtual address `address`.
    fn user(&self, address: u64, access: Access<'_>) -> Result {
        let dev = &self.card.dev;
        let found = self.with_context(|context| in_context(context, address, access));
        let Some(found) = found else {
            dev_err!(dev, "no ctx available\n");
            return Err(EINVAL);
        };
        let (asid, access) = match found {
            Found::Done(result) => return result,
            Found::OnCard(asid, access) => (asid, access),
            Found::Nowhere => {
                dev_err!(dev, "virt addr {:#x} is not mapped\n", address);
                return Err(EINVAL);
            }
        };
        let walk = self.card.memory.tables.walk(asid, address);
        let Some(physical) = walk.and_then(|walk| walk.address()) else {
            dev_err!(dev, "virt addr {:#x} is not mapped to phys addr\n", address);
            return Err(EINVAL);
        };
        self.table_writer(physical, access).unwrap_or(Err(EINVAL))
    }
}

/// What an address of a user's is.
enum Found<'a> {
    /// Host memory, and this is how the access ended.
    Done(Result),
    /// The card's memory, in this address space: the access is still to be done.
    OnCard(u32, Access<'a>),
    Nowhere,
}

/// Does an access to host memory that is mapped at `address`.
fn in_context<'a>(context: &Context, address: u64, access: Access<'a>) -> Found<'a> {
    let len = access.len() as u64;
    let (mut access, mut done, mut on_card) = (Some(access), None, false);
    let each = context.user_memory.each_mapping(|start, mapping| {
        let Some(offset) = within(address, len, start, mapping.user_size()) else {
            return Ok(());
        };
        if let Backing::Host(mapped) = mapping.memory() {
            let (pages, offset) = (mapped.pages(), usize::try_from(offset)?);
            done = access.take().map(|access| match access {
                Access::Read(to) => pages.read(offset, to),
                Access::Write(from) => pages.write(offset, from),
            });
        } else {
            on_card = true;
        }
        Ok(())
    });
    match (each.and(done.unwrap_or(Ok(()))), access) {
        (result, None) => Found::Done(result),
        (Err(error), _) => Found::Done(Err(error)),
        (Ok(()), Some(access)) if on_card => Found::OnCard(context.asid(), access),
        _ => Found::Nowhere,
    }
}

fn registers(bars: &Bars, offset: u32, access: Access<'_>) -> Result {
    let at = |n: usize| Offset::new(offset.wrapping_add(n as u32));
    match access {
        Access::Read(to) => each_word(to, |n| Ok(bars.read(at(n)))),
        Access::Write(from) => {
            for (n, word) in WORDS.into_iter().zip(from.chunks_exact(4)) {
                let word = word.try_into().map_err(|_| EINVAL)?;
                bars.write(at(n), u32::from_le_bytes(word));
            }
            Ok(())
        }
    }
}

fn sram(bars: &Bars, offset: usize, access: Access<'_>) -> Result {
    match access {
        Access::Read(to) => bars.read_sram(offset, to),
        Access::Write(from) => bars.write_sram(offset, from),
    }
}

fn read<const N: usize>(bench: &Bench, text: &mut Output<'_>) -> Result {
    if !bench.can("read") {
        return Ok(());
    }
    let mut bytes = [0; 8];
    bench.access(Access::Read(bytes.get_mut(..N).ok_or(EINVAL)?))?;
    let value = u64::from_le_bytes(bytes);
    if N == 4 {
        return Ok(writeln!(text, "{value:#010x}")?);
    }
    Ok(writeln!(text, "{value:#018x}")?)
}

fn write<const N: usize>(bench: &Bench, input: &Input<'_>) -> Result {
    if !bench.can("write") {
        return Ok(());
    }
    let bytes = input.number_in(16)?.to_le_bytes();
    let (used, rest) = bytes.split_at_checked(N).ok_or(EINVAL)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(ERANGE);
    }
    bench.access(Access::Write(used))
}

/// Goya's driver has no DMA for this, as upstream's; the errors are the same.
fn dma(bench: &Bench, input: &Input<'_>) -> Result {
    if !bench.can("DMA") {
        return Ok(());
    }
    let (dev, address) = (&bench.card.dev, bench.address.load(Relaxed));
    let size = u64::from(u32::try_from(input.number_in(16)?).map_err(|_| ERANGE)?);
    if size == 0 {
        dev_err!(dev, "DMA read failed. size can't be 0\n");
        return Err(EINVAL);
    }
    if size > LARGEST_DMA {
        dev_err!(dev, "DMA read failed. size can't be larger than 128MB\n");
        return Err(EINVAL);
    }
    let dram = DRAM_VIRTUAL.end - DRAM_VIRTUAL.start;
    let inside = within(address, size, DRAM_VIRTUAL.start, dram)
        .or_else(|| within(address, size, map::SRAM_BASE, map::SRAM_SIZE));
    if inside.is_none() {
        dev_err!(
            dev,
            "DMA read failed. Invalid {:#012x} + {:#010x}\n",
            address,
            size
        );
        return Err(EINVAL);
    }
    dev_err!(dev, "Reading via DMA is unimplemented yet\n");
    dev_err!(dev, "Failed to DMA from {:#012x}\n", address);
    Err(EIO)
}
