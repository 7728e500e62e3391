// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Answers of `HL_IOCTL_INFO` that firmware gives.

use core::mem::offset_of;

use kernel::device::Device;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::kept::Kept;
use super::layout;
use super::reply::{copy, Answer, Caller, Reply};
use crate::abstractions::ratelimit::{dev_err_ratelimited, dev_warn_ratelimited};
use crate::card::Card;
use crate::fw::clocks::{self, Numbering, Pll};
use crate::fw::mailbox::Mailbox;
use crate::fw::message::Buffer;
use crate::fw::messages::{self, Passthrough};
use crate::queue::budget::Budget;
use crate::uapi::info_types::*;
use crate::uapi::types::InfoArgs;

/// What a card draws at least, in mW: there is no use of more to tell of (`DC_POWER_DEFAULT`).
const IDLE_POWER: u64 = layout::IDLE_POWER;
/// The largest request that is passed through to firmware.
const REQUEST_MAX: u32 = 1 << 20;

/// `HL_INFO_DEVICE_UTILIZATION`. Errors: `EINVAL`, whatever went wrong.
pub(super) fn utilization(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let max_power = card.power.max();
    if max_power == IDLE_POWER {
        dev_warn_ratelimited!(card.dev, "device utilization is not supported\n");
        return Err(EINVAL);
    }
    let power = messages::power(card.dev.as_ref(), &*card.cpu).map_err(|_| EINVAL)?;
    reply.put(&layout::device_utilization(power, max_power)?)
}

fn numbering(card: &Card) -> Numbering {
    let firmware = card.firmware.lock();
    firmware
        .as_ref()
        .map_or(Numbering::Card, |firmware| firmware.numbering)
}

/// `HL_INFO_CLK_RATE`.
pub(super) fn clk_rate(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let numbering = numbering(card);
    let rate = |what: &str, current: bool| {
        let (dev, pll) = (card.dev.as_ref(), Pll::Mme as u32);
        clocks::frequency(dev, &*card.cpu, &numbering, pll, current).inspect_err(|error| {
            dev_err_ratelimited!(
                dev,
                "Failed to retrieve device {} clock {}\n",
                what,
                error.to_errno()
            );
        })
    };
    let max = rate("max", false)?;
    reply.put(&layout::clk_rate(rate("current", true)?, max))
}

/// `HL_INFO_PCI_COUNTERS`.
pub(super) fn pci_counters(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let counters = messages::pci_counters(card.dev.as_ref(), &*card.cpu)?;
    reply.put(&InfoPciCounters {
        rx_throughput: counters.rx_throughput,
        tx_throughput: counters.tx_throughput,
        replay_cnt: counters.replays.into(),
    })
}

/// `HL_INFO_TOTAL_ENERGY`.
pub(super) fn total_energy(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let total_energy_consumption = messages::total_energy(card.dev.as_ref(), &*card.cpu)?;
    reply.put(&InfoEnergy {
        total_energy_consumption,
    })
}

/// `HL_INFO_PLL_FREQUENCY`.
pub(super) fn pll_frequency(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let numbering = numbering(card);
    let output = clocks::outputs(card.dev.as_ref(), &*card.cpu, &numbering, args.parameter)?;
    reply.put(&InfoPllFrequency { output })
}

/// `HL_INFO_POWER`.
pub(super) fn power(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let power = messages::power(card.dev.as_ref(), &*card.cpu)?;
    reply.put(&InfoPower { power })
}

/// `HL_INFO_DRAM_REPLACED_ROWS`.
pub(super) fn replaced_rows(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put_bytes(&messages::replaced_row(card.dev.as_ref(), &*card.cpu)?)
}

/// `HL_INFO_DRAM_PENDING_ROWS`.
pub(super) fn pending_rows(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    reply.put(&messages::pending_rows(card.dev.as_ref(), &*card.cpu)?)
}

/// A field of firmware's: its place there, its place in the answer, its bytes. Numbers of both are
/// little endian.
type Field = (usize, usize, usize);

#[cfg(not(target_endian = "little"))]
compile_error!("fields of firmware's are copied as they are");

/// What an answer takes of firmware's, `size` bytes.
fn translate(reply: &[u8], size: usize, fields: &[Field]) -> Result<KVec<u8>> {
    let mut answer = KVec::from_elem(0u8, size, GFP_KERNEL)?;
    for &(from, to, len) in fields {
        let bytes = reply.get(from..from.saturating_add(len)).ok_or(EINVAL)?;
        let place = answer.get_mut(to..to.saturating_add(len)).ok_or(EINVAL)?;
        copy(place, bytes);
    }
    Ok(answer)
}

/// From `struct cpucp_sec_attest_info`.
const ATTESTATION: &[Field] = &[
    (0, offset_of!(InfoSecAttest, pcr_data), 256),
    (256, offset_of!(InfoSecAttest, pcr_num_reg), 1),
    (257, offset_of!(InfoSecAttest, pcr_reg_len), 1),
    (260, offset_of!(InfoSecAttest, nonce), 4),
    (264, offset_of!(InfoSecAttest, pcr_quote_len), 2),
    (266, offset_of!(InfoSecAttest, pcr_quote), 510),
    (776, offset_of!(InfoSecAttest, quote_sig_len), 1),
    (777, offset_of!(InfoSecAttest, quote_sig), 255),
    (1032, offset_of!(InfoSecAttest, pub_data_len), 2),
    (1034, offset_of!(InfoSecAttest, public_data), 510),
    (1544, offset_of!(InfoSecAttest, certificate_len), 2),
    (1546, offset_of!(InfoSecAttest, certificate), 2046),
];

/// `HL_INFO_SECURED_ATTESTATION`.
pub(super) fn attestation(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let told = messages::attestation(card.dev.as_ref(), &*card.cpu, args.parameter)?;
    let answer = translate(&told, size_of::<InfoSecAttest>(), ATTESTATION)?;
    reply.put_bytes(&answer)
}

/// Bytes of `struct cpucp_info`, which `struct cpucp_dev_info_signed` begins with.
const SIGNED_INFO_LEN: usize = crate::fw::info::INFO_LEN;

/// From `struct cpucp_dev_info_signed`.
const SIGNED: &[Field] = &[
    (0, offset_of!(InfoSigned, dev_info), SIGNED_INFO_LEN),
    (1768, offset_of!(InfoSigned, nonce), 4),
    (1776, offset_of!(InfoSigned, info_sig_len), 1),
    (1777, offset_of!(InfoSigned, info_sig), 255),
    (2032, offset_of!(InfoSigned, pub_data_len), 2),
    (2034, offset_of!(InfoSigned, public_data), 510),
    (2544, offset_of!(InfoSigned, certificate_len), 2),
    (2546, offset_of!(InfoSigned, certificate), 2046),
];

/// `HL_INFO_DEV_SIGNED`.
pub(super) fn signed_info(card: &Card, args: &InfoArgs) -> Result<Answer> {
    let reply = Reply::sized(args)?;
    let told = messages::signed_info(card.dev.as_ref(), &*card.cpu, args.parameter)?;
    let mut answer = translate(&told, size_of::<InfoSigned>(), SIGNED)?;
    let len = (SIGNED_INFO_LEN as u16).to_ne_bytes();
    let place = answer.get_mut(offset_of!(InfoSigned, dev_info_len)..);
    copy(place.ok_or(EINVAL)?, &len);
    reply.put_bytes(&answer)
}

/// Reads the caller's part of `HL_INFO_FW_GENERIC_REQ`; nothing if there is none, or there is no such request.
pub(super) fn read_request(args: &InfoArgs, dev: &Device, budget: &Arc<Budget>) -> Result<Kept> {
    let reply = Reply::unchecked(args);
    let has_input = Passthrough::try_from(args.parameter).is_ok_and(|request| request.has_input());
    if !has_input || reply.size() > REQUEST_MAX {
        return Ok(Kept::NOTHING);
    }
    let mut bytes = Kept::zeroed(budget, reply.size() as usize)?;
    reply
        .slice(bytes.len())?
        .reader()
        .read_slice(&mut bytes)
        .inspect_err(|_| dev_dbg!(dev, "Failed to copy from user FW buff\n"))?;
    Ok(bytes)
}

/// `HL_INFO_FW_GENERIC_REQ`: the caller's memory goes to firmware, and what firmware makes of it comes
/// back, both or one of them.
pub(super) fn generic_request(caller: &Caller<'_>, args: &InfoArgs) -> Result<Answer> {
    let (card, reply) = (caller.card, Reply::unchecked(args));
    let request = Passthrough::try_from(args.parameter)?;
    if reply.size() > REQUEST_MAX {
        dev_err_ratelimited!(card.dev, "buffer size cannot exceed 1MB\n");
        return Err(EINVAL);
    }
    if reply.size() == 0 {
        // As upstream, whose pool has no empty buffers.
        return Err(ENOMEM);
    }
    let size = reply.size() as usize;
    let buffer = card.cpu.buffer(size)?;
    buffer.write(0, caller.request.as_ref().map_err(|error| *error)?)?;
    // Before firmware does anything: what it did cannot be told without.
    let mut bytes = Kept::zeroed(&card.answers, size)?;
    let written = messages::pass_through(card.dev.as_ref(), &*card.cpu, request, &buffer)?;
    buffer.read(0, &mut bytes)?;
    bytes.truncate(written as usize);
    Ok(reply.put_kept(bytes))
}

#[kunit_tests(goya_uapi_info_firmware)]
mod tests {
    use super::*;

    /// All bytes are taken, once, but for padding; and nothing lies outside.
    #[test]
    fn fields_cover_the_structures() -> Result {
        for (fields, from, to, padding) in [
            (
                ATTESTATION,
                messages::ATTESTATION_LEN,
                size_of::<InfoSecAttest>(),
                2,
            ),
            (
                SIGNED,
                messages::SIGNED_INFO_LEN,
                size_of::<InfoSigned>(),
                4,
            ),
        ] {
            let reply = KVec::from_elem(1u8, from, GFP_KERNEL)?;
            let answer = translate(&reply, to, fields)?;
            let copied = answer.iter().filter(|byte| **byte == 1).count();
            assert_eq!(copied, from - padding);
        }
        Ok(())
    }
}
