// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `HL_IOCTL_INFO`: who may ask what, and when (upstream `_hl_info_ioctl()`).
//!
//! The answers are in the neighbours `info_*.rs`, by where they come from.

use kernel::device::{Bound, Device};
use kernel::prelude::*;
use kernel::sync::Arc;
use kernel::uaccess::{UserPtr, UserSlice};
use zerocopy::Immutable;

use super::consts::*;
use super::info_layout::visible;
use super::types::InfoArgs;
use super::{info_card, info_errors, info_firmware, info_notify, info_state};
use crate::abstractions::accel::{Call, Ioctl};
use crate::abstractions::ratelimit::{dev_err_ratelimited, RateLimit};
use crate::context::file::File;
use crate::device::Card;
use crate::driver::GoyaNode;

/// Somebody who asks.
pub(crate) struct Asker<'a> {
    pub(crate) card: &'a Arc<Card>,
    /// The PCI device.
    pub(crate) parent: &'a Device<Bound>,
    /// His open accel node; nothing if he asks by the control node.
    pub(crate) file: Option<&'a File>,
    /// The device that messages name.
    pub(crate) dev: &'a Device,
    /// What [`request`] has read.
    pub(crate) request: Result<KVVec<u8>>,
}

/// An answer, which [`Reply::deliver`] takes to the caller.
///
/// His memory can take as long as he likes to come. So what he sends is read before the card is held, and what he gets is
/// written when it is no more.
pub(super) struct Reply {
    to: Out,
    bytes: KVVec<u8>,
}

impl Reply {
    /// An answer that writes nothing.
    pub(super) const NOTHING: Self = Self {
        to: Out {
            pointer: 0,
            size: 0,
        },
        bytes: KVVec::new(),
    };

    /// Writes it to the caller's memory.
    pub(super) fn deliver(&self) -> Result {
        if self.bytes.is_empty() {
            return Ok(());
        }
        let slice = self.to.slice(self.bytes.len())?;
        slice.writer().write_slice(&self.bytes)
    }
}

/// Where an answer goes: memory of the caller's.
#[derive(Clone, Copy)]
pub(super) struct Out {
    pointer: u64,
    size: u32,
}

impl Out {
    /// What the arguments say, as it is.
    pub(super) fn any(args: &InfoArgs) -> Self {
        Self {
            pointer: args.return_pointer,
            size: args.return_size,
        }
    }

    /// The same, for answers that go somewhere. Errors: `EINVAL` if there is no place for it.
    pub(super) fn somewhere(args: &InfoArgs) -> Result<Self> {
        if args.return_pointer == 0 {
            return Err(EINVAL);
        }
        Ok(Self::any(args))
    }

    /// The same, for answers that may be cut off. Errors: `EINVAL` if there is no place at all.
    pub(super) fn with_room(args: &InfoArgs) -> Result<Self> {
        if args.return_size == 0 {
            return Err(EINVAL);
        }
        Self::somewhere(args)
    }

    /// Bytes that there is room for.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// The caller's memory, `len` bytes of it.
    pub(super) fn slice(&self, len: usize) -> Result<UserSlice> {
        let address = usize::try_from(self.pointer).map_err(|_| EFAULT)?;
        Ok(UserSlice::new(UserPtr::from_addr(address), len))
    }

    /// Answers with as much of `bytes` as there is room for.
    pub(super) fn put_bytes(&self, bytes: &[u8]) -> Result<Reply> {
        let visible = bytes.get(..self.size as usize).unwrap_or(bytes);
        let mut bytes = KVVec::new();
        bytes.extend_from_slice(visible, GFP_KERNEL | __GFP_NOWARN)?;
        Ok(Reply { to: *self, bytes })
    }

    /// Answers with as much of `answer` as there is room for.
    pub(super) fn put<T: IntoBytes + Immutable>(&self, answer: &T) -> Result<Reply> {
        self.put_bytes(visible(answer, self.size))
    }
}

/// Copies as much as there is in both.
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// The ioctl of the accel node.
pub(crate) struct Info;

impl Ioctl for Info {
    type Driver = GoyaNode;
    type Args = InfoArgs;

    const COMMAND: u32 = HL_IOCTL_INFO;
    const NAME: &'static CStr = c"HL_INFO";

    fn run(call: &Call<'_, GoyaNode>, args: &mut InfoArgs) -> Result {
        let request = request(args, call.data.dev.as_ref());
        let live = call.enter()?;
        let asker = Asker {
            card: call.data,
            parent: live.parent(),
            file: Some(call.file),
            dev: call.data.dev.as_ref(),
            request,
        };
        let reply = answer(&asker, args);
        drop(live);
        reply?.deliver()
    }
}

/// Reads what the caller sends along. What went wrong is told when that is looked at.
pub(super) fn request(args: &InfoArgs, dev: &Device) -> Result<KVVec<u8>> {
    match args.op {
        HL_INFO_FW_GENERIC_REQ => info_firmware::read_request(args, dev),
        _ => Ok(KVVec::new()),
    }
}

/// Answers.
///
/// # Errors
///
/// `EINVAL` for what cannot be asked, or if there is no room for an answer; `EBUSY` if the card would
/// have to work for it but does not; and those of what is asked.
pub(super) fn answer(asker: &Asker<'_>, args: &mut InfoArgs) -> Result<Reply> {
    if args.pad != 0 {
        dev_dbg!(asker.card.dev, "Padding bytes must be 0\n");
        return Err(EINVAL);
    }
    match at_any_time(asker, args) {
        Some(result) => result,
        None => while_operational(asker, args),
    }
}

/// Answers what can be asked whatever the card is at; nothing for all else.
fn at_any_time(asker: &Asker<'_>, args: &mut InfoArgs) -> Option<Result<Reply>> {
    let card = asker.card;
    Some(match args.op {
        HL_INFO_HW_IP_INFO => info_card::hw_ip(asker, args),
        HL_INFO_DEVICE_STATUS => info_state::status(card, args),
        HL_INFO_RESET_COUNT => info_state::resets(card, args),
        HL_INFO_HW_EVENTS => info_state::events(card, args, false),
        HL_INFO_HW_EVENTS_AGGREGATE => info_state::events(card, args, true),
        HL_INFO_CS_COUNTERS => info_state::cs_counters(asker, args),
        HL_INFO_CLK_THROTTLE_REASON => info_state::clk_throttle(card, args),
        HL_INFO_SYNC_MANAGER => info_card::sync_manager(args),
        HL_INFO_OPEN_STATS => info_state::open_stats(card, args),
        HL_INFO_LAST_ERR_OPEN_DEV_TIME => info_errors::last_open(card, args),
        HL_INFO_CS_TIMEOUT_EVENT => info_errors::cs_timeout(card, args),
        HL_INFO_RAZWI_EVENT => info_errors::razwi(args),
        HL_INFO_UNDEFINED_OPCODE_EVENT => info_errors::undefined_opcode(args),
        HL_INFO_DEV_MEM_ALLOC_PAGE_SIZES => info_card::page_sizes(args),
        HL_INFO_GET_EVENTS => info_notify::take(asker, args),
        HL_INFO_PAGE_FAULT_EVENT => info_errors::page_fault(card, args),
        HL_INFO_USER_MAPPINGS => info_errors::user_mappings(card, args),
        HL_INFO_UNREGISTER_EVENTFD => info_notify::unregister(asker),
        HL_INFO_HW_ERR_EVENT | HL_INFO_USER_ENGINE_ERR_EVENT => info_errors::hardware(args),
        HL_INFO_FW_ERR_EVENT => info_errors::firmware(card, args),
        HL_INFO_DRAM_USAGE => info_state::dram_usage(asker, args),
        _ => return None,
    })
}

/// Answers what a card must work for.
fn while_operational(asker: &Asker<'_>, args: &mut InfoArgs) -> Result<Reply> {
    static LIMIT: RateLimit = RateLimit::new();

    let card = asker.card;
    let status = card.status();
    if !status.operational() {
        if LIMIT.allows() {
            dev_dbg!(
                asker.dev,
                "Device is {}. Can't execute INFO IOCTL\n",
                status.text()
            );
        }
        return Err(EBUSY);
    }
    match args.op {
        HL_INFO_HW_IDLE => info_card::hw_idle(card, args),
        HL_INFO_DEVICE_UTILIZATION => info_firmware::utilization(card, args),
        HL_INFO_CLK_RATE => info_firmware::clk_rate(card, args),
        HL_INFO_TIME_SYNC => info_card::time_sync(card, args),
        HL_INFO_PCI_COUNTERS => info_firmware::pci_counters(card, args),
        HL_INFO_TOTAL_ENERGY => info_firmware::total_energy(card, args),
        HL_INFO_PLL_FREQUENCY => info_firmware::pll_frequency(card, args),
        HL_INFO_POWER => info_firmware::power(card, args),
        HL_INFO_DRAM_REPLACED_ROWS => info_firmware::replaced_rows(card, args),
        HL_INFO_DRAM_PENDING_ROWS => info_firmware::pending_rows(card, args),
        HL_INFO_SECURED_ATTESTATION => info_firmware::attestation(card, args),
        HL_INFO_REGISTER_EVENTFD => info_notify::register(asker, args),
        HL_INFO_ENGINE_STATUS => info_card::engine_status(card, args),
        HL_INFO_FW_GENERIC_REQ => info_firmware::generic_request(asker, args),
        HL_INFO_DEV_SIGNED => info_firmware::signed_info(card, args),
        op => {
            dev_err_ratelimited!(asker.dev, "Invalid request {}\n", op as i32);
            Err(EINVAL)
        }
    }
}
