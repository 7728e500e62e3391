// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The machine that QEMU shows the card: guest memory, and eventfds that stand for interrupts.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use goya_chip::{Host, VECTORS};
use vm_memory::volatile_memory::VolatileSlice;

use crate::guest_memory::GuestMemory;

/// What the client has mapped and connected.
pub struct Machine {
    /// Guest memory by bus address.
    pub memory: GuestMemory,
    vectors: Vec<Option<File>>,
    /// Vectors that were signalled while they had no eventfd, a bit each.
    pending: u32,
    /// Signalled to ask the client to let go of the card.
    eject: Option<File>,
    start: Instant,
}

impl Machine {
    /// A machine without memory.
    pub fn new() -> Self {
        let mut vectors = Vec::new();
        vectors.resize_with(usize::from(VECTORS), || None);
        Self { memory: GuestMemory::default(), vectors, pending: 0, eject: None, start: Instant::now() }
    }

    /// Forgets the client that has gone.
    pub fn clear(&mut self) {
        self.memory.clear();
        self.vectors.iter_mut().for_each(|v| *v = None);
        self.pending = 0;
        self.eject = None;
    }

    /// Connects vectors from `first` on with eventfds. What was signalled meanwhile is signalled now,
    /// as a card with its own table would when a vector is unmasked.
    pub fn connect(&mut self, first: usize, files: Vec<File>) {
        for (n, file) in (first..).zip(files) {
            let Some(slot) = self.vectors.get_mut(n) else { return };
            let slot = slot.insert(file);
            if self.pending & 1 << n != 0 {
                self.pending &= !(1 << n);
                signal(slot);
            }
        }
    }

    /// Disconnects `count` vectors from `first` on.
    pub fn disconnect(&mut self, first: usize, count: usize) {
        self.vectors.iter_mut().skip(first).take(count).for_each(|v| *v = None);
    }

    /// MSI-X is off: no vector is connected, and none is pending.
    pub fn disconnect_all(&mut self) {
        self.disconnect(0, usize::from(VECTORS));
        self.withdraw();
    }

    /// Nothing is pending any more, as after a reset.
    pub fn withdraw(&mut self) {
        self.pending = 0;
    }

    /// Signals `count` vectors from `first` on: the client tests its wiring.
    pub fn trigger(&mut self, first: usize, count: usize) {
        self.vectors.iter_mut().skip(first).take(count).flatten().for_each(signal);
    }

    /// Keeps the eventfd by which the client is asked to let go of the card.
    pub fn connect_eject(&mut self, file: Option<File>) {
        self.eject = file;
    }

    /// Asks the client to let go of the card; it may not be listening.
    pub fn eject(&mut self) -> Result<(), &'static str> {
        let file = self.eject.as_mut().ok_or("no machine listens: is the card plugged in?")?;
        signal(file);
        Ok(())
    }
}

fn signal(file: &mut File) {
    // An eventfd takes eight bytes, or is so full that the other side knows already.
    let _: io::Result<usize> = file.write(&1u64.to_ne_bytes());
}

impl Host for Machine {
    fn memory(&self, bus_addr: u64, len: usize) -> Option<VolatileSlice<'_>> {
        self.memory.slice(bus_addr, len)
    }

    fn interrupt(&mut self, vector: u16) {
        match self.vectors.get_mut(usize::from(vector)) {
            Some(Some(file)) => signal(file),
            Some(None) => self.pending |= 1 << vector,
            None => {}
        }
    }

    fn masks_interrupts(&self) -> bool {
        true
    }

    fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
        self
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::FromRawFd;

    fn eventfd() -> (File, File) {
        // SAFETY: takes no pointer; the result is checked before it is used.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        assert!(fd >= 0);
        // SAFETY: the descriptor was just made and belongs to nobody else.
        let file = unsafe { File::from_raw_fd(fd) };
        (file.try_clone().expect("a second descriptor"), file)
    }

    fn count(file: &mut File) -> u64 {
        let mut value = [0; 8];
        file.read_exact(&mut value).map_or(0, |()| u64::from_ne_bytes(value))
    }

    #[test]
    fn interrupts_wait_for_an_eventfd_unless_msix_goes_off() {
        let mut machine = Machine::new();
        let (given, mut seen) = eventfd();
        machine.interrupt(3);
        machine.connect(3, vec![given]);
        assert_eq!(count(&mut seen), 1);
        machine.interrupt(3);
        machine.interrupt(3);
        assert_eq!(count(&mut seen), 2);
        machine.disconnect(3, 1);
        machine.interrupt(3);
        assert_eq!(count(&mut seen), 0);
        machine.disconnect_all();
        let (given, mut seen) = eventfd();
        machine.connect(3, vec![given]);
        assert_eq!(count(&mut seen), 0, "MSI-X was off in between");
        machine.interrupt(99);
        machine.connect(7, vec![eventfd().0, eventfd().0]);
        machine.disconnect(usize::MAX, usize::MAX);
    }

    #[test]
    fn the_client_is_asked_only_if_it_listens() {
        let mut machine = Machine::new();
        assert!(machine.eject().is_err());
        let (given, mut seen) = eventfd();
        machine.connect_eject(Some(given));
        assert_eq!(machine.eject(), Ok(()));
        assert_eq!(count(&mut seen), 1);
        machine.clear();
        assert!(machine.eject().is_err());
    }
}
