// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Shows a card to [`super::sysfs`] and [`super::hwmon`].

use kernel::device::{Bound, Device};
use kernel::devres::Devres;
use kernel::prelude::*;
use kernel::sync::Arc;

use super::card_status::{CardStatus, Version, VersionText};
use super::hwmon::{self, FirmwareSensors};
use super::sysfs;
use crate::abstractions::accel;
use crate::abstractions::hwmon::Registration;
use crate::abstractions::sysfs::Group;
use crate::card::{BoundCard, Card, Firmware};
use crate::fw::clocks::{self, Numbering, Pll};
use crate::fw::power::PmProfile;
use crate::fw::sensors::{self, Quantity};
use crate::fw::{info, messages};
use crate::state::request::ResetRequest;

/// A card as those see it who look at it.
pub(crate) struct CardView(Arc<Card>);

/// What people see of a card; it goes when this is dropped, which waits for those who look.
///
/// They reach the card, so the card must not own it. Fields are dropped in order.
pub(crate) struct UserInterfaces {
    _sensors: Option<Devres<Registration<CardView>>>,
    _files: Devres<Group<CardView>>,
}

/// Shows a card that has come up, and tells its firmware how much power it may take.
pub(crate) fn register(
    card: &Arc<Card>,
    bound: &Arc<BoundCard>,
    node: &mut accel::Registration<Arc<Card>>,
    dev: &Device<Bound>,
) -> Result<UserInterfaces> {
    let view = Arc::new(CardView(card.clone()), GFP_KERNEL)?;
    let files = sysfs::register(dev, view.clone())
        .inspect_err(|_| dev_err!(dev, "failed to initialize sysfs\n"))?;
    #[cfg(CONFIG_DEBUG_FS)]
    super::debugfs::register(card, bound, node)?;
    #[cfg(not(CONFIG_DEBUG_FS))]
    let _ = (bound, node);
    if !view.security_enabled() {
        card.power.send_max(dev, &*card.cpu);
    }
    let sensors = register_sensors(card, dev, view)
        .inspect_err(|_| dev_err!(dev, "Failed to initialize hwmon\n"))?;
    Ok(UserInterfaces {
        _sensors: sensors,
        _files: files,
    })
}

fn register_sensors(
    card: &Card,
    dev: &Device<Bound>,
    view: Arc<CardView>,
) -> Result<Option<Devres<Registration<CardView>>>> {
    let describe = |firmware: &Firmware| -> Result<_> {
        let sensors = firmware.info.sensors.iter();
        let channels = hwmon::channels(
            dev,
            sensors.map(|sensor| (sensor.kind, sensor.attributes)),
            firmware.capabilities.own_sensor_numbers(),
        )?;
        // With a zero at its end.
        let name = firmware.info.card_name();
        let mut ended = KVec::from_elem(0u8, name.len().saturating_add(1), GFP_KERNEL)?;
        ended
            .iter_mut()
            .zip(name)
            .for_each(|(to, from)| *to = *from);
        Ok((channels, ended))
    };
    let (channels, name) = card.with_firmware(describe).ok_or(ENODEV)??;
    if channels.is_empty() {
        dev_info!(dev, "no available sensors\n");
        return Ok(None);
    }
    let name = CStr::from_bytes_with_nul(&name).map_err(|_| EINVAL)?;
    hwmon::register(dev, name, &channels, view).map(Some)
}

impl CardView {
    /// A number of the firmware's information; 0 if the card has not come up.
    fn number(&self, of: impl FnOnce(&info::CpuInfo) -> u32) -> u32 {
        self.0
            .with_firmware(|firmware| of(&firmware.info))
            .unwrap_or(0)
    }

    fn numbering(&self) -> Numbering {
        self.0
            .with_firmware(|firmware| firmware.numbering)
            .unwrap_or(Numbering::Card)
    }
}

impl CardStatus for CardView {
    fn device(&self) -> &Device {
        &self.0.dev
    }

    fn is_operational(&self) -> bool {
        self.0.status().operational()
    }

    fn status(&self) -> &'static str {
        self.0.status().text()
    }

    fn version(&self, which: Version) -> VersionText {
        let text = |firmware: &Firmware| {
            let info = &firmware.info;
            VersionText::new(
                match which {
                    Version::Kernel => &info.kernel_version,
                    Version::Cpucp => &info.cpucp_version,
                    Version::Fuse => &info.fuse_version,
                    Version::Thermal => &info.thermal_version,
                    Version::FwOs => &info.fw_os_version,
                    Version::Preboot => &firmware.preboot,
                    Version::Uboot => &firmware.loader,
                }
                .bytes(),
            )
        };
        let nothing = || VersionText::new(&[]);
        self.0.with_firmware(text).unwrap_or_else(nothing)
    }

    fn cpld(&self) -> (u32, u32) {
        let cpld = |firmware: &Firmware| (firmware.info.cpld_timestamp, firmware.info.cpld_version);
        self.0.with_firmware(cpld).unwrap_or_default()
    }

    fn infineon_version(&self) -> u32 {
        self.number(|info| info.infineon_version)
    }

    fn card_location(&self) -> u32 {
        self.number(|info| info.card_location)
    }

    fn security_enabled(&self) -> bool {
        self.0.is_secure()
    }

    fn soft_reset_count(&self) -> u32 {
        self.0.reset_counts().1
    }

    fn hard_reset_count(&self) -> u32 {
        self.0.reset_counts().0
    }

    fn frequency(&self, pll: Pll, current: bool) -> Result<i64> {
        let (card, numbering) = (&self.0, self.numbering());
        // CAST: The number of a variant.
        let hz = clocks::frequency(&card.dev, &*card.cpu, &numbering, pll as u32, current)?;
        // The wire's 64 bits are a signed number.
        Ok(i64::from_le_bytes(hz.to_le_bytes()))
    }

    fn set_frequency(&self, pll: Pll, hz: u64) {
        let (card, numbering) = (&self.0, self.numbering());
        // CAST: The number of a variant.
        let _ = clocks::set_frequency(&card.dev, &*card.cpu, &numbering, pll as u32, hz);
    }

    fn pm_profile(&self) -> PmProfile {
        self.0.power.profile()
    }

    fn set_pm_profile(&self, profile: PmProfile) -> Result {
        let (card, numbering) = (&self.0, self.numbering());
        // A context that is opened meanwhile finds low clocks, as one that is opened later does.
        let busy = || self.has_compute_context();
        card.power
            .set_profile(&card.dev, &*card.cpu, &numbering, profile, busy)
    }

    fn has_compute_context(&self) -> bool {
        self.0.memory.asids.any()
    }

    fn high_pll(&self) -> u32 {
        self.0.power.high()
    }

    fn set_high_pll(&self, hz: u32) {
        self.0.power.set_high(hz);
    }

    fn max_power(&self) -> Result<i64> {
        let milliwatts = messages::max_power(&self.0.dev, &*self.0.cpu)?;
        // The wire's 64 bits are a signed number.
        Ok(i64::from_le_bytes(milliwatts.to_le_bytes()))
    }

    fn set_max_power(&self, milliwatts: u64) {
        self.0.power.set_max(milliwatts);
        self.0.power.send_max(&self.0.dev, &*self.0.cpu);
    }

    fn soft_reset(&self) {
        self.0.resets.request_and_wait(ResetRequest::SOFT);
    }

    fn hard_reset(&self) {
        self.0.resets.request_hard_reset();
    }

    fn eeprom(&self, data: &mut [u8]) -> Result {
        let read = messages::eeprom(&self.0.dev, &*self.0.cpu, data.len())?;
        data.iter_mut()
            .zip(&*read)
            .for_each(|(to, from)| *to = *from);
        Ok(())
    }
}

impl FirmwareSensors for CardView {
    fn device(&self) -> &Device {
        &self.0.dev
    }

    fn is_operational(&self) -> bool {
        self.0.status().operational()
    }

    fn has_own_numbers(&self) -> bool {
        let own = |firmware: &Firmware| firmware.capabilities.own_sensor_numbers();
        self.0.with_firmware(own).unwrap_or(false)
    }

    fn get(&self, quantity: Quantity, sensor: u16, attribute: u16) -> Result<i64> {
        sensors::get(&*self.0.cpu, quantity, sensor, attribute)
    }

    fn set(&self, quantity: Quantity, sensor: u16, attribute: u16, value: i64) -> Result {
        sensors::set(&*self.0.cpu, quantity, sensor, attribute, value)
    }
}
