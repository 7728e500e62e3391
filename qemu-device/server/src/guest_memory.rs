// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Guest memory: what the client maps, by bus address.
//!
//! QEMU maps and unmaps the same memory many times while the firmware of the guest moves things about;
//! a later mapping takes the place of what it overlaps, and part of a mapping can go away.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use vm_memory::volatile_memory::{VolatileMemory, VolatileSlice};
use vm_memory::{FileOffset, MmapRegion};

/// Part of a mapped file.
#[derive(Debug, Clone)]
struct Piece {
    region: Arc<MmapRegion>,
    /// Where the piece begins in the region.
    skip: u64,
    /// Its bytes: never zero, and inside of the region.
    size: u64,
}

/// Pieces by their first bus address; no two overlap.
#[derive(Debug, Default)]
pub struct GuestMemory {
    pieces: BTreeMap<u64, Piece>,
}

impl GuestMemory {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.pieces.clear();
    }

    /// Maps `size` bytes of `file` from `offset` on at bus address `address`. The file must be that long.
    pub fn map(&mut self, address: u64, size: u64, file: File, offset: u64) -> io::Result<()> {
        let invalid = |what: &str| {
            let what = format!("mapping of {size:#x} bytes at {address:#x}: {what}");
            io::Error::new(io::ErrorKind::InvalidInput, what)
        };
        let len = usize::try_from(size).ok().filter(|&len| len > 0).ok_or_else(|| invalid("bad size"))?;
        address.checked_add(size).ok_or_else(|| invalid("past the end of the address space"))?;
        let end = offset.checked_add(size).ok_or_else(|| invalid("past the end of its file"))?;
        // A page that the file lacks would be a bus error when the card touches it.
        if file.metadata()?.len() < end {
            return Err(invalid("past the end of its file"));
        }
        let region = MmapRegion::from_file(FileOffset::new(file, offset), len)
            .map_err(|error| invalid(&error.to_string()))?;
        self.unmap(address, size);
        self.pieces.insert(address, Piece { region: Arc::new(region), skip: 0, size });
        Ok(())
    }

    /// Takes the range away; what is left of a mapping on both sides stays.
    pub fn unmap(&mut self, address: u64, size: u64) {
        let end = address.saturating_add(size);
        let touched: Vec<u64> = self
            .pieces
            .range(..end)
            .rev()
            .take_while(|(start, piece)| *start + piece.size > address)
            .map(|(&start, _)| start)
            .collect();
        for start in touched {
            let Some(piece) = self.pieces.remove(&start) else { continue };
            let piece_end = start + piece.size;
            if start < address {
                let left = Piece { size: address - start, ..piece.clone() };
                self.pieces.insert(start, left);
            }
            if piece_end > end {
                let right = Piece { skip: piece.skip + (end - start), size: piece_end - end, ..piece };
                self.pieces.insert(end, right);
            }
        }
    }

    /// Memory at `address`: at least one byte, at most `len`, as far as one piece reaches.
    pub fn slice(&self, address: u64, len: usize) -> Option<VolatileSlice<'_>> {
        let (&start, piece) = self.pieces.range(..=address).next_back()?;
        let into = address - start;
        let left = usize::try_from(piece.size.checked_sub(into)?).ok().filter(|&left| left > 0)?;
        piece.region.get_slice(usize::try_from(piece.skip + into).ok()?, len.min(left)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::FromRawFd;

    const PAGE: u64 = 4096;

    /// A file whose pages hold their own number.
    fn file(pages: u64) -> File {
        // SAFETY: the name ends in zero; the result is checked before it is used.
        let fd = unsafe { libc::memfd_create(c"guest".as_ptr(), libc::MFD_CLOEXEC) };
        assert!(fd >= 0);
        // SAFETY: the descriptor was just made and belongs to nobody else.
        let file = unsafe { File::from_raw_fd(fd) };
        for page in 0..pages {
            let content = [u8::try_from(page).expect("a small file"); PAGE as usize];
            std::os::unix::fs::FileExt::write_all_at(&file, &content, page * PAGE).expect("room");
        }
        file
    }

    fn at(memory: &GuestMemory, address: u64) -> Option<u8> {
        let slice = memory.slice(address, 1)?;
        let mut byte = [0];
        slice.copy_to(&mut byte[..]);
        Some(byte[0])
    }

    #[test]
    fn part_of_a_mapping_can_go_and_the_rest_stays() {
        let mut memory = GuestMemory::default();
        memory.map(0x10000, 8 * PAGE, file(9), PAGE).expect("a good mapping");
        memory.unmap(0x10000 + 2 * PAGE, 3 * PAGE);
        let seen: Vec<_> = (0..9).map(|page| at(&memory, 0x10000 + page * PAGE)).collect();
        assert_eq!(
            seen,
            [Some(1), Some(2), None, None, None, Some(6), Some(7), Some(8), None],
            "the file's pages, from its second"
        );
        assert_eq!(memory.slice(0x10000, 1 << 20).map(|s| s.len()), Some(2 * PAGE as usize));
        memory.unmap(0, u64::MAX);
        assert!(memory.pieces.is_empty());
    }

    #[test]
    fn the_later_mapping_wins() {
        let mut memory = GuestMemory::default();
        memory.map(0, 4 * PAGE, file(4), 0).expect("a good mapping");
        memory.map(PAGE, PAGE, file(8), 7 * PAGE).expect("a good mapping");
        let seen: Vec<_> = (0..4).map(|page| at(&memory, page * PAGE)).collect();
        assert_eq!(seen, [Some(0), Some(7), Some(2), Some(3)]);
    }

    #[test]
    fn impossible_mappings_are_refused_and_change_nothing() {
        let mut memory = GuestMemory::default();
        memory.map(0, PAGE, file(1), 0).expect("a good mapping");
        for (address, size, offset) in [
            (0, 0, 0),
            (0, 2 * PAGE, 0),
            (0, PAGE, 1),
            (0, PAGE, u64::MAX),
            (u64::MAX, PAGE, 0),
            (0, u64::MAX, 0),
        ] {
            assert!(
                memory.map(address, size, file(1), offset).is_err(),
                "{address:#x} {size:#x} {offset:#x}"
            );
        }
        assert_eq!(at(&memory, 0), Some(0));
    }
}
