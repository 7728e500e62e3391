// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets to bytes.

use bitflags::Flags;

use super::{Kind, Packet};

fn join(first: u32, second: u32) -> u64 {
    u64::from(second) << 32 | u64::from(first)
}

/// The bits of flags, as far as they are some: others would be another field's.
fn known<F: Flags<Bits = u32>>(flags: F) -> u32 {
    flags.bits() & F::all().bits()
}

impl Packet {
    /// Appends the packet's bytes. What a field has no room for is cut off.
    pub fn encode(&self, to: &mut Vec<u8>) {
        let control = (self.kind.opcode() as u32) << 24 | known(self.barriers);
        let mut put = |word: u64| to.extend_from_slice(&word.to_le_bytes());
        match &self.kind {
            Kind::Nop | Kind::Stop => put(join(0, control)),
            Kind::WriteRegister { register, value, command_queue } => {
                put(join(*value, control | u32::from(*command_queue) << 23 | u32::from(*register)));
            }
            Kind::WriteRegisters { register, values } => {
                let count = values.len().min(0xFFFF);
                put(join(count as u32, control | u32::from(*register)));
                values.iter().take(count).copied().for_each(put);
            }
            Kind::MessageLong { address, value, flags }
            | Kind::MessageProtected { address, value, flags } => {
                put(join(*value, control | known(*flags)));
                put(*address);
            }
            Kind::MessageShort { base, offset, value, flags } => {
                let where_to = u32::from(base & 3) << 22 | u32::from(*offset);
                put(join(*value, control | known(*flags) | where_to));
            }
            Kind::CommandDma { source, size, flags } => {
                put(join(*size, control | known(*flags)));
                put(*source);
            }
            Kind::Fence { id, gate, decrement } => {
                let first = u32::from(id & 3) << 30 | u32::from(*gate) << 16 | u32::from(decrement & 15);
                put(join(first, control));
            }
            Kind::LinearDma { source, destination, size, direction, flags, control: channel } => {
                let how = (*direction as u32) << 20 | u32::from(channel & 0xFFF) << 8 | known(*flags);
                put(join(*size, control | how));
                put(*source);
                put(*destination);
            }
        }
    }

    /// The packet's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Barriers, DmaFlags, MessageFlags};
    use super::*;

    #[test]
    fn flags_do_not_reach_other_fields() {
        let write = |flags| Kind::MessageLong { address: 1, value: 2, flags };
        let (all, wild) = (MessageFlags::all(), MessageFlags::from_bits_retain(!0));
        assert_eq!(Packet::from(write(wild)).to_bytes(), Packet::from(write(all)).to_bytes());
        let wild = Packet { kind: Kind::Nop, barriers: Barriers::from_bits_retain(!0) };
        assert_eq!(wild.to_bytes(), Packet { kind: Kind::Nop, barriers: Barriers::all() }.to_bytes());
        assert_eq!(known(DmaFlags::from_bits_retain(!0)), 0x7F);
    }
}
