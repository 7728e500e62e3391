// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Messages to the firmware: one function for each thing that the driver can ask of it.
//!
//! Neighbours: [`super::sensors`], [`super::clocks`], [`super::info`].
//! Facts: `common/firmware_if.c`, `goya_unmask_irq_arr()` and `goya_unmask_irq()` in `goya/goya.c`,
//! `hl_debugfs_i2c_read()` and its neighbours in `common/debugfs.c`.
//!
//! All of them return what [`Mailbox::send`] does, and say so in the log, except that nothing is said of
//! `EAGAIN`: the processor is known to be dead then.

use kernel::{device::Device, fmt, prelude::*, time::Delta};

use super::{
    mailbox::{Mailbox, TIMEOUT, TIMEOUT_LONG},
    message::{Buffer, Opcode, Packet, Reply, FENCE_DONE},
};
use crate::abstractions::ratelimit::dev_err_ratelimited;

/// Sends `packet`; says `what` failed, unless the processor is known to be dead.
fn send(
    dev: &Device,
    mailbox: &impl Mailbox,
    packet: &Packet<'_>,
    timeout: Delta,
    what: fmt::Arguments<'_>,
) -> Result<Reply> {
    mailbox.send(packet, timeout).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err_ratelimited!(dev, "{}, error {}\n", what, error.to_errno());
        }
    })
}

/// Asks the firmware to return a number.
///
/// As upstream, a wrong number is only an error in the log.
pub(crate) fn test_queue(dev: &Device, mailbox: &impl Mailbox) -> Result {
    let packet = Packet::new(Opcode::Test).value(u64::from(FENCE_DONE));
    let reply = mailbox.send(&packet, TIMEOUT).inspect_err(|error| {
        dev_err!(dev, "CPU queue test failed, error {}\n", error.to_errno());
    })?;
    if reply.result != u64::from(FENCE_DONE) {
        dev_err!(dev, "CPU queue test failed ({:#08x})\n", reply.result);
    }
    Ok(())
}

/// Asks the firmware for a sign of life. Errors: `EIO`, whatever went wrong.
///
/// The reply's status counts here; upstream looks at that of the packet it sent, which is always zero.
pub(crate) fn heartbeat(dev: &Device, mailbox: &impl Mailbox) -> Result {
    const EQ_FAULT: u32 = 1;

    let packet = Packet::new(Opcode::Test).value(u64::from(FENCE_DONE));
    let reply = mailbox.send(&packet, TIMEOUT).map_err(|_| EIO)?;
    if reply.result != u64::from(FENCE_DONE) {
        return Err(EIO);
    }
    if reply.status & EQ_FAULT != 0 {
        dev_warn!(dev, "FW reported EQ fault during heartbeat\n");
        return Err(EIO);
    }
    Ok(())
}

/// Allows the firmware to use the host's memory, or forbids it.
pub(crate) fn set_pci_access(dev: &Device, mailbox: &impl Mailbox, allowed: bool) -> Result {
    let opcode = if allowed {
        Opcode::EnablePciAccess
    } else {
        Opcode::DisablePciAccess
    };
    mailbox
        .send(&Packet::new(opcode), TIMEOUT)
        .map(|_| ())
        .inspect_err(|_| {
            dev_err!(dev, "Failed to disable FW's PCI access\n");
        })
}

/// Lets an event come again, by its number.
pub(crate) fn unmask_event(dev: &Device, mailbox: &impl Mailbox, event: u16) -> Result {
    let packet = Packet::new(Opcode::UnmaskIrq).value(u64::from(event));
    mailbox.send(&packet, TIMEOUT).map(|_| ()).inspect_err(|_| {
        dev_err_ratelimited!(dev, "failed to unmask RAZWI IRQ {}\n", event);
    })
}

/// Lets events come again, by their numbers. Errors: `EINVAL` if there are too many for a packet.
pub(crate) fn unmask_events(dev: &Device, mailbox: &impl Mailbox, events: &[u32]) -> Result {
    let packet = Packet::new(Opcode::UnmaskIrqArray)
        .list(events)
        .inspect_err(|_| {
            dev_err!(dev, "too many elements in IRQ array\n");
        })?;
    mailbox.send(&packet, TIMEOUT).map(|_| ()).inspect_err(|_| {
        dev_err!(dev, "failed to unmask IRQ array\n");
    })
}

/// Power that the card takes now, in mW.
pub(crate) fn power(dev: &Device, mailbox: &impl Mailbox) -> Result<u64> {
    const INPUT: u16 = 8;

    let packet = Packet::new(Opcode::PowerGet).halves(0, INPUT);
    let what = fmt!("Failed to read power");
    Ok(send(dev, mailbox, &packet, TIMEOUT_LONG, what)?.result)
}

/// Most power that the card may take, in mW.
pub(crate) fn max_power(dev: &Device, mailbox: &impl Mailbox) -> Result<u64> {
    let packet = Packet::new(Opcode::MaxPowerGet);
    let what = fmt!("Failed to get max power");
    Ok(send(dev, mailbox, &packet, TIMEOUT, what)?.result)
}

/// Sets the most power that the card may take, in mW. Upstream ignores errors.
pub(crate) fn set_max_power(dev: &Device, mailbox: &impl Mailbox, milliwatts: u64) -> Result {
    let packet = Packet::new(Opcode::MaxPowerSet).value(milliwatts);
    let what = fmt!("Failed to set max power");
    send(dev, mailbox, &packet, TIMEOUT, what).map(|_| ())
}

/// Energy that the card has taken since its reset, in mJ.
pub(crate) fn total_energy(dev: &Device, mailbox: &impl Mailbox) -> Result<u64> {
    let packet = Packet::new(Opcode::TotalEnergyGet);
    let what = fmt!("Failed to handle CpuCP total energy pkt");
    Ok(send(dev, mailbox, &packet, TIMEOUT_LONG, what)?.result)
}

/// What the card's PCIe core counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PciCounters {
    /// In the firmware's unit, as users get it.
    pub(crate) rx_throughput: u64,
    /// In the firmware's unit, as users get it.
    pub(crate) tx_throughput: u64,
    /// Packets that were sent again.
    pub(crate) replays: u32,
}

/// Reads the counters of the card's PCIe core: three messages.
pub(crate) fn pci_counters(dev: &Device, mailbox: &impl Mailbox) -> Result<PciCounters> {
    const TX: u32 = 0;
    const RX: u32 = 1;

    let get = |packet: Packet<'_>| {
        let what = fmt!("Failed to handle CPU-CP PCI info pkt");
        send(dev, mailbox, &packet, TIMEOUT_LONG, what).map(|reply| reply.result)
    };
    let throughput = |direction| get(Packet::new(Opcode::PcieThroughputGet).argument(direction));
    Ok(PciCounters {
        rx_throughput: throughput(RX)?,
        tx_throughput: throughput(TX)?,
        replays: low(get(Packet::new(Opcode::PcieReplayCountGet))?),
    })
}

/// The low half of a result that has 32 bits.
fn low(result: u64) -> u32 {
    let [a, b, c, d, ..] = result.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Has the firmware fill a buffer of `len` bytes, and copies what it says it has written, or all.
///
/// `texts` are what can't be allocated, and what can't be handled.
fn gather(
    dev: &Device,
    mailbox: &impl Mailbox,
    packet: Packet<'_>,
    len: usize,
    whole: bool,
    texts: [&'static str; 2],
) -> Result<KVVec<u8>> {
    let [to_allocate, to_send] = texts;
    let buffer = mailbox.buffer(len).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err_ratelimited!(dev, "Failed to allocate DMA memory for {}\n", to_allocate);
        }
    })?;
    let packet = packet.buffer(&buffer)?;
    let reply = send(
        dev,
        mailbox,
        &packet,
        TIMEOUT_LONG,
        fmt!("Failed to handle {}", to_send),
    )?;

    let written = usize::try_from(reply.result).unwrap_or(usize::MAX);
    let len = if whole { len } else { written.min(len) };
    let mut data = KVVec::from_elem(0u8, len, GFP_KERNEL)?;
    buffer.read(0, &mut data)?;
    Ok(data)
}

/// The card's EEPROM: at most `len_max` bytes, fewer if it has fewer.
pub(crate) fn eeprom(dev: &Device, mailbox: &impl Mailbox, len_max: usize) -> Result<KVVec<u8>> {
    let packet = Packet::new(Opcode::EepromDataGet);
    gather(
        dev,
        mailbox,
        packet,
        len_max,
        false,
        ["CPU-CP EEPROM packet"; 2],
    )
}

/// Bytes of `struct cpucp_sec_attest_info`.
pub(crate) const ATTESTATION_LEN: usize = 3592;
/// Bytes of `struct cpucp_dev_info_signed`.
pub(crate) const SIGNED_INFO_LEN: usize = 4592;
/// Bytes of `struct cpucp_hbm_row_info`.
pub(crate) const REPLACED_ROW_LEN: usize = 8;

/// The signed report of the boot (`struct cpucp_sec_attest_info`); `nonce` is signed with it.
pub(crate) fn attestation(dev: &Device, mailbox: &impl Mailbox, nonce: u32) -> Result<KVVec<u8>> {
    let packet = Packet::new(Opcode::AttestationGet).extra(nonce);
    gather(
        dev,
        mailbox,
        packet,
        ATTESTATION_LEN,
        true,
        ["CPU-CP packet 49", "CPU-CP pkt 49"],
    )
}

/// The signed description of the card (`struct cpucp_dev_info_signed`); `nonce` is signed with it.
pub(crate) fn signed_info(dev: &Device, mailbox: &impl Mailbox, nonce: u32) -> Result<KVVec<u8>> {
    let packet = Packet::new(Opcode::SignedInfoGet).extra(nonce);
    gather(
        dev,
        mailbox,
        packet,
        SIGNED_INFO_LEN,
        true,
        ["CPU-CP packet 50", "CPU-CP pkt 50"],
    )
}

/// The DRAM row that was replaced (`struct cpucp_hbm_row_info`).
pub(crate) fn replaced_row(dev: &Device, mailbox: &impl Mailbox) -> Result<KVVec<u8>> {
    let packet = Packet::new(Opcode::HbmReplacedRowsGet);
    let texts = [
        "CPU-CP replaced rows info packet",
        "CPU-CP replaced rows info pkt",
    ];
    gather(dev, mailbox, packet, REPLACED_ROW_LEN, true, texts)
}

/// Number of DRAM rows that wait to be replaced.
pub(crate) fn pending_rows(dev: &Device, mailbox: &impl Mailbox) -> Result<u32> {
    let packet = Packet::new(Opcode::HbmPendingRowsGet);
    let what = fmt!("Failed to handle CPU-CP pending rows info pkt");
    Ok(low(send(dev, mailbox, &packet, TIMEOUT, what)?.result))
}

codes! {
    /// What users may pass through to the firmware (`enum hl_passthrough_type`).
    Passthrough: u32 {
        Versions = 0,
        ErrorCounters = 1,
        PerformanceState = 2,
    }
}

impl Passthrough {
    /// Whether the buffer must hold the user's data when it is sent.
    pub(crate) fn has_input(self) -> bool {
        self == Self::ErrorCounters
    }
}

/// Passes a user's request through; the buffer has the user's data, and gets the firmware's.
///
/// Returns the number of bytes that the firmware says it has written, which may be nonsense.
pub(crate) fn pass_through<M: Mailbox>(
    dev: &Device,
    mailbox: &M,
    request: Passthrough,
    buffer: &M::Buffer,
) -> Result<u32> {
    let packet = Packet::new(Opcode::GenericPassthrough)
        .extra(request as u32)
        .buffer(buffer)?;
    let reply = mailbox.send(&packet, TIMEOUT_LONG).inspect_err(|&error| {
        if error != EAGAIN {
            dev_err_ratelimited!(dev, "failed to send CPUCP data of generic fw pkt\n");
        }
    })?;
    Ok(low(reply.result))
}

/// A place on one of the card's I2C buses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct I2c {
    pub(crate) bus: u8,
    pub(crate) address: u8,
    pub(crate) register: u8,
    /// Bytes to transfer, at most 8; 0 is one byte, for old firmware.
    pub(crate) len: u8,
}

impl I2c {
    const LEN_MAX: u8 = 8;

    /// Errors: `EINVAL` if the transfer is too long.
    fn packet(self, dev: &Device, opcode: Opcode) -> Result<Packet<'static>> {
        if self.len > Self::LEN_MAX {
            dev_err_ratelimited!(
                dev,
                "I2C transaction length {}, exceeds maximum of {}\n",
                self.len,
                Self::LEN_MAX
            );
            return Err(EINVAL);
        }
        Ok(Packet::new(opcode).bytes([self.bus, self.address, self.register, self.len]))
    }
}

/// Reads from I2C. Errors: `EINVAL` if the transfer is too long.
pub(crate) fn i2c_read(dev: &Device, mailbox: &impl Mailbox, place: I2c) -> Result<u64> {
    let packet = place.packet(dev, Opcode::I2cRead)?;
    let what = fmt!("Failed to read from I2C");
    Ok(send(dev, mailbox, &packet, TIMEOUT, what)?.result)
}

/// Writes to I2C. Errors: `EINVAL` if the transfer is too long.
pub(crate) fn i2c_write(dev: &Device, mailbox: &impl Mailbox, place: I2c, value: u64) -> Result {
    let packet = place.packet(dev, Opcode::I2cWrite)?.value(value);
    let what = fmt!("Failed to write to I2C");
    send(dev, mailbox, &packet, TIMEOUT, what).map(|_| ())
}

/// Switches an LED. Upstream ignores errors.
pub(crate) fn set_led(dev: &Device, mailbox: &impl Mailbox, led: u8, state: u8) -> Result {
    let packet = Packet::new(Opcode::LedSet)
        .argument(u32::from(led))
        .value(u64::from(state));
    send(
        dev,
        mailbox,
        &packet,
        TIMEOUT,
        fmt!("Failed to set LED {}", led),
    )
    .map(|_| ())
}

#[kunit_tests(goya_fw_messages)]
mod tests {
    use super::*;
    use crate::fw::fake::{device, Fake, ADDRESS};

    #[test]
    fn heartbeat_wants_its_number_back() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let good = Fake::answering(u64::from(FENCE_DONE));
        assert!(heartbeat(dev, &good).is_ok());
        assert_eq!(good.opcode(), Some(18));
        assert_eq!(good.value(), Some(0xFE8C_E7A5));
        assert_eq!(heartbeat(dev, &Fake::answering(0)), Err(EIO));
        assert_eq!(heartbeat(dev, &Fake::with(Err(EAGAIN))), Err(EIO));
        let fault = Fake::with(Ok(Reply {
            result: u64::from(FENCE_DONE),
            status: 1,
            ..Reply::NOTHING
        }));
        assert_eq!(heartbeat(dev, &fault), Err(EIO));
        // The test of the queue forgives a wrong number, the heartbeat does not.
        assert!(test_queue(dev, &Fake::answering(0)).is_ok());
        Ok(())
    }

    #[test]
    fn eeprom_is_cut_to_what_was_written() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let mut data = KVec::new();
        data.extend_from_slice(b"serial=1", GFP_KERNEL)?;
        let fake = Fake::answering(6).data(data);
        assert_eq!(&eeprom(dev, &fake, 4096)?[..], b"serial");
        assert_eq!(fake.opcode(), Some(22));
        assert_eq!(fake.value(), Some(ADDRESS));
        assert_eq!(fake.argument(), Some(4096));
        // Firmware that claims more than there is room for gets no more.
        let liar = Fake::answering(u64::MAX);
        assert_eq!(eeprom(dev, &liar, 16)?.len(), 16);
        Ok(())
    }

    #[test]
    fn counters_take_three_messages() -> Result {
        let device = device()?;
        let fake = Fake::answering(0x1_0000_0007);
        let counters = pci_counters(device.as_ref().as_ref(), &fake)?;
        assert_eq!(counters.rx_throughput, 0x1_0000_0007);
        assert_eq!(counters.replays, 7);
        assert_eq!(fake.count.get(), 3);
        assert_eq!(fake.opcode(), Some(28));
        Ok(())
    }

    #[test]
    fn i2c_is_limited_to_eight_bytes() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        let fake = Fake::answering(0);
        let mut place = I2c {
            bus: 1,
            address: 2,
            register: 3,
            len: 8,
        };
        i2c_write(dev, &fake, place, 5)?;
        assert_eq!(fake.opcode(), Some(12));
        assert_eq!(fake.argument(), Some(0x0803_0201));
        assert_eq!(fake.value(), Some(5));
        place.len = 9;
        assert_eq!(i2c_read(dev, &fake, place), Err(EINVAL));
        assert_eq!(fake.count.get(), 1);
        Ok(())
    }

    #[test]
    fn errors_are_passed_on() -> Result {
        let device = device()?;
        let dev = device.as_ref().as_ref();
        assert_eq!(power(dev, &Fake::with(Err(EAGAIN))), Err(EAGAIN));
        assert_eq!(total_energy(dev, &Fake::with(Err(EIO))), Err(EIO));
        assert_eq!(
            set_pci_access(dev, &Fake::with(Err(ETIMEDOUT)), true),
            Err(ETIMEDOUT)
        );
        Ok(())
    }
}
