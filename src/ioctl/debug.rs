// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_DEBUG`: debug mode, and the card's trace units (upstream `hl_debug_ioctl()`).

use core::mem::size_of;

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{UserPtr, UserSlice};

use crate::abstractions::accel::Ioctl;
use crate::abstractions::ratelimit::{dev_err_ratelimited, RateLimit};
use crate::card::Card;
use crate::coresight::{Switch, UnitAnswer, UnitRequest};
use crate::file::{Call, File};
use crate::uapi::consts::*;
use crate::uapi::debug_types::{DebugArgs, DebugBmon, DebugSpmu, DebugStm, DebugTrace};

/// Room for an answer that a user may claim, in bytes: what upstream can allocate. Nothing of ours is
/// as large; what is not filled is cleared.
const OUTPUT_MAX: u32 = 4 << 20;

/// Any user can make this message appear.
static NOT_NOW: RateLimit = RateLimit::new();

pub(crate) struct Debug;

impl Ioctl for Debug {
    type Data = Arc<Card>;
    type File = File;
    type Args = DebugArgs;
    const COMMAND: u32 = HL_IOCTL_DEBUG;
    const NAME: &'static CStr = c"HL_DEBUG";

    fn run(call: &Call<'_>, args: &mut DebugArgs) -> Result {
        let card: &Card = call.data;
        let status = card.status();
        if !status.operational() {
            if NOT_NOW.allows() {
                dev_dbg!(
                    card.dev,
                    "Device is {}. Can't execute DEBUG IOCTL\n",
                    status.text()
                );
            }
            return Err(EBUSY);
        }
        match args.op {
            HL_DEBUG_OP_ETR
            | HL_DEBUG_OP_ETF
            | HL_DEBUG_OP_STM
            | HL_DEBUG_OP_FUNNEL
            | HL_DEBUG_OP_BMON
            | HL_DEBUG_OP_SPMU
            | HL_DEBUG_OP_TIMESTAMP => {
                let live = call.enter()?;
                card.trace.check(&card.trace_units())?;
                drop(live);
                configure(call, args)
            }
            HL_DEBUG_OP_SET_MODE => {
                let _live = call.enter()?;
                let _on_card = call.file.context.on_card()?;
                card.trace.set(&card.trace_units(), args.enable != 0)
            }
            // As upstream prints it.
            op => {
                dev_err_ratelimited!(card.dev, "Invalid request {}\n", op as i32);
                Err(EINVAL)
            }
        }
    }
}

/// Sets a unit up, and tells the user what it answers. His memory is touched before and afterwards: it can take as long
/// as he likes.
fn configure(call: &Call<'_>, args: &mut DebugArgs) -> Result {
    let card: &Card = call.data;
    let dev: &Device = &card.dev;
    let request = request(dev, args)?;
    let has_output = args.output_ptr != 0 && args.output_size != 0;
    if has_output && args.output_size > OUTPUT_MAX {
        return Err(ENOMEM);
    }
    let size = usize::try_from(args.output_size)?;
    let mut answer = UnitAnswer {
        room: has_output.then_some(size / size_of::<u64>()),
        ..UnitAnswer::default()
    };
    let live = call.enter()?;
    let on_card = call.file.context.on_card()?;
    let result = card
        .trace
        .run(&card.trace_units(), args.reg_idx, request, &mut answer)
        .inspect_err(|error| {
            dev_err_ratelimited!(
                dev,
                "debug coresight operation failed {}\n",
                error.to_errno()
            );
        });
    drop(on_card);
    drop(live);
    result?;
    if !has_output {
        return Ok(());
    }
    write(args.output_ptr, size, answer.words.as_bytes()).map_err(|_| {
        dev_err_ratelimited!(dev, "copy to user failed in debug ioctl\n");
        EFAULT
    })
}

/// What the user wants, with the input that belongs to it.
fn request(dev: &Device, args: &mut DebugArgs) -> Result<UnitRequest> {
    Ok(match args.op {
        HL_DEBUG_OP_ETR => UnitRequest::Etr(switch::<DebugTrace>(dev, args)?),
        HL_DEBUG_OP_ETF => UnitRequest::Etf(switch::<DebugTrace>(dev, args)?),
        HL_DEBUG_OP_STM => UnitRequest::Stm(switch::<DebugStm>(dev, args)?),
        HL_DEBUG_OP_FUNNEL => UnitRequest::Funnel(switch::<()>(dev, args)?),
        HL_DEBUG_OP_BMON => UnitRequest::Bmon(switch::<DebugBmon>(dev, args)?),
        HL_DEBUG_OP_SPMU => UnitRequest::Spmu(switch::<DebugSpmu>(dev, args)?),
        _ => {
            switch::<()>(dev, args)?;
            UnitRequest::Timestamp
        }
    })
}

/// On or off. The input is read in either case: an address that is wrong is wrong.
///
/// The user finds in `input_size` how much of it counts.
fn switch<T: FromBytes + IntoBytes>(dev: &Device, args: &mut DebugArgs) -> Result<Switch<T>> {
    let size = usize::try_from(args.input_size)?.min(size_of::<T>());
    args.input_size = u32::try_from(size)?;
    let input = (args.input_ptr != 0 && size != 0)
        .then(|| read(args.input_ptr, size))
        .transpose()
        .map_err(|_| {
            dev_err_ratelimited!(dev, "failed to copy input debug data\n");
            EFAULT
        })?;
    Ok(if args.enable == 0 {
        Switch::Off
    } else {
        Switch::On(input)
    })
}

/// Reads the first `size` bytes of a structure; the others are zero.
fn read<T: FromBytes + IntoBytes>(address: u64, size: usize) -> Result<T> {
    let mut value = T::new_zeroed();
    let bytes = value.as_mut_bytes().get_mut(..size).ok_or(EINVAL)?;
    let user = UserPtr::from_addr(usize::try_from(address)?);
    UserSlice::new(user, size).reader().read_slice(bytes)?;
    Ok(value)
}

/// Writes `size` bytes: those of `bytes`, as far as they fit, and zeros.
fn write(address: u64, size: usize, bytes: &[u8]) -> Result {
    const ZEROS: [u8; 256] = [0; 256];

    let user = UserPtr::from_addr(usize::try_from(address)?);
    let mut writer = UserSlice::new(user, size).writer();
    let front = bytes.get(..size.min(bytes.len())).unwrap_or_default();
    writer.write_slice(front)?;
    while !writer.is_empty() {
        let some = writer.len().min(ZEROS.len());
        writer.write_slice(ZEROS.get(..some).unwrap_or_default())?;
    }
    Ok(())
}
