// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's I2C buses and LEDs, on cards whose firmware lets the host at them.

use kernel::fmt::Write;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;

use super::bench::{rw, wo, Bench};
use crate::abstractions::debugfs::{File, Output};
use crate::abstractions::sysfs::Input;
use crate::fw::messages::{self, I2c};

pub(super) const FILES: &[File<Bench>] = &[
    rw(c"i2c_bus", show_i2c::<0>, store_i2c::<0>),
    rw(c"i2c_addr", show_i2c::<1>, store_i2c::<1>),
    rw(c"i2c_reg", show_i2c::<2>, store_i2c::<2>),
    rw(c"i2c_len", show_i2c::<3>, store_i2c::<3>),
    rw(c"i2c_data", read_i2c, write_i2c),
    wo(c"led0", set_led::<0>),
    wo(c"led1", set_led::<1>),
    wo(c"led2", set_led::<2>),
];

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
