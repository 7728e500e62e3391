// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets to the device's processor, and its replies, as bytes.
//!
//! Facts: `struct cpucp_packet` and its neighbours in `include/linux/habanalabs/cpucp_if.h`.

use core::marker::PhantomData;

use kernel::{device::Device, prelude::*};

use super::wire;

/// Memory that the device's processor can reach, zeroed when taken from the pool.
///
/// It goes back to the pool when dropped.
pub(crate) trait Buffer {
    /// Where the processor finds it.
    fn device_address(&self) -> u64;

    /// Its length in bytes, as asked for.
    fn len(&self) -> usize;

    /// Reads once, into memory of our own: the processor can write at any time.
    ///
    /// Errors: `EINVAL` outside of the buffer.
    fn read(&self, offset: usize, out: &mut [u8]) -> Result;

    /// Writes `data`. Errors: `EINVAL` outside of the buffer.
    fn write(&self, offset: usize, data: &[u8]) -> Result;
}

/// Bytes of a packet without a list.
pub(crate) const PACKET_LEN: usize = 24;
/// Bytes of the longest packet: the most that 16 bits can say in eights.
pub(crate) const PACKET_LEN_MAX: usize = 65528;
/// What a served packet's fence reads, and what the test packet must return.
pub(crate) const FENCE_DONE: u32 = 0xFE8C_E7A5;
/// What the fence reads until then.
const FENCE_OPEN: u32 = u32::MAX;

/// Where the fields are that are read.
const VALUE: usize = 0;
const CTL: usize = 8;
const FENCE: usize = 12;
const STATUS: usize = 16;
/// A list begins with its count, after the packet and before the end of the C structure, which has four bytes of
/// padding; the length counts these as well.
const LIST_HEADER_LEN: usize = 32;

const RC_SHIFT: u32 = 12;
const RC_MASK: u32 = 0xF;
const OPCODE_SHIFT: u32 = 16;
const OPCODE_MASK: u32 = 0x1FFF;

codes! {
    /// What a packet asks for: everything that upstream can send to a Goya.
    Opcode: u16 {
        DisablePciAccess = 1,
        EnablePciAccess = 2,
        TemperatureGet = 3,
        VoltageGet = 4,
        CurrentGet = 5,
        FanSpeedGet = 6,
        PwmGet = 7,
        PwmSet = 8,
        FrequencySet = 9,
        FrequencyGet = 10,
        LedSet = 11,
        I2cWrite = 12,
        I2cRead = 13,
        InfoGet = 14,
        UnmaskIrq = 16,
        UnmaskIrqArray = 17,
        Test = 18,
        FrequencyCurrentGet = 19,
        MaxPowerGet = 20,
        MaxPowerSet = 21,
        EepromDataGet = 22,
        TemperatureSet = 24,
        VoltageSet = 25,
        CurrentSet = 26,
        PcieThroughputGet = 27,
        PcieReplayCountGet = 28,
        TotalEnergyGet = 29,
        PllInfoGet = 30,
        PowerGet = 32,
        HbmReplacedRowsGet = 43,
        HbmPendingRowsGet = 44,
        AttestationGet = 49,
        SignedInfoGet = 50,
        GenericPassthrough = 56,
    }
}

codes! {
    /// Why the firmware refuses a packet.
    Refusal: u32 {
        /// First-generation firmware: anything that went wrong.
        Invalid = 1,
        Fault = 2,
        UnknownPacket = 3,
        InvalidParameters = 4,
    }
}

/// A packet to the device's processor.
///
/// It borrows the list and the buffer that it speaks of, so that neither goes away before it is sent.
pub(crate) struct Packet<'a> {
    opcode: Opcode,
    value: u64,
    argument: u32,
    extra: u32,
    list: Option<&'a [u32]>,
    buffer: PhantomData<&'a ()>,
}

impl<'a> Packet<'a> {
    /// A packet of which all fields but the opcode are zero.
    pub(crate) const fn new(opcode: Opcode) -> Self {
        Self {
            opcode,
            value: 0,
            argument: 0,
            extra: 0,
            list: None,
            buffer: PhantomData,
        }
    }

    /// The value of a packet that sets something.
    pub(crate) fn value(self, value: u64) -> Self {
        Self { value, ..self }
    }

    /// The general argument: index of a PLL or an LED.
    pub(crate) fn argument(self, argument: u32) -> Self {
        Self { argument, ..self }
    }

    /// The argument as two halves: index of a sensor and attribute, or PLL type and 0.
    pub(crate) fn halves(self, low: u16, high: u16) -> Self {
        self.argument(u32::from(low) | u32::from(high) << 16)
    }

    /// The argument as four bytes: bus, address, register and length of an I2C transfer.
    pub(crate) fn bytes(self, bytes: [u8; 4]) -> Self {
        self.argument(u32::from_le_bytes(bytes))
    }

    /// The second argument: sub-opcode, or a number used once.
    pub(crate) fn extra(self, extra: u32) -> Self {
        Self { extra, ..self }
    }

    /// Where the processor shall put data, or get it, and how much fits.
    ///
    /// Errors: `EINVAL` for 4 GiB and more.
    pub(crate) fn buffer(self, buffer: &'a impl Buffer) -> Result<Self> {
        Ok(self
            .value(buffer.device_address())
            .argument(buffer.len().try_into()?))
    }

    /// Numbers that follow the packet.
    ///
    /// Errors: `EINVAL` if the packet gets longer than its 16-bit length can say.
    pub(crate) fn list(self, list: &'a [u32]) -> Result<Self> {
        let packet = Self {
            list: Some(list),
            ..self
        };
        u16::try_from(packet.checked_len().ok_or(EINVAL)?)?;
        Ok(packet)
    }

    /// Length in bytes, a multiple of 8 and below 64 KiB.
    pub(crate) fn len(&self) -> usize {
        // `list()` has found this in range.
        self.checked_len().unwrap_or(PACKET_LEN)
    }

    fn checked_len(&self) -> Option<usize> {
        match self.list {
            None => Some(PACKET_LEN),
            Some(list) => list
                .len()
                .checked_mul(size_of::<u32>())?
                .checked_add(LIST_HEADER_LEN)?
                .checked_next_multiple_of(8),
        }
    }

    /// What a trace point says of it: opcode and general argument.
    pub(crate) fn traced(&self) -> (u32, u32) {
        (u32::from(self.opcode as u16), self.argument)
    }

    /// The packet in words, with an open fence: [`Packet::len`] bytes.
    pub(crate) fn words(&self) -> impl Iterator<Item = u32> + '_ {
        let [a, b, c, d, e, f, g, h] = self.value.to_le_bytes();
        let head = [
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, g, h]),
            u32::from(self.opcode as u16) << OPCODE_SHIFT,
            FENCE_OPEN,
            self.argument,
            self.extra,
        ];
        // It is short: `list()` has seen to that.
        let count = self.list.map(|list| list.len() as u32);
        let list = self.list.unwrap_or_default();
        // By its full name: the prelude has another `chain()`.
        let words = Iterator::chain(head.into_iter(), count);
        let words = Iterator::chain(words, list.iter().copied());
        Iterator::chain(words, core::iter::repeat(0)).take(self.len() / size_of::<u32>())
    }
}

/// Byte offset of the fence in a packet: the only field to look at while waiting.
pub(crate) const FENCE_OFFSET: usize = FENCE;

/// What the fence reads once the packet is served.
///
/// `producer_index` is the ring's, after the packet was posted; newer firmware acknowledges with it
/// (`packet_index_ack`: the firmware's capability of that name).
pub(crate) fn expected_fence(packet_index_ack: bool, producer_index: u32) -> u32 {
    if packet_index_ack {
        producer_index
    } else {
        FENCE_DONE
    }
}

/// The firmware's answer to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The value asked for, or the number of bytes in the buffer; units are the packet's.
    pub(crate) result: u64,
    /// Status bits, for packets of which the result has another meaning.
    pub(crate) status: u32,
    pub(super) ctl: u32,
}

impl Reply {
    /// The answer to a packet that was not sent.
    pub(crate) const NOTHING: Self = Self {
        result: 0,
        status: 0,
        ctl: 0,
    };

    /// Reads a served packet. Errors: `EINVAL` if it is cut off.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        Ok(Self {
            result: wire::u64_at(bytes, VALUE)?,
            status: wire::u32_at(bytes, STATUS)?,
            ctl: wire::u32_at(bytes, CTL)?,
        })
    }

    /// The firmware's return code: 0 is success, [`Refusal`] names others.
    pub(crate) fn code(&self) -> u32 {
        self.ctl >> RC_SHIFT & RC_MASK
    }

    /// The packet's opcode, as the firmware has left it.
    pub(crate) fn opcode(&self) -> u32 {
        self.ctl >> OPCODE_SHIFT & OPCODE_MASK
    }

    /// The reply, if the firmware accepted the packet. Errors: `EIO`.
    pub(crate) fn accepted(self, dev: &Device) -> Result<Self> {
        let code = self.code();
        if code == 0 {
            return Ok(self);
        }
        dev_dbg!(
            dev,
            "F/W ERROR {} ({:?}) for CPU packet {}\n",
            code,
            Refusal::try_from(code).ok(),
            self.opcode()
        );
        Err(EIO)
    }
}

#[kunit_tests(goya_fw_message)]
mod tests {
    use super::*;

    fn words(packet: &Packet<'_>) -> Result<KVec<u32>> {
        let mut words = KVec::new();
        for word in packet.words() {
            words.push(word, GFP_KERNEL)?;
        }
        Ok(words)
    }

    #[test]
    fn encodes_the_fields() -> Result {
        let packet = Packet::new(Opcode::TemperatureGet)
            .value(0x0102_0304_0506_0708)
            .halves(0x1112, 0x2122)
            .extra(0x3132_3334);
        let expected = [
            0x0506_0708,
            0x0102_0304,
            3 << 16,
            u32::MAX,
            0x2122_1112,
            0x3132_3334,
        ];
        assert_eq!(words(&packet)?[..], expected);
        Ok(())
    }

    #[test]
    fn encodes_a_list_where_the_c_structure_has_it() -> Result {
        let packet = Packet::new(Opcode::UnmaskIrqArray).list(&[33, 36])?;
        assert_eq!(packet.len(), 40);
        assert_eq!(words(&packet)?[6..], [2, 33, 36, 0]);
        let packet = Packet::new(Opcode::UnmaskIrqArray).list(&[33])?;
        assert_eq!(packet.len(), 40);
        assert_eq!(words(&packet)?[6..], [1, 33, 0, 0]);
        Ok(())
    }

    #[test]
    fn refuses_a_list_too_long_for_the_ring() -> Result {
        let list = KVec::from_elem(1u32, 16376, GFP_KERNEL)?;
        let packet = Packet::new(Opcode::UnmaskIrqArray).list(&list[..16374])?;
        assert_eq!(
            (packet.len(), packet.words().count()),
            (PACKET_LEN_MAX, 16382)
        );
        assert!(Packet::new(Opcode::UnmaskIrqArray).list(&list).is_err());
        Ok(())
    }

    #[test]
    fn decodes_a_reply() -> Result {
        let mut bytes = [0; PACKET_LEN];
        bytes[0] = 42;
        bytes[7] = 0x80;
        bytes[9] = 0x41;
        bytes[10] = 18;
        bytes[16] = 1;
        let reply = Reply::decode(&bytes)?;
        assert_eq!(reply.result, 0x8000_0000_0000_002A);
        assert_eq!(reply.code(), 4);
        assert_eq!(Refusal::try_from(reply.code())?, Refusal::InvalidParameters);
        assert_eq!(reply.opcode(), 18);
        assert_eq!(reply.status, 1);
        assert!(Reply::decode(&bytes[..23]).is_ok());
        assert!(Reply::decode(&bytes[..19]).is_err());
        Ok(())
    }

    #[test]
    fn knows_its_codes() -> Result {
        assert_eq!(Opcode::try_from(18)?, Opcode::Test);
        assert_eq!(Opcode::try_from(56)?, Opcode::GenericPassthrough);
        assert!(Opcode::try_from(0).is_err());
        assert!(Opcode::try_from(15).is_err());
        assert!(Refusal::try_from(0).is_err());
        assert_eq!(expected_fence(false, 7), 0xFE8C_E7A5);
        assert_eq!(expected_fence(true, 7), 7);
        Ok(())
    }
}
