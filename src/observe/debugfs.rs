// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's files in debugfs, in the directory of its node (upstream `common/debugfs.c`).
//!
//! They are for developers: nothing keeps them from harming the card, and no program may need them.
//
// TODO: what shows submissions, buffers and mappings; memory through `data32` and `data64`, which reach
// registers and SRAM only; `device`, `timeout_locked`, `memory_scrub`, `stop_on_err`.

use kernel::fmt::Write;
use kernel::prelude::*;
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;

use crate::abstractions::accel::Registration;
use crate::abstractions::debugfs::{File, Output, Subject};
use crate::abstractions::ratelimit::RateLimit;
use crate::abstractions::sysfs::Input;
use crate::device::Card;
use crate::driver::GoyaNode;
use crate::fw::messages::{self, I2c};
use crate::hw::{idle, lower_half, map, upper_half, Io};

/// A card, and what a developer has set to look at it.
struct Bench {
    card: Arc<Card>,
    /// Where `data32` and `data64` are.
    address: Atomic<u64>,
    /// Where `i2c_data` is: bus, address, register, bytes.
    i2c: [Atomic<u32>; 4],
}

impl Subject for Bench {
    type Module = crate::LocalModule;
}

/// Makes all files.
pub(super) fn register(card: &Arc<Card>, node: &mut Registration<GoyaNode>) -> Result {
    let bench = Bench {
        card: card.clone(),
        address: Atomic::new(0),
        i2c: [const { Atomic::new(0) }; 4],
    };
    let bench = Arc::new(bench, GFP_KERNEL)?;
    node.show(bench.clone(), FILES)?;
    if !card.is_secure() {
        node.show(bench, OPEN_CARD_FILES)?;
    }
    Ok(())
}

const fn rw(
    name: &'static CStr,
    show: fn(&Bench, &mut Output<'_>) -> Result,
    store: fn(&Bench, &Input<'_>) -> Result,
) -> File<Bench> {
    File {
        name,
        mode: 0o644,
        show: Some(show),
        store: Some(store),
    }
}

const fn ro(name: &'static CStr, show: fn(&Bench, &mut Output<'_>) -> Result) -> File<Bench> {
    File {
        name,
        // As upstream; writing is refused.
        mode: 0o644,
        show: Some(show),
        store: None,
    }
}

const fn wo(name: &'static CStr, store: fn(&Bench, &Input<'_>) -> Result) -> File<Bench> {
    File {
        name,
        mode: 0o200,
        show: None,
        store: Some(store),
    }
}

/// Files of all cards.
const FILES: &[File<Bench>] = &[
    ro(c"engines", engines),
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
    rw(c"data32", read32, write32),
    rw(c"data64", read64, write64),
    // Goya has no clock gating; the file is there on all cards.
    rw(c"clk_gate", |_, _| Ok(()), |_, _| Ok(())),
];

/// Files of cards whose firmware lets the host do what it wants.
const OPEN_CARD_FILES: &[File<Bench>] = &[
    rw(c"i2c_bus", show_i2c::<0>, store_i2c::<0>),
    rw(c"i2c_addr", show_i2c::<1>, store_i2c::<1>),
    rw(c"i2c_reg", show_i2c::<2>, store_i2c::<2>),
    rw(c"i2c_len", show_i2c::<3>, store_i2c::<3>),
    rw(c"i2c_data", read_i2c, write_i2c),
    wo(c"led0", set_led::<0>),
    wo(c"led1", set_led::<1>),
    wo(c"led2", set_led::<2>),
];

/// A developer who polls a file during a reset makes these messages appear.
static IN_RESET: RateLimit = RateLimit::new();

impl Bench {
    /// Whether the card can be looked at; says so if not.
    fn can(&self, what: &str) -> bool {
        let in_reset = self.card.state.in_reset.get();
        if in_reset && IN_RESET.allows() {
            dev_warn!(self.card.dev, "Can't {} during reset\n", what);
        }
        !in_reset
    }
}

fn engines(bench: &Bench, text: &mut Output<'_>) -> Result {
    if bench.can("check device idle") {
        idle::engines(&*bench.card.bars, Some(text));
    }
    Ok(())
}

/// Something that an address leads to.
enum Place {
    /// A register, by its offset.
    Register(u32),
    /// A place in SRAM, by its offset.
    Sram(usize),
}

impl Bench {
    /// What `size` bytes at the address are. `EINVAL` if they can't be reached.
    fn place(&self, size: u64) -> Result<Place> {
        let (dev, address) = (&self.card.dev, self.address.load(Relaxed));
        let within = |base: u64, len: u64| {
            let offset = address.checked_sub(base)?;
            (offset <= len - size).then_some(offset)
        };
        let place = if let Some(offset) = within(map::CFG_BASE, map::CFG_SIZE) {
            Place::Register(u32::try_from(offset)?)
        } else if let Some(offset) = within(map::SRAM_BASE, map::SRAM_SIZE) {
            Place::Sram(usize::try_from(offset)?)
        } else {
            dev_err!(dev, "invalid addr {:#x}\n", address);
            return Err(EINVAL);
        };
        if address % 4 != 0 {
            dev_err!(dev, "address {:#x} not a multiple of {}\n", address, 4);
            dev_err!(
                dev,
                "Failed reading addr {:#x} from dev mem ({})\n",
                address,
                EINVAL.to_errno()
            );
            return Err(EINVAL);
        }
        Ok(place)
    }

    fn read(&self, size: u64) -> Result<u64> {
        let bars = &*self.card.bars;
        let mut words = [0; 2];
        let count = usize::try_from(size / 4)?;
        let words_read = words.iter_mut().take(count);
        match self.place(size)? {
            Place::Register(offset) => {
                for (word, at) in words_read.zip((offset..).step_by(4)) {
                    *word = bars.read(at);
                }
            }
            Place::Sram(offset) => {
                for (word, at) in words_read.zip((offset..).step_by(4)) {
                    let mut bytes = [0; 4];
                    bars.read_sram(at, &mut bytes)?;
                    *word = u32::from_le_bytes(bytes);
                }
            }
        }
        let [low, high] = words;
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn write(&self, size: u64, value: u64) -> Result {
        let bars = &*self.card.bars;
        let count = usize::try_from(size / 4)?;
        let words = [lower_half(value), upper_half(value)];
        let words = words.into_iter().take(count);
        match self.place(size)? {
            Place::Register(offset) => {
                for (word, at) in words.zip((offset..).step_by(4)) {
                    bars.write(at, word);
                }
            }
            Place::Sram(offset) => {
                for (word, at) in words.zip((offset..).step_by(4)) {
                    bars.write_sram(at, &word.to_le_bytes())?;
                }
            }
        }
        Ok(())
    }
}

fn read32(bench: &Bench, text: &mut Output<'_>) -> Result {
    if bench.can("read") {
        writeln!(text, "{:#010x}", bench.read(4)?)?;
    }
    Ok(())
}

fn read64(bench: &Bench, text: &mut Output<'_>) -> Result {
    if bench.can("read") {
        writeln!(text, "{:#018x}", bench.read(8)?)?;
    }
    Ok(())
}

fn write32(bench: &Bench, input: &Input<'_>) -> Result {
    if bench.can("write") {
        let value = u32::try_from(input.number_in(16)?).map_err(|_| ERANGE)?;
        bench.write(4, value.into())?;
    }
    Ok(())
}

fn write64(bench: &Bench, input: &Input<'_>) -> Result {
    if bench.can("write") {
        bench.write(8, input.number_in(16)?)?;
    }
    Ok(())
}

fn show_i2c<const N: usize>(bench: &Bench, text: &mut Output<'_>) -> Result {
    let value = bench.i2c.get(N).ok_or(EINVAL)?.load(Relaxed);
    Ok(writeln!(text, "{value}")?)
}

/// What does not fit into a byte is cut off, as upstream.
fn store_i2c<const N: usize>(bench: &Bench, input: &Input<'_>) -> Result {
    let value = input.number_in(0)? & 0xff;
    let field = bench.i2c.get(N).ok_or(EINVAL)?;
    field.store(u32::try_from(value)?, Relaxed);
    Ok(())
}

impl Bench {
    /// The place on an I2C bus. `EBUSY` if the card does not work.
    fn i2c_place(&self) -> Result<I2c> {
        if !self.card.status().operational() {
            return Err(EBUSY);
        }
        let [bus, address, register, len] = self.i2c.each_ref().map(|field| {
            let [byte, ..] = field.load(Relaxed).to_le_bytes();
            byte
        });
        Ok(I2c {
            bus,
            address,
            register,
            len,
        })
    }

    fn complain(&self, what: core::fmt::Arguments<'_>) {
        let [bus, address, register, len] = self.i2c.each_ref().map(|field| field.load(Relaxed));
        dev_err!(
            self.card.dev,
            "Failed to {} I2C bus {}, addr {}, reg {}, len {}\n",
            what,
            bus,
            address,
            register,
            len
        );
    }
}

fn read_i2c(bench: &Bench, text: &mut Output<'_>) -> Result {
    let card = &bench.card;
    let value = bench
        .i2c_place()
        .and_then(|place| messages::i2c_read(&card.dev, &*card.cpu, place))
        .inspect_err(|_| bench.complain(format_args!("read from")))?;
    Ok(writeln!(text, "{value:#x}")?)
}

fn write_i2c(bench: &Bench, input: &Input<'_>) -> Result {
    let card = &bench.card;
    let value = input.number_in(16)?;
    bench
        .i2c_place()
        .and_then(|place| messages::i2c_write(&card.dev, &*card.cpu, place, value))
        .inspect_err(|_| bench.complain(format_args!("write {value:#x} to")))
}

fn set_led<const N: u8>(bench: &Bench, input: &Input<'_>) -> Result {
    let on = u32::try_from(input.number_in(10)?).map_err(|_| ERANGE)? != 0;
    let card = &bench.card;
    if card.status().operational() {
        // Upstream does not tell the developer that the firmware refused, nor do we; it is logged.
        let _ = messages::set_led(&card.dev, &*card.cpu, N, u8::from(on));
    }
    Ok(())
}
