// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The translation look-aside buffer.
//!
//! Entries stay until a whole invalidation or until another page takes their slot, whatever the
//! tables in DRAM say by then: a driver that forgets to invalidate meets its stale translation.

/// A page size that a translation can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageSize {
    /// 4 KiB: the last hop is hop 4.
    Small,
    /// 2 MiB: the last hop is hop 3.
    Huge,
}

impl PageSize {
    /// log2 of the size in bytes.
    pub fn shift(self) -> u32 {
        match self {
            Self::Small => 12,
            Self::Huge => 21,
        }
    }

    /// Size in bytes.
    pub fn bytes(self) -> u64 {
        1 << self.shift()
    }
}

/// Slots for 4 KiB pages (64 MiB in reach).
const SMALL_SLOTS: usize = 16384;
/// Slots for 2 MiB pages (2 GiB in reach).
const HUGE_SLOTS: usize = 1024;

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// Virtual page number, ASID and a valid bit in one word.
    tag: u64,
    page: u64,
}

/// One direct-mapped array for each page size; made when first filled.
#[derive(Debug, Default)]
pub struct Tlb {
    small: Vec<Slot>,
    huge: Vec<Slot>,
}

impl Tlb {
    /// The physical address of the page that holds `va`, and its size.
    pub fn lookup(&self, asid: u16, va: u64) -> Option<(u64, PageSize)> {
        [(&self.huge, PageSize::Huge), (&self.small, PageSize::Small)].into_iter().find_map(
            |(slots, size)| {
                let slot = slots.get(index(va, size, slots.len())?)?;
                (slot.tag == tag(asid, va, size)).then_some((slot.page, size))
            },
        )
    }

    /// Remembers that the page of `size` that holds `va` is at `page`.
    pub fn insert(&mut self, asid: u16, va: u64, page: u64, size: PageSize) {
        let (slots, count) = match size {
            PageSize::Small => (&mut self.small, SMALL_SLOTS),
            PageSize::Huge => (&mut self.huge, HUGE_SLOTS),
        };
        if slots.is_empty() {
            slots.resize(count, Slot::default());
        }
        if let Some(slot) = index(va, size, count).and_then(|i| slots.get_mut(i)) {
            *slot = Slot { tag: tag(asid, va, size), page };
        }
    }

    /// Forgets everything.
    pub fn invalidate(&mut self) {
        self.small.clear();
        self.huge.clear();
    }
}

/// The slot of `va` among `slots` (a power of two), if there are any.
fn index(va: u64, size: PageSize, slots: usize) -> Option<usize> {
    let mask = slots.checked_sub(1)? as u64;
    usize::try_from((va >> size.shift()) & mask).ok()
}

/// Virtual addresses have 50 bits, so the page number leaves room for ASID and valid bit.
fn tag(asid: u16, va: u64, size: PageSize) -> u64 {
    (va >> size.shift()) << 11 | u64::from(asid & 0x3FF) << 1 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_belong_to_one_asid_and_stay_until_invalidated() {
        let mut tlb = Tlb::default();
        tlb.insert(1, 0x1000_0000_3123, 0x5000, PageSize::Small);
        tlb.insert(1, 0x20_0000, 0x40_0000, PageSize::Huge);
        assert_eq!(tlb.lookup(1, 0x1000_0000_3FFF), Some((0x5000, PageSize::Small)));
        assert_eq!(tlb.lookup(1, 0x3F_FFFF), Some((0x40_0000, PageSize::Huge)));
        assert_eq!(tlb.lookup(0, 0x1000_0000_3123), None);
        assert_eq!(tlb.lookup(1, 0x1000_0000_4000), None);
        tlb.invalidate();
        assert_eq!(tlb.lookup(1, 0x1000_0000_3123), None);
    }
}
