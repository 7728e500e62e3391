// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets as bytes, as text, and back.

use goya::packet::text::{assemble, disassemble};
use goya::packet::{
    Barriers, CommandDmaFlags, DecodeError, Direction, DmaFlags, Kind, MessageFlags, Packet, decode, packets,
};
use proptest::prelude::*;

fn barriers() -> impl Strategy<Value = Barriers> {
    any::<u32>().prop_map(Barriers::from_bits_truncate)
}

fn message_flags() -> impl Strategy<Value = MessageFlags> {
    any::<u32>().prop_map(MessageFlags::from_bits_truncate)
}

/// Every packet that there is.
fn packet() -> impl Strategy<Value = Packet> {
    let kind = prop_oneof![
        Just(Kind::Nop),
        Just(Kind::Stop),
        (any::<u16>(), any::<u32>(), any::<bool>()).prop_map(|(register, value, command_queue)| {
            Kind::WriteRegister { register, value, command_queue }
        }),
        (any::<u16>(), prop::collection::vec(any::<u64>(), 0..20))
            .prop_map(|(register, values)| Kind::WriteRegisters { register, values }),
        (any::<u64>(), any::<u32>(), message_flags()).prop_map(|(address, value, flags)| Kind::MessageLong {
            address,
            value,
            flags
        }),
        (any::<u64>(), any::<u32>(), message_flags())
            .prop_map(|(address, value, flags)| Kind::MessageProtected { address, value, flags }),
        (0..4u8, any::<u16>(), any::<u32>(), message_flags())
            .prop_map(|(base, offset, value, flags)| Kind::MessageShort { base, offset, value, flags }),
        (any::<u64>(), any::<u32>(), any::<u32>()).prop_map(|(source, size, flags)| Kind::CommandDma {
            source,
            size,
            flags: CommandDmaFlags::from_bits_truncate(flags),
        }),
        (0..4u8, any::<u8>(), 0..16u8).prop_map(|(id, gate, decrement)| Kind::Fence { id, gate, decrement }),
        (any::<u64>(), any::<u64>(), any::<u32>(), 0..8usize, any::<u32>(), 0..0x1000u16).prop_map(
            |(source, destination, size, direction, flags, control)| Kind::LinearDma {
                source,
                destination,
                size,
                direction: Direction::ALL[direction],
                flags: DmaFlags::from_bits_truncate(flags),
                control,
            }
        ),
    ];
    (kind, barriers()).prop_map(|(kind, barriers)| Packet { kind, barriers })
}

proptest! {
    #[test]
    fn packets_are_the_same_again(packet in packet()) {
        let bytes = packet.to_bytes();
        prop_assert_eq!(decode(&bytes), Ok((packet.clone(), bytes.len())));
        let text = packet.to_string();
        prop_assert_eq!(assemble(&text).unwrap(), bytes, "{}", text);
    }

    #[test]
    fn command_buffers_are_the_same_again(all in prop::collection::vec(packet(), 0..30)) {
        let mut bytes = Vec::new();
        all.iter().for_each(|packet| packet.encode(&mut bytes));
        let again: Vec<_> = packets(&bytes).map(|(_, packet)| packet.unwrap()).collect();
        prop_assert_eq!(&again, &all);
        let text = disassemble(&bytes);
        prop_assert_eq!(text.lines().count(), all.len());
        prop_assert_eq!(assemble(&text).unwrap(), bytes);
    }

    /// Whatever they are.
    #[test]
    fn bytes_are_the_same_again(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(assemble(&disassemble(&bytes)).unwrap(), bytes);
    }

    /// Those that are nearly packets.
    #[test]
    fn nearly_packets_are_the_same_again(all in prop::collection::vec(packet(), 1..5), at: usize, bit in 0..8u32, cut in 0..8usize) {
        let mut bytes = Vec::new();
        all.iter().for_each(|packet| packet.encode(&mut bytes));
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        bytes.truncate(bytes.len() - cut);
        prop_assert_eq!(assemble(&disassemble(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn no_text_is_too_odd(text in "\\PC{0,80}") {
        let _ = assemble(&text);
    }
}

fn words(text: &str) -> Vec<u32> {
    let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    assemble(text).unwrap().chunks_exact(4).map(word).collect()
}

/// Against literal values, worked out by hand from the field masks of `goya_packets.h`.
#[test]
fn fields_are_where_the_card_looks() {
    for (text, expected) in [
        ("nop", &[0, 0xEA00_0000][..]),
        ("stop", &[0, 0x0B00_0000]),
        ("fence id=3 gate=2 decrement=1", &[0xC002_0001, 0xE800_0000]),
        ("wreg32 register=0x1020 value=7", &[7, 0x4100_1020]),
        ("wreg32 register=0 value=7 command_queue=1 barriers=none", &[7, 0x0180_0000]),
        ("wreg_bulk register=8 values=0x200000001,0x400000003", &[2, 0x4200_0008, 1, 2, 3, 4]),
        ("msg_short base=1 offset=0x14 value=0x80000003", &[0x8000_0003, 0xE440_0014]),
        ("msg_short base=0 offset=0 value=0 flags=time_stamp|no_snoop", &[0, 0xE412_0000]),
        ("msg_long address=0x1234567890 value=9", &[9, 0xE300_0000, 0x3456_7890, 0x12]),
        ("msg_prot address=4 value=9 barriers=message", &[9, 0x8700_0000, 4, 0]),
        ("cp_dma source=0x7ff0008000 size=64", &[64, 0xE500_0000, 0xF000_8000, 0x7F]),
        ("lin_dma source=1 destination=2 size=3", &[3, 0xE970_0001, 1, 0, 2, 0]),
        (
            "lin_dma source=5 destination=6 size=7 direction=host_to_sram flags=weakly_ordered|fill",
            &[7, 0xE910_0041, 5, 0, 6, 0],
        ),
        (
            "lin_dma source=1 destination=2 size=3 flags=write_completion control=0xabc",
            &[3, 0xE97A_BC04, 1, 0, 2, 0],
        ),
        (".word 0x1f00000000000000 # nothing\n\n  # nothing at all\nnop", &[0, 0x1F00_0000, 0, 0xEA00_0000]),
    ] {
        assert_eq!(words(text), expected, "{text}");
    }
}

#[test]
fn errors_name_the_line_and_what_is_wrong() {
    for (text, what) in [
        ("nop\nhop", "line 2: no packet is called hop"),
        ("nop 3", "line 1: 3 is no field: name=value"),
        ("nop x=3", "line 1: nop has no field x"),
        ("fence id=4 gate=0 decrement=0", "line 1: id=4 is too large"),
        ("fence id=1 gate=256 decrement=0", "line 1: gate=256 is too large"),
        ("fence id=1 gate=1", "line 1: decrement= is missing"),
        ("fence id=1 id=1", "line 1: id is there twice"),
        ("wreg32 register=x value=0", "line 1: x is no number"),
        ("lin_dma source=0 destination=0 size=0 direction=up", "line 1: no direction is called up"),
        ("nop barriers=engine|all", "line 1: no flag is called all"),
    ] {
        assert_eq!(assemble(text).unwrap_err().to_string(), what);
    }
}

#[test]
fn what_is_no_packet_is_told() {
    assert_eq!(decode(&[0; 7]), Err(DecodeError::Short));
    assert_eq!(decode(&[0; 8]), Err(DecodeError::Unknown(0)));
    assert_eq!(decode(&assemble(".word 0x0300000000000000").unwrap()), Err(DecodeError::Cut));
    // A NOP's first word is reserved, and the tensor bit of a LIN_DMA has to be zero.
    assert_eq!(decode(&assemble(".word 0x0a00000000000001").unwrap()), Err(DecodeError::Reserved));
    assert_eq!(decode(&assemble(".word 0x0900008100000001 0 0").unwrap()), Err(DecodeError::Reserved));
    assert!(disassemble(&[1, 2, 3]).contains(".byte 0x3"));
}

#[test]
fn directions_are_told_from_addresses() {
    use goya::{DRAM, HOST, SRAM};
    let between = |from: u64, to: u64| Direction::between(from, to);
    assert_eq!(between(HOST.start, DRAM.start), Direction::HostToDram);
    assert_eq!(between(HOST.start, SRAM.start), Direction::HostToSram);
    assert_eq!(between(DRAM.start, HOST.start), Direction::DramToHost);
    assert_eq!(between(SRAM.start, HOST.start), Direction::SramToHost);
    assert_eq!(between(DRAM.start, SRAM.start), Direction::DramToSram);
    assert_eq!(between(SRAM.start, DRAM.start), Direction::SramToDram);
    assert_eq!(between(DRAM.start, DRAM.start), Direction::DramToDram);
    assert_eq!(between(SRAM.start, SRAM.start), Direction::SramToSram);
}
