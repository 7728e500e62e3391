// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The device-side address map (`goya.h`): what lies behind a 50-bit device address.

/// First byte of the configuration space.
pub const CFG_BASE: u64 = 0x7F_FC00_0000;
/// Bytes of configuration space: 32 MiB of registers and 32 MiB of debug components.
pub const CFG_SIZE: u64 = 0x400_0000;
/// The offset of the register at a device address, if one is there.
pub fn register_at(addr: u64) -> Option<u64> {
    addr.checked_sub(CFG_BASE).filter(|&offset| offset < CFG_SIZE)
}

/// First byte of SRAM.
pub const SRAM_BASE: u64 = 0x7F_F000_0000;
/// Bytes of SRAM.
pub const SRAM_SIZE: u64 = 0x32A_0000;
/// First byte of DRAM.
pub const DRAM_BASE: u64 = 0;
/// Where host memory begins: bus address 0.
pub const HOST_BASE: u64 = 0x80_0000_0000;
/// Bytes of host address space: 48 bits.
pub const HOST_SIZE: u64 = 0x1_0000_0000_0000;

/// What a physical device address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Offset into DRAM.
    Dram(u64),
    /// Offset into SRAM.
    Sram(u64),
    /// Offset of a register in the configuration space.
    Cfg(u32),
    /// Bus address in the host.
    Host(u64),
    /// Nothing answers.
    None,
}

impl Target {
    /// Decodes `addr` on a card with `dram_size` bytes of DRAM.
    pub fn decode(addr: u64, dram_size: u64) -> Self {
        if addr < dram_size {
            return Self::Dram(addr);
        }
        if let Some(off) = addr.checked_sub(HOST_BASE) {
            return if off < HOST_SIZE { Self::Host(off) } else { Self::None };
        }
        if let Some(off) = addr.checked_sub(CFG_BASE) {
            // Everything from here to HOST_BASE is at most CFG_SIZE long.
            return u32::try_from(off).map_or(Self::None, Self::Cfg);
        }
        match addr.checked_sub(SRAM_BASE) {
            Some(off) if off < SRAM_SIZE => Self::Sram(off),
            _ => Self::None,
        }
    }

    /// What lies `bytes` further, within the same memory.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        match self {
            Self::Dram(off) => Self::Dram(off.saturating_add(bytes)),
            Self::Sram(off) => Self::Sram(off.saturating_add(bytes)),
            Self::Host(bus) => Self::Host(bus.saturating_add(bytes)),
            Self::Cfg(_) | Self::None => Self::None,
        }
    }

    /// The device address that decodes to this; all ones for nothing.
    pub fn address(self) -> u64 {
        match self {
            Self::Dram(off) => DRAM_BASE + off,
            Self::Sram(off) => SRAM_BASE + off,
            Self::Cfg(off) => CFG_BASE + u64::from(off),
            Self::Host(bus) => HOST_BASE + bus,
            Self::None => u64::MAX,
        }
    }
}

/// Whether the MMU never sees `addr`: SRAM and registers sit before it.
pub fn bypasses_mmu(addr: u64) -> bool {
    (SRAM_BASE..HOST_BASE).contains(&addr)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boundary_decodes() {
        let d = |a| Target::decode(a, 4 << 30);
        assert_eq!(d(0), Target::Dram(0));
        assert_eq!(d((4 << 30) - 1), Target::Dram((4 << 30) - 1));
        assert_eq!(d(4 << 30), Target::None);
        assert_eq!(d(SRAM_BASE), Target::Sram(0));
        assert_eq!(d(SRAM_BASE + SRAM_SIZE), Target::None);
        assert_eq!(d(CFG_BASE), Target::Cfg(0));
        assert_eq!(d(CFG_BASE + CFG_SIZE - 1), Target::Cfg(0x3FF_FFFF));
        assert_eq!(d(HOST_BASE), Target::Host(0));
        assert_eq!(d(HOST_BASE + HOST_SIZE), Target::None);
        assert_eq!(d(u64::MAX), Target::None);
        for addr in [0, SRAM_BASE + 5, CFG_BASE + 4, HOST_BASE + 9] {
            assert_eq!(d(addr).address(), addr);
        }
    }
}
