// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tests of the check of command buffers.

use kernel::prelude::*;

#[kunit_tests(goya_check)]
mod tests {
    use super::super::check::*;
    use super::*;
    use crate::hw::map::HOST_VIRTUAL;
    use crate::hw::packet::{
        self,
        Control,
        DmaControl,
        LinearDma,
        Opcode,
        RegisterControl,
        WriteRegister, //
    };

    use kernel::str::CString;

    const HOST: u64 = HOST_VIRTUAL.start;

    /// Checks `bytes` and compares the copy with them.
    fn check(bytes: &[u8], queue: u32) -> Result<u32, CheckError> {
        let failed = |e: kernel::alloc::AllocError| CheckError::Copy(e.into());
        let mut copy = KVec::from_elem(0xA5, bytes.len(), GFP_KERNEL).map_err(failed)?;
        let mut next = 0;
        let mut source = |offset: usize, into: &mut [u8]| {
            // Nothing is read twice, nothing is left out.
            if offset != next {
                return Err(EIO);
            }
            next += into.len();
            into.copy_from_slice(bytes.get(offset..next).ok_or(EIO)?);
            Ok(())
        };
        let count = copy_checked(&mut source, bytes.len() as u32, copy.as_mut_slice(), queue)?;
        if next != bytes.len() || copy.as_slice() != bytes {
            return Err(CheckError::Copy(EIO));
        }
        Ok(count)
    }

    fn dma(size: u32, control: u32, source: u64, destination: u64) -> [u8; 24] {
        LinearDma {
            size,
            control: DmaControl::from(control),
            source,
            destination,
        }
        .to_bytes(Control::zeroed())
    }

    fn register(offset: u32, value: u32) -> [u8; 8] {
        WriteRegister {
            value,
            control: RegisterControl::from(offset),
        }
        .to_bytes()
    }

    /// A packet of kind `opcode` with zeros in it.
    fn plain(opcode: u8, size: usize) -> Result<KVec<u8>> {
        let mut bytes = KVec::from_elem(0, size, GFP_KERNEL)?;
        *bytes.get_mut(7).ok_or(EINVAL)? = opcode;
        Ok(bytes)
    }

    #[test]
    fn kinds() -> Result {
        let mut ids = 0..32u8;
        for id in &mut ids {
            let Some(opcode) = Opcode::from_raw(id) else {
                let error = CheckError::UnknownPacket(id);
                assert_eq!(check(&plain(id, 24)?, 1), Err(error));
                assert_eq!(Error::from(error), EINVAL);
                continue;
            };
            let result = check(&plain(id, opcode.size())?, 1);
            let forbidden = |name| Err(CheckError::Forbidden(name));
            match opcode {
                Opcode::WriteRegisters => assert_eq!(result, forbidden("WREG_BULK")),
                Opcode::MessageProtected => assert_eq!(result, forbidden("MSG_PROT")),
                Opcode::CommandDma => assert_eq!(result, forbidden("CP_DMA")),
                Opcode::Stop => assert_eq!(result, forbidden("STOP")),
                Opcode::WriteRegister => assert_eq!(result, Err(CheckError::Register(0))),
                Opcode::LinearDma => assert_eq!(result, Err(CheckError::EmptyDma)),
                _ => assert_eq!(result, Ok(1)),
            }
            if opcode.size() > 8 {
                let cut = check(&plain(id, opcode.size() - 4)?, 1);
                assert_eq!(cut, Err(CheckError::OutOfBounds(opcode)));
            }
        }
        Ok(())
    }

    #[test]
    fn size() {
        assert_eq!(check_size(7, 4096), Err(CheckError::Size(7)));
        assert_eq!(check_size(8, 4096), Ok(()));
        assert_eq!(check_size(4097, 4096), Err(CheckError::Size(4097)));
        assert_eq!(copy_size(0x1F_FFE0), Ok(0x20_0000));
        assert_eq!(copy_size(u32::MAX), Err(EINVAL));
    }

    #[test]
    fn registers() {
        let register = |offset| check(&register(offset, 7), 1);
        assert_eq!(register(0x1020), Ok(1));
        let error = CheckError::Register(0x1024);
        assert_eq!(register(0x1024), Err(error));
        assert_eq!(Error::from(error), EPERM);
    }

    #[test]
    fn host_reads() {
        let from = |queue, source, size| check(&dma(size, 1, source, 0), queue);
        assert_eq!(from(1, HOST, 64), Ok(1));
        for queue in [0, 2, 4] {
            assert_eq!(from(queue, HOST, 64), Err(CheckError::HostRead));
            assert_eq!(from(queue, HOST - 64, 64), Ok(1));
            assert_eq!(from(queue, 0x8_0000_0000, 64), Ok(1));
            // An area of nothing is nowhere.
            assert_eq!(from(queue, HOST, 0), Err(CheckError::EmptyDma));
            // And the end of the address space is no host memory.
            assert_eq!(from(queue, u64::MAX, 64), Ok(1));
        }
        assert_eq!(CheckError::HostRead.errno(), EFAULT);
    }

    /// Packets of all sizes across the borders of the window, against a walk over the whole buffer.
    #[test]
    fn windows() -> Result {
        let mut state = 0x1234_5678_9ABC_DEF1u64;
        let mut random = move |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % n
        };
        for _ in 0..80 {
            let mut bytes = KVec::new();
            let (mut count, mut bad) = (0, None);
            for _ in 0..random(400) + 1 {
                match random(1600) {
                    0 => {
                        bytes.extend_from_slice(&packet::message(0, 0, true), GFP_KERNEL)?;
                        bad = bad.or(Some(CheckError::Forbidden("MSG_PROT")));
                    }
                    n if n % 3 == 0 => bytes.extend_from_slice(&packet::nop(), GFP_KERNEL)?,
                    n if n % 3 == 1 => bytes.extend_from_slice(&dma(64, 1, n, n), GFP_KERNEL)?,
                    _ => bytes.extend_from_slice(&plain(3, 16)?, GFP_KERNEL)?,
                }
                count += 1;
            }
            let cut = random(4) as usize * 4;
            if bad.is_none() && cut == 4 {
                // The end of the last packet is missing.
                bytes.truncate(bytes.len() - cut);
                assert!(check(&bytes, 1).is_err());
            } else {
                assert_eq!(check(&bytes, 1), bad.map_or(Ok(count), Err));
            }
        }
        Ok(())
    }

    #[test]
    fn copying_fails() {
        let mut source = |_: usize, _: &mut [u8]| Err(EFAULT);
        let mut copy = [0; 8];
        let result = copy_checked(&mut source, 8, copy.as_mut_slice(), 1);
        assert_eq!(result, Err(CheckError::Copy(EFAULT)));
        // The sink is too small.
        let mut source = |_: usize, into: &mut [u8]| {
            into.copy_from_slice(packet::nop().as_slice());
            Ok(())
        };
        let result = copy_checked(&mut source, 8, [0; 7].as_mut_slice(), 1);
        assert_eq!(result, Err(CheckError::Copy(EINVAL)));
    }

    #[test]
    fn texts() -> Result {
        let text = |error: CheckError| CString::try_from_fmt(fmt!("{error}"));
        let out = text(CheckError::OutOfBounds(Opcode::LinearDma))?;
        assert_eq!(out.to_bytes(), b"packet 0x9 is out of CB boundary");
        let register = text(CheckError::Register(0x1024))?;
        assert_eq!(
            register.to_bytes(),
            b"WREG32 packet with illegal address 0x1024"
        );
        Ok(())
    }
}
