// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card as a whole, and settings of the driver's.

use kernel::fmt::Write;
use kernel::prelude::*;
use kernel::sync::atomic::Relaxed;

use super::bench::{read_with, rw, wo, Bench, IN_RESET};
use crate::abstractions::debugfs::{File, Output};
use crate::abstractions::pci_power::{self, PowerState};
use crate::abstractions::ratelimit::dev_warn_ratelimited;
use crate::abstractions::sysfs::Input;
use crate::fw::messages;
use crate::history::state_dumps::KEPT;

pub(super) const FILES: &[File<Bench>] = &[
    rw(
        c"memory_scrub_val",
        |bench, text| {
            let value = bench.card.settings.scrub_value.load(Relaxed);
            Ok(writeln!(text, "{value:#018x}")?)
        },
        |bench, input| {
            let value = input.number_in(0)?;
            bench.card.settings.scrub_value.store(value, Relaxed);
            Ok(())
        },
    ),
    wo(c"memory_scrub", scrub),
    rw(c"set_power_state", power_state, set_power_state),
    rw(c"device", |_, text| Ok(writeln!(text, "{ORDERS}")?), order),
    // Goya has no clock gating; the file is there on all cards.
    rw(c"clk_gate", |_, _| Ok(()), |_, _| Ok(())),
    rw(
        c"stop_on_err",
        |bench, text| {
            let stop = bench.card.settings.stop_on_error.load(Relaxed);
            Ok(writeln!(text, "{stop}")?)
        },
        set_stop_on_error,
    ),
    // Goya keeps neither: reading has no effect.
    read_with(0o400, c"dump_security_violations", |_, _| Ok(())),
    read_with(0o400, c"dump_razwi_events", |_, _| Ok(())),
    wo(c"monitor_dump_trig", dump_monitors),
    read_with(0o400, c"monitor_dump", |_, _| Ok(())),
    rw(
        c"skip_reset_on_timeout",
        |bench, text| {
            let skip = bench.card.settings.skip_reset.load(Relaxed);
            Ok(writeln!(text, "{skip:#04x}")?)
        },
        |bench, input| {
            let skip = input.number_in(0)? as u8;
            let setting = &bench.card.settings.skip_reset;
            setting.store(u32::from(skip), Relaxed);
            Ok(())
        },
    ),
    rw(c"state_dump", state_dump, skip_dumps),
    rw(c"timeout_locked", timeout, set_timeout),
    rw(
        c"device_release_watchdog_timeout",
        |bench, text| {
            let seconds = bench.card.settings.release_timeout.load(Relaxed);
            Ok(writeln!(text, "{seconds}")?)
        },
        |bench, input| {
            let seconds = input.number_in(0)? as u32;
            let setting = &bench.card.settings.release_timeout;
            setting.store(seconds, Relaxed);
            Ok(())
        },
    ),
    // Nobody knows in what server a Goya is.
    read_with(0o444, c"server_type", |_, text| Ok(writeln!(text, "0")?)),
];

const ORDERS: &str = "Valid values: disable, enable, suspend, resume, cpu_timeout";
/// What upstream shows for a time-out that never comes.
const NEVER: u32 = u32::MAX / 1000;

/// A decimal number that fits into 32 bits.
fn decimal(input: &Input<'_>) -> Result<u32> {
    u32::try_from(input.number_in(10)?).map_err(|_| ERANGE)
}

/// Goya's DRAM is not scrubbed by command, as upstream; what users leave is in any case (`submit/scrub.rs`).
fn scrub(bench: &Bench, _: &Input<'_>) -> Result {
    let dev = &bench.card.dev;
    if !bench.card.status().operational() {
        dev_warn_ratelimited!(dev, "Can't scrub memory, device is not operational\n");
        return Err(EIO);
    }
    if bench.card.users.any_context() {
        dev_err!(dev, "can't scrub dram, context exist\n");
        return Err(EBUSY);
    }
    Err(EOPNOTSUPP)
}

fn power_state(bench: &Bench, text: &mut Output<'_>) -> Result {
    let state = bench.bound.with(|_, pdev| pci_power::state(pdev));
    let number = match state.unwrap_or(PowerState::Other) {
        PowerState::D0 => 1,
        PowerState::D3Hot => 2,
        PowerState::Other => 3,
    };
    Ok(writeln!(
        text,
        "current power state: {number}\n1 - D0\n2 - D3hot\n3 - Unknown"
    )?)
}

fn set_power_state(bench: &Bench, input: &Input<'_>) -> Result {
    let state = decimal(input)?;
    let set = bench.bound.with(|node, pdev| {
        let card = node.data();
        let _step = card.power_steps.lock();
        match state {
            _ if card.resets.is_removing() => Err(ENODEV),
            1 => pci_power::wake(pdev),
            2 => pci_power::sleep(pdev),
            _ => {
                dev_dbg!(card.dev, "invalid power state value {}\n", state);
                Err(EINVAL)
            }
        }
    });
    set.ok_or(ENODEV)?
}

fn order(bench: &Bench, input: &Input<'_>) -> Result {
    let card = &bench.card;
    let is = |order: &[u8]| input.bytes().starts_with(order);
    if is(b"disable") {
        card.resets.set_disabled(true);
    } else if is(b"enable") {
        card.resets.set_disabled(false);
    } else if is(b"suspend") {
        // Upstream does not tell whether the firmware has refused; it is logged.
        let _ = messages::set_pci_access(&card.dev, &*card.cpu, false);
    } else if is(b"resume") {
        let _ = bench
            .bound
            .with(|node, pdev| node.data().bars.open_windows(pdev));
    } else if is(b"cpu_timeout") {
        card.cpu.give_up();
    } else {
        dev_err!(card.dev, "{}\n", ORDERS);
        return Err(EINVAL);
    }
    Ok(())
}

fn set_stop_on_error(bench: &Bench, input: &Input<'_>) -> Result {
    let card = &bench.card;
    if card.resets.in_reset() {
        if IN_RESET.allows() {
            dev_warn!(card.dev, "Can't change stop on error during reset\n");
        }
        return Ok(());
    }
    let stop = u32::from(decimal(input)? != 0);
    card.settings.stop_on_error.store(stop, Relaxed);
    // Engines take it when they are started.
    card.resets.request_soft_reset();
    Ok(())
}

fn dump_monitors(bench: &Bench, input: &Input<'_>) -> Result {
    if !bench.can("dump monitors") {
        return Ok(());
    }
    let dev = &bench.card.dev;
    if decimal(input)? != 1 {
        dev_err!(dev, "Must write 1 to trigger monitor dump\n");
        return Err(EINVAL);
    }
    // Goya's firmware has no message for it.
    dev_err!(dev, "Failed to dump monitors\n");
    Err(EIO)
}

/// Upstream finds no sync objects, monitors or fences of Goya's.
fn state_dump(bench: &Bench, text: &mut Output<'_>) -> Result {
    let Some(taken) = bench.card.history.dumps.latest() else {
        return Ok(());
    };
    Ok(write!(
        text,
        "Timestamp taken on: {taken}\n\nNon zero sync objects:\n\n\
         Valid (armed) monitor objects:\n\nValid (armed) fences:\n\n"
    )?)
}

fn skip_dumps(bench: &Bench, input: &Input<'_>) -> Result {
    let count = decimal(input)?;
    if !(1..KEPT as u32).contains(&count) {
        dev_err!(bench.card.dev, "Invalid number of dumps to skip\n");
        return Err(EINVAL);
    }
    bench.card.history.dumps.skip(count);
    Ok(())
}

fn timeout(bench: &Bench, text: &mut Output<'_>) -> Result {
    let seconds = match bench.card.settings.timeout.load(Relaxed) {
        0 => NEVER,
        seconds => seconds,
    };
    Ok(writeln!(text, "{seconds}")?)
}

fn set_timeout(bench: &Bench, input: &Input<'_>) -> Result {
    bench.card.settings.timeout.store(decimal(input)?, Relaxed);
    Ok(())
}
