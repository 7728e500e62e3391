// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The card's attributes in sysfs, all of them in the directory of its PCI device. Facts: upstream's
//! `common/sysfs.c` and `goya/goya_hwmgr.c`.
//!
//! A file is a row here; what it needs of a card is a method of [`CardStatus`], whose body is in `user_interfaces.rs`.
//!
//! Goya brings clock and voltage attributes of its own: upstream's `clk_max_freq_mhz`,
//! `clk_cur_freq_mhz` and `vrm_ver` are other cards'.

use super::card_status::{CardStatus, Version};
use crate::fw::power::PmProfile;

use crate::abstractions::name as name_of;
use crate::abstractions::sysfs::{Attribute, Binary, Group, Input, Text};
use crate::fw::clocks::Pll;

use kernel::{
    device::{Bound, Device},
    devres::Devres,
    fmt::Write,
    page::PAGE_SIZE,
    prelude::*,
    sync::Arc,
};

/// Makes all files; upstream does it after the control node is made, also if the card failed to come
/// up. `dev` is the card's PCI device.
///
/// # Errors
///
/// `EEXIST`, `ENOMEM`.
pub(crate) fn register<C: CardStatus>(
    dev: &Device<Bound>,
    card: Arc<C>,
) -> Result<Devres<Group<C>>> {
    Group::new(dev, card, Table::<C>::TEXTS, Table::<C>::BINARIES).inspect_err(|error| {
        dev_err!(
            dev,
            "Failed to add groups to device, error {}\n",
            error.to_errno()
        );
    })
}

/// The files of a card, and the functions behind them.
struct Table<C>(core::marker::PhantomData<C>);

impl<C: CardStatus> Table<C> {
    const TEXTS: &'static [Attribute<C>] = &[
        // Who and what it is.
        Attribute::ro(c"device_type", |_, text| Ok(writeln!(text, "GOYA")?)),
        Attribute::ro(c"pci_addr", name),
        Attribute::ro(c"parent_device", name),
        Attribute::ro(c"module_id", |card, text| {
            Ok(writeln!(text, "{}", card.card_location())?)
        }),
        Attribute::ro(c"security_enabled", |card, text| {
            Ok(writeln!(text, "{}", u32::from(card.security_enabled()))?)
        }),
        // Versions.
        Attribute::ro(c"armcp_kernel_ver", kernel_version),
        Attribute::ro(c"armcp_ver", cpucp_version),
        Attribute::ro(c"cpucp_kernel_ver", kernel_version),
        Attribute::ro(c"cpucp_ver", cpucp_version),
        Attribute::ro(c"fuse_ver", |card, text| line(card, Version::Fuse, text)),
        Attribute::ro(c"thermal_ver", |card, text| {
            as_is(card, Version::Thermal, text)
        }),
        Attribute::ro(c"fw_os_ver", |card, text| as_is(card, Version::FwOs, text)),
        Attribute::ro(c"preboot_btl_ver", |card, text| {
            line(card, Version::Preboot, text)
        }),
        Attribute::ro(c"uboot_ver", |card, text| line(card, Version::Uboot, text)),
        Attribute::ro(c"cpld_ver", |card, text| {
            let (stamp, version) = card.cpld();
            Ok(writeln!(text, "0x{stamp:08x}{version:08x}")?)
        }),
        Attribute::ro(c"infineon_ver", |card, text| {
            Ok(writeln!(text, "{:#04x}", card.infineon_version())?)
        }),
        // State and resets.
        Attribute::ro(c"status", status),
        Attribute::wo(c"soft_reset", |card, input| {
            input.number()?;
            dev_warn!(
                card.device(),
                "Inference Soft-Reset requested through sysfs\n"
            );
            card.soft_reset();
            Ok(())
        }),
        Attribute::ro(c"soft_reset_cnt", |card, text| {
            Ok(writeln!(text, "{}", card.soft_reset_count())?)
        }),
        Attribute::wo(c"hard_reset", |card, input| {
            input.number()?;
            dev_warn!(card.device(), "Hard-Reset requested through sysfs\n");
            card.hard_reset();
            Ok(())
        }),
        Attribute::ro(c"hard_reset_cnt", |card, text| {
            Ok(writeln!(text, "{}", card.hard_reset_count())?)
        }),
        // Power and clocks.
        Attribute::rw(
            c"max_power",
            |card, text| {
                operational(card)?;
                value(card.max_power()?, text)
            },
            |card, input| {
                operational(card)?;
                card.set_max_power(input.number()?);
                Ok(())
            },
        ),
        Attribute::rw(
            c"high_pll",
            |card, text| {
                operational(card)?;
                Ok(writeln!(text, "{}", card.high_pll())?)
            },
            |card, input| {
                operational(card)?;
                // CAST: As upstream: the low 32 bits.
                card.set_high_pll(input.number()? as u32);
                Ok(())
            },
        ),
        Attribute::rw(
            c"ic_clk",
            |card, text| clock(card, Pll::Ic, false, text),
            |card, input| set_clock(card, Pll::Ic, input),
        ),
        Attribute::ro(c"ic_clk_curr", |card, text| {
            clock(card, Pll::Ic, true, text)
        }),
        Attribute::rw(
            c"mme_clk",
            |card, text| clock(card, Pll::Mme, false, text),
            |card, input| set_clock(card, Pll::Mme, input),
        ),
        Attribute::ro(c"mme_clk_curr", |card, text| {
            clock(card, Pll::Mme, true, text)
        }),
        Attribute::rw(
            c"tpc_clk",
            |card, text| clock(card, Pll::Tpc, false, text),
            |card, input| set_clock(card, Pll::Tpc, input),
        ),
        Attribute::ro(c"tpc_clk_curr", |card, text| {
            clock(card, Pll::Tpc, true, text)
        }),
        Attribute::rw(c"pm_mng_profile", profile, set_profile),
    ];

    const BINARIES: &'static [Binary<C>] = &[Binary {
        name: c"eeprom",
        size: PAGE_SIZE,
        read: eeprom,
    }];
}

fn operational(card: &impl CardStatus) -> Result {
    if card.is_operational() {
        Ok(())
    } else {
        Err(ENODEV)
    }
}

/// A PCI device is named by its address, which is what two attributes show.
fn name<C: CardStatus>(card: &C, text: &mut Text<'_>) -> Result {
    text.push(name_of(card.device()));
    text.push(b"\n");
    Ok(())
}

/// A version of which the firmware's text has a newline of its own.
fn as_is(card: &impl CardStatus, which: Version, text: &mut Text<'_>) -> Result {
    text.push(card.version(which).bytes());
    Ok(())
}

fn line(card: &impl CardStatus, which: Version, text: &mut Text<'_>) -> Result {
    as_is(card, which, text)?;
    text.push(b"\n");
    Ok(())
}

fn kernel_version<C: CardStatus>(card: &C, text: &mut Text<'_>) -> Result {
    as_is(card, Version::Kernel, text)
}

fn cpucp_version<C: CardStatus>(card: &C, text: &mut Text<'_>) -> Result {
    line(card, Version::Cpucp, text)
}

/// The state, with a capital, as it has always been here.
fn status<C: CardStatus>(card: &C, text: &mut Text<'_>) -> Result {
    if let Some((first, rest)) = card.status().as_bytes().split_first() {
        text.push(&[first.to_ascii_uppercase()]);
        text.push(rest);
    }
    text.push(b"\n");
    Ok(())
}

/// A number of the firmware's; upstream takes a negative one for an error number.
fn value(value: i64, text: &mut Text<'_>) -> Result {
    if value < 0 {
        return Err(i32::try_from(value)
            .ok()
            .filter(|errno| *errno >= -4095)
            .map_or(EINVAL, Error::from_errno));
    }
    Ok(writeln!(text, "{value}")?)
}

fn clock(card: &impl CardStatus, pll: Pll, current: bool, text: &mut Text<'_>) -> Result {
    operational(card)?;
    value(card.frequency(pll, current)?, text)
}

fn set_clock(card: &impl CardStatus, pll: Pll, input: &Input<'_>) -> Result {
    operational(card)?;
    if card.pm_profile() == PmProfile::Auto {
        return Err(EPERM);
    }
    card.set_frequency(pll, input.number()?);
    Ok(())
}

fn profile<C: CardStatus>(card: &C, text: &mut Text<'_>) -> Result {
    operational(card)?;
    let name = match card.pm_profile() {
        PmProfile::Auto => "auto",
        PmProfile::Manual => "manual",
    };
    Ok(writeln!(text, "{name}")?)
}

/// What may follow the word does not matter, as upstream.
fn parse_profile(text: &[u8]) -> Option<PmProfile> {
    if text.starts_with(b"auto") {
        Some(PmProfile::Auto)
    } else if text.starts_with(b"manual") {
        Some(PmProfile::Manual)
    } else {
        None
    }
}

fn set_profile<C: CardStatus>(card: &C, input: &Input<'_>) -> Result {
    operational(card)?;
    let dev = card.device();
    let result = match parse_profile(input.bytes()) {
        Some(profile) => card.set_pm_profile(profile),
        None if card.has_compute_context() => Err(EPERM),
        None => {
            dev_err!(dev, "value should be auto or manual\n");
            Err(EINVAL)
        }
    };
    if result == Err(EPERM) {
        dev_err!(
            dev,
            "Can't change PM profile while compute context is opened on the device\n"
        );
    }
    result
}

/// Unlike upstream, which gives the front of the EEPROM for any offset, and what was in the buffer
/// before if the firmware fails.
fn eeprom<C: CardStatus>(card: &C, offset: u64, out: &mut [u8]) -> Result<usize> {
    operational(card)?;
    let mut data = KVec::from_elem(0u8, PAGE_SIZE, GFP_KERNEL)?;
    card.eeprom(&mut data)?;
    let rest = data.get(usize::try_from(offset)?..).unwrap_or_default();
    let size = rest.len().min(out.len());
    for (to, &from) in out.iter_mut().zip(rest) {
        *to = from;
    }
    Ok(size)
}

#[kunit_tests(goya_sysfs)]
mod tests {
    use super::{super::card_status::VersionText, *};
    use kernel::{
        faux,
        sync::{
            aref::ARef,
            atomic::{Atomic, Relaxed},
        },
    };

    #[test]
    fn profiles() {
        assert_eq!(parse_profile(b"auto\n"), Some(PmProfile::Auto));
        assert_eq!(parse_profile(b"manually"), Some(PmProfile::Manual));
        assert_eq!(parse_profile(b"aut"), None);
    }

    #[test]
    fn values() {
        let mut buffer = [0; 32];
        let mut text = Text::new(&mut buffer);
        assert!(value(1_575_000_000, &mut text).is_ok());
        assert_eq!(text.len(), 11);
        assert_eq!(value(-11, &mut text), Err(EAGAIN));
        assert_eq!(value(i64::MIN, &mut text), Err(EINVAL));
    }

    /// A card with something to say, and with what was told to it last.
    struct Fake {
        dev: ARef<Device>,
        operational: bool,
        context: bool,
        profile: PmProfile,
        told: Atomic<u64>,
    }

    impl CardStatus for Fake {
        fn device(&self) -> &Device {
            &self.dev
        }
        fn is_operational(&self) -> bool {
            self.operational
        }
        fn status(&self) -> &'static str {
            "in reset"
        }
        fn version(&self, which: Version) -> VersionText {
            VersionText::new(match which {
                Version::Kernel => b"Linux 5\n\0",
                Version::Uboot => b"\xffboot\0\0\0",
                _ => b"1.2-fw",
            })
        }
        fn cpld(&self) -> (u32, u32) {
            (0xab, 0x1234)
        }
        fn infineon_version(&self) -> u32 {
            5
        }
        fn card_location(&self) -> u32 {
            6
        }
        fn security_enabled(&self) -> bool {
            true
        }
        fn soft_reset_count(&self) -> u32 {
            7
        }
        fn hard_reset_count(&self) -> u32 {
            8
        }
        fn frequency(&self, pll: Pll, current: bool) -> Result<i64> {
            Ok(i64::from(pll as u32) * 10 + i64::from(current))
        }
        fn set_frequency(&self, pll: Pll, hz: u64) {
            self.told.store(u64::from(pll as u32) << 32 | hz, Relaxed);
        }
        fn pm_profile(&self) -> PmProfile {
            self.profile
        }
        fn set_pm_profile(&self, profile: PmProfile) -> Result {
            self.told.store(profile as u64, Relaxed);
            Ok(())
        }
        fn has_compute_context(&self) -> bool {
            self.context
        }
        fn high_pll(&self) -> u32 {
            1_575_000_000
        }
        fn set_high_pll(&self, hz: u32) {
            self.told.store(hz.into(), Relaxed);
        }
        fn max_power(&self) -> Result<i64> {
            Ok(-11)
        }
        fn set_max_power(&self, milliwatts: u64) {
            self.told.store(milliwatts, Relaxed);
        }
        fn soft_reset(&self) {}
        fn hard_reset(&self) {}
        fn eeprom(&self, data: &mut [u8]) -> Result {
            data.iter_mut()
                .zip(b"eeprom")
                .for_each(|(to, from)| *to = *from);
            Ok(())
        }
    }

    fn fake(dev: &Device<Bound>, operational: bool, profile: PmProfile) -> Fake {
        Fake {
            dev: dev.into(),
            operational,
            context: false,
            profile,
            told: Atomic::new(0),
        }
    }

    fn row(name: &CStr) -> Result<&'static Attribute<Fake>> {
        Table::<Fake>::TEXTS
            .iter()
            .find(|row| row.name() == name)
            .ok_or(ENOENT)
    }

    fn shows(card: &Fake, name: &CStr, expected: &[u8]) -> bool {
        let mut buffer = [0; 64];
        let mut text = Text::new(&mut buffer);
        let result = row(name).and_then(|row| row.show(card, &mut text));
        let length = text.len();
        result == Ok(()) && buffer.get(..length) == Some(expected)
    }

    fn stores(card: &Fake, name: &CStr, text: &CStr) -> Result {
        row(name)?.store(card, &Input::new(text))
    }

    #[test]
    fn formats() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-status", None)?;
        let card = fake(faux.as_ref().as_ref(), true, PmProfile::Manual);
        assert!(shows(&card, c"pci_addr", b"goya-kunit-status\n"));
        assert!(shows(&card, c"status", b"In reset\n"));
        assert!(shows(&card, c"armcp_kernel_ver", b"Linux 5\n"));
        assert!(shows(&card, c"uboot_ver", b"\xffboot\n"));
        assert!(shows(&card, c"fw_os_ver", b"1.2-fw"));
        assert!(shows(&card, c"cpld_ver", b"0x000000ab00001234\n"));
        assert!(shows(&card, c"infineon_ver", b"0x05\n"));
        assert!(shows(&card, c"security_enabled", b"1\n"));
        assert!(shows(&card, c"tpc_clk_curr", b"61\n"));
        assert!(shows(&card, c"pm_mng_profile", b"manual\n"));
        assert!(shows(&card, c"high_pll", b"1575000000\n"));
        assert!(!shows(&card, c"max_power", b"-11\n"));
        assert!(!shows(&card, c"soft_reset", b""));
        Ok(())
    }

    #[test]
    fn stores_and_refusals() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-store", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let card = fake(dev, true, PmProfile::Manual);
        assert_eq!(stores(&card, c"mme_clk", c"400\n"), Ok(()));
        assert_eq!(card.told.load(Relaxed), 3 << 32 | 400);
        assert_eq!(stores(&card, c"mme_clk", c"fast"), Err(EINVAL));
        assert_eq!(stores(&card, c"hard_reset", c"now"), Err(EINVAL));
        let auto = fake(dev, true, PmProfile::Auto);
        assert_eq!(stores(&auto, c"ic_clk", c"fast"), Err(EPERM));
        let gone = fake(dev, false, PmProfile::Manual);
        assert_eq!(stores(&gone, c"ic_clk", c"1"), Err(ENODEV));
        assert!(shows(&gone, c"status", b"In reset\n"));
        assert!(!shows(&gone, c"high_pll", b"1575000000\n"));
        let mut bytes = [0; 8];
        assert_eq!(eeprom(&card, 2, &mut bytes), Ok(8));
        assert_eq!(&bytes, b"prom\0\0\0\0");
        assert_eq!(eeprom(&card, 4096, &mut bytes), Ok(0));
        assert_eq!(eeprom(&gone, 0, &mut bytes), Err(ENODEV));
        Ok(())
    }

    #[test]
    fn registers() -> Result {
        let faux = faux::Registration::new(c"goya-kunit-files", None)?;
        let dev: &Device<Bound> = faux.as_ref().as_ref();
        let card = Arc::new(fake(dev, true, PmProfile::Auto), GFP_KERNEL)?;
        drop(register(dev, card.clone())?);
        drop(register(dev, card)?);
        Ok(())
    }
}
