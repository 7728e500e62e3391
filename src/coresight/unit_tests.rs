// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Units made of numbers.

use kernel::prelude::*;

#[kunit_tests(goya_coresight)]
mod tests {
    use super::super::{units::run, *};
    use crate::fw::fake::device;
    use crate::hw::{Io, Offset};
    use crate::uapi::debug_types::*;
    use core::cell::RefCell;
    use kernel::prelude::*;

    /// Registers that were written, the latest value of each, and all writes in order.
    struct Unit {
        registers: RefCell<KVec<(u32, u32)>>,
    }

    impl Unit {
        fn new() -> Self {
            Self {
                registers: RefCell::new(KVec::new()),
            }
        }

        fn with(self, offset: u32, value: u32) -> Self {
            self.write32(Offset::new(offset), value);
            self
        }

        fn latest(&self, offset: u32) -> Option<u32> {
            let registers = self.registers.borrow();
            let mut found = registers.iter().filter(|(at, _)| *at == offset);
            found.next_back().map(|&(_, value)| value)
        }

        fn writes(&self) -> usize {
            self.registers.borrow().len()
        }
    }

    impl Io for Unit {
        fn read32(&self, offset: Offset) -> u32 {
            let offset = offset.bytes();
            // A unit settles at once: it has no flush to do, and is ready.
            match Offset::new(offset & 0xfff) {
                tmc::STS => 1 << 2,
                tmc::FFCR => self.latest(offset).unwrap_or(0) & !(1 << 6),
                _ => self.latest(offset).unwrap_or(0),
            }
        }

        fn write32(&self, offset: Offset, value: u32) {
            let _ = self
                .registers
                .borrow_mut()
                .push((offset.bytes(), value), GFP_KERNEL);
        }
    }

    fn ask(
        unit: &Unit,
        index: u32,
        request: UnitRequest,
        room: Option<usize>,
    ) -> Result<UnitAnswer> {
        let device = device()?;
        let mut answer = UnitAnswer {
            room,
            ..UnitAnswer::default()
        };
        let facts = Facts::default();
        let dev = device.as_ref().as_ref();
        run(dev, unit, facts, index, request, &mut answer).map(|()| answer)
    }

    fn buffer(address: u64, size: u64) -> UnitRequest {
        UnitRequest::Etr(Switch::On(Some(DebugTrace {
            buffer_address: address,
            buffer_size: size,
            sink_mode: 2,
            pad: 0,
        })))
    }

    #[test]
    fn the_buffer_is_in_device_memory() {
        let ok = |request| ask(&Unit::new(), 0, request, None).map(|_| ());
        assert_eq!(ok(buffer(0x8_0000_0000, 0x1000)), Ok(()));
        assert_eq!(ok(buffer(0x1f_ffff_f000, 0x1000)), Ok(()));
        assert_eq!(ok(buffer(0x1f_ffff_f000, 0x1001)), Err(EINVAL));
        assert_eq!(ok(buffer(0x7_ffff_f000, 0x1000)), Err(EINVAL));
        assert_eq!(ok(buffer(0x8_0000_0000, 0)), Err(EINVAL));
        assert_eq!(ok(buffer(u64::MAX, 2)), Err(EINVAL));
        assert_eq!(ok(UnitRequest::Etr(Switch::On(None))), Err(EINVAL));
    }

    #[test]
    fn the_buffer_tells_where_it_stopped() -> Result {
        let etr = tables::ETR;
        let on = || Unit::new().with(etr + tmc::CTL.bytes(), 1);
        let unit = on()
            .with(etr + tmc::RWP.bytes(), 0x1234)
            .with(etr + tmc::RWPHI.bytes(), 0xfff);
        let answer = ask(&unit, 0, UnitRequest::Etr(Switch::Off), Some(1))?;
        assert_eq!(answer.words[0], 0xff_0000_1234);
        assert_eq!(unit.latest(etr + tmc::CTL.bytes()), Some(0));
        let answer = ask(&on(), 0, UnitRequest::Etr(Switch::Off), Some(0))?;
        assert_eq!(answer.words[0], 0);
        // What is on already stays as it is, whatever is asked.
        let unit = on();
        ask(&unit, 0, UnitRequest::Etr(Switch::On(None)), None)?;
        assert_eq!(unit.writes(), 2);
        Ok(())
    }

    #[test]
    fn counters_need_room_and_events() -> Result {
        let spmu = |switch, room| ask(&Unit::new(), 0, UnitRequest::Spmu(switch), room).err();
        for (room, error) in [
            (None, Some(EINVAL)),
            (Some(2), Some(EINVAL)),
            (Some(3), None),
            (Some(8), None),
            (Some(9), Some(EINVAL)),
        ] {
            assert_eq!(spmu(Switch::Off, room), error);
        }
        for (number, error) in [(2, Some(EINVAL)), (3, None), (6, None), (7, Some(EINVAL))] {
            let events = DebugSpmu {
                event_types: [1; 10],
                event_types_num: number,
                pmtrc_val: 0,
                trc_ctrl_host_val: 0,
                trc_en_host_val: 0,
            };
            assert_eq!(spmu(Switch::On(Some(events)), None), error);
        }
        let base = tables::SPMU[1];
        let unit = Unit::new()
            .with(base, 11)
            .with(base + 0xcc0, 5)
            .with(base + 0xf8, 7)
            .with(base + 0xfc, 1);
        let answer = ask(&unit, 1, UnitRequest::Spmu(Switch::Off), Some(4))?;
        assert_eq!(answer.words[..4], [11, 0, 5, 0x1_0000_0007]);
        Ok(())
    }

    #[test]
    fn monitors_of_the_pcie_core_are_special() -> Result {
        let first = |index: u32| -> Result<Option<u32>> {
            let unit = Unit::new();
            let input: DebugBmon = zerocopy::FromZeros::new_zeroed();
            let input = DebugBmon { id: 3, ..input };
            ask(
                &unit,
                index,
                UnitRequest::Bmon(Switch::On(Some(input))),
                None,
            )?;
            let base = tables::BMON.get(index as usize).ok_or(EINVAL)?;
            Ok(unit.latest(base + 0x700))
        };
        assert_eq!(first(35)?, Some(0xa00_3b00));
        assert_eq!(first(36)?, Some(0x3b00));
        assert_eq!(first(40)?, Some(0xa00_3b00));
        Ok(())
    }

    #[test]
    fn units_that_are_not_there() {
        let none = |request| ask(&Unit::new(), 9999, request, None).err();
        assert_eq!(none(UnitRequest::Etf(Switch::Off)), Some(EINVAL));
        assert_eq!(none(UnitRequest::Stm(Switch::Off)), Some(EINVAL));
        assert_eq!(none(UnitRequest::Funnel(Switch::Off)), Some(EINVAL));
        assert_eq!(none(UnitRequest::Bmon(Switch::Off)), Some(EINVAL));
        assert_eq!(none(UnitRequest::Spmu(Switch::Off)), Some(EINVAL));
        assert_eq!(none(UnitRequest::Timestamp), None);
    }
}
