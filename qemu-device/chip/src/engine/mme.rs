// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The matrix engine (`mme_regs.h`). It takes a configuration and "executes", which completes at once: its
//! arithmetic is not modelled, so that an execution has no effect but its completion message.

use super::Completion;
use crate::chip::Chip;
use crate::queue::QueueId;
use crate::registers::RegisterFile;
use crate::regs::MME;

const STATUS: u32 = 0x000;
const SYNC_MESSAGE: u32 = 0x1A0;
const CMD: u32 = 0x200;
const STALL: u32 = 0x20C;
const SM_BASE: u32 = 0x210;
/// All four input buffers empty.
const IDLE: u32 = 0x780;

fn read(regs: &RegisterFile, offset: u32) -> u32 {
    match offset - MME {
        STATUS if is_stalled(regs) && regs.get(MME + CMD) & 1 != 0 => 0,
        STATUS => IDLE,
        _ => regs.get(offset),
    }
}

/// Takes a write. What it says if it has executed.
fn write(regs: &mut RegisterFile, offset: u32, value: u32) -> Option<Completion> {
    regs.set(offset, value);
    let told = matches!(offset - MME, CMD | STALL);
    if !told || regs.get(MME + CMD) & 1 == 0 || is_stalled(regs) {
        return None;
    }
    regs.set(MME + CMD, 0);
    Some(Completion::new(regs, MME + SYNC_MESSAGE, MME + SM_BASE))
}

fn is_stalled(regs: &RegisterFile) -> bool {
    regs.get(MME + STALL) != 0
}

impl Chip {
    /// Reads a register of the matrix engine.
    pub(crate) fn mme_register_read(&mut self, offset: u32) -> u32 {
        read(&self.regs, offset)
    }

    /// Writes a register of the matrix engine.
    pub(crate) fn mme_register_write(&mut self, offset: u32, value: u32) {
        if let Some(executed) = write(&mut self.regs, offset, value) {
            self.complete(QueueId::MmeCmdq, executed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_engine_tells_nobody_without_an_address() {
        let mut regs = RegisterFile::default();
        let executed = Completion { address: None, value: 0 };
        assert_eq!(write(&mut regs, MME + CMD, 1), Some(executed));
        assert_eq!(read(&regs, MME + STATUS), IDLE);
        assert_eq!(write(&mut regs, MME + STALL, 1), None);
        assert_eq!(write(&mut regs, MME + CMD, 1), None);
        assert_eq!(read(&regs, MME + STATUS), 0);
    }
}
