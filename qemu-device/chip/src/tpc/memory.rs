// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What a core reaches outside of itself.

/// An access that went wrong: no translation, no permission, nothing there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryFault;

/// The memory and registers around a core.
pub trait Memory {
    /// Reads code at a virtual address.
    ///
    /// # Errors
    /// The access is not allowed; `bytes` may have been written in part.
    fn fetch(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        self.read(address, bytes)
    }

    /// Reads data at a virtual address.
    ///
    /// # Errors
    /// The access is not allowed; `bytes` may have been written in part.
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault>;

    /// Writes data at a virtual address.
    ///
    /// # Errors
    /// The access is not allowed; a part of `bytes` may have been written.
    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), MemoryFault>;

    /// Reads a register of the core's own configuration block that is no descriptor.
    ///
    /// # Errors
    /// There is no such register.
    fn register_read(&mut self, offset: u32) -> Result<u32, MemoryFault>;

    /// Writes a register of the core's own configuration block that is no descriptor.
    ///
    /// # Errors
    /// There is no such register.
    fn register_write(&mut self, offset: u32, value: u32) -> Result<(), MemoryFault>;
}

/// Memory that a function fills what is read of; nothing can be written, and there are no registers.
#[cfg(test)]
pub struct ReadOnly<F>(pub F);

#[cfg(test)]
impl<F: FnMut(u64, &mut [u8])> Memory for ReadOnly<F> {
    fn read(&mut self, address: u64, bytes: &mut [u8]) -> Result<(), MemoryFault> {
        (self.0)(address, bytes);
        Ok(())
    }

    fn write(&mut self, _: u64, _: &[u8]) -> Result<(), MemoryFault> {
        Err(MemoryFault)
    }

    fn register_read(&mut self, _: u32) -> Result<u32, MemoryFault> {
        Err(MemoryFault)
    }

    fn register_write(&mut self, _: u32, _: u32) -> Result<(), MemoryFault> {
        Err(MemoryFault)
    }
}
