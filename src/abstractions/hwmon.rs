// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Hardware monitoring devices whose sensors are known only at run time
//! (C: `include/linux/hwmon.h`).

use super::{hwmon_sys as sys, raw_device};

use kernel::{
    bindings,
    device::{Bound, Device},
    devres::Devres,
    error::{from_err_ptr, from_result},
    ffi,
    prelude::*,
    str::CString,
    sync::Arc,
};

use core::ptr;

/// What a sensor measures: `enum hwmon_sensor_types` of Linux 7.3.
///
/// Older kernels number what follows `Energy` one less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Kind {
    /// The chip as a whole.
    Chip = 0,
    /// Temperature, m°C.
    Temp = 1,
    /// Voltage, mV.
    In = 2,
    /// Current, mA.
    Curr = 3,
    /// Power, µW.
    Power = 4,
    /// Energy, µJ.
    Energy = 5,
    /// Energy as a 64-bit number, µJ.
    Energy64 = 6,
    /// Relative humidity, thousandths of a percent.
    Humidity = 7,
    /// Fan speed, rpm.
    Fan = 8,
    /// Drive of a fan, 0 to 255.
    Pwm = 9,
    /// Chassis intrusion.
    Intrusion = 10,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 11] = [
        Self::Chip,
        Self::Temp,
        Self::In,
        Self::Curr,
        Self::Power,
        Self::Energy,
        Self::Energy64,
        Self::Humidity,
        Self::Fan,
        Self::Pwm,
        Self::Intrusion,
    ];

    /// The kind with this number, if there is one.
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|&kind| kind as u32 == number)
    }
}

/// One sensor: what it measures, and which attributes it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Channel {
    /// What it measures.
    pub(crate) kind: Kind,
    /// Bit *n* is set if the sensor has attribute *n* (`enum hwmon_temp_attributes`, ...). The
    /// kernel takes a sensor without attributes for the end of the list of its kind.
    pub(crate) attributes: u32,
}

/// Who knows the sensors' values.
///
/// `attribute` is a number of the kernel's (`enum hwmon_temp_attributes`, ...), `channel` counts the
/// sensors of one kind from zero. The kernel calls `read` and `write` one at a time.
pub(crate) trait Sensors: Send + Sync + 'static {
    /// Permissions of the attribute's file; 0: no file.
    fn visible(&self, kind: Kind, attribute: u32, channel: usize) -> u16;

    /// The attribute's value, in the unit of its kind.
    fn read(&self, kind: Kind, attribute: u32, channel: usize) -> Result<i64>;

    /// Gives the attribute a value.
    fn write(&self, kind: Kind, attribute: u32, channel: usize, value: i64) -> Result;
}

/// A hwmon device with all that the kernel needs of it; unregistered when dropped.
///
/// # Invariants
///
/// - `device` was made by `hwmon_device_register_with_info()` and is registered.
/// - What the kernel has pointers to (`_name`, `_chip` with all it points to, `*sensors`) is on the
///   heap, and neither changed nor freed before `device` is unregistered.
pub(crate) struct Registration<S: Sensors> {
    device: *mut bindings::device,
    _name: CString,
    _chip: KBox<sys::ChipInfo>,
    _pointers: KBox<[*const sys::ChannelInfo; Kind::ALL.len() + 1]>,
    _infos: KVec<sys::ChannelInfo>,
    _configs: KVec<KVec<u32>>,
    _sensors: Arc<S>,
}

// SAFETY: The pointers are to memory that the value owns, and to a device that any task may
// unregister; `S` is `Send` and `Sync` itself.
unsafe impl<S: Sensors> Send for Registration<S> {}

// SAFETY: A shared reference only gives `&Device`, which is `Sync`.
unsafe impl<S: Sensors> Sync for Registration<S> {}

impl<S: Sensors> Registration<S> {
    const OPS: &'static sys::Ops = &sys::Ops {
        visible: 0,
        is_visible: Some(is_visible::<S>),
        read: Some(read::<S>),
        read_string: None,
        write: Some(write::<S>),
    };

    /// Registers a hwmon device below `dev`, named `name`, with a sensor for each of `channels`.
    ///
    /// The sensors of a kind are numbered in the order that they have in `channels`. The device goes
    /// when the result is dropped, or when `dev` is unbound from its driver, whatever is first.
    ///
    /// # Errors
    ///
    /// `EINVAL`: no attributes at all; `ENOMEM`.
    pub(crate) fn new(
        dev: &Device<Bound>,
        name: &CStr,
        channels: &[Channel],
        sensors: Arc<S>,
    ) -> Result<Devres<Self>> {
        let name = CString::try_from(name)?;
        let mut configs = KVec::with_capacity(Kind::ALL.len(), GFP_KERNEL)?;
        let mut infos = KVec::with_capacity(Kind::ALL.len(), GFP_KERNEL)?;
        for kind in Kind::ALL {
            let mut config = KVec::with_capacity(channels.len().saturating_add(1), GFP_KERNEL)?;
            for channel in channels.iter().filter(|channel| channel.kind == kind) {
                config.push_within_capacity(channel.attributes)?;
            }
            if config.is_empty() {
                continue;
            }
            config.push_within_capacity(0)?;
            infos.push_within_capacity(sys::ChannelInfo {
                kind: sys::SensorType(kind as u32),
                config: config.as_ptr(),
            })?;
            // Moves the vector, not the memory that `infos` points to.
            configs.push_within_capacity(config)?;
        }
        // At least the last one stays null.
        let mut pointers = KBox::new([ptr::null(); Kind::ALL.len() + 1], GFP_KERNEL)?;
        // `infos` does not grow any more: its entries stay where they are.
        for (pointer, info) in pointers.iter_mut().zip(&infos) {
            *pointer = ptr::from_ref(info);
        }
        let chip = KBox::new(
            sys::ChipInfo {
                ops: Self::OPS,
                info: pointers.as_ptr(),
            },
            GFP_KERNEL,
        )?;

        // SAFETY: `dev` is a bound, so registered, device. The lists end as they have to; they, the
        // name and `sensors` live until the device is unregistered, see the type invariant. The
        // callbacks take the driver data for a `*const S`, which it is.
        let device = from_err_ptr(unsafe {
            sys::hwmon_device_register_with_info(
                raw_device(dev),
                name.as_char_ptr(),
                Arc::as_ptr(&sensors).cast_mut().cast(),
                &*chip,
                ptr::null_mut(),
            )
        })?;
        // INVARIANT: Registered above; everything else was moved without moving what is behind it.
        Devres::new(
            dev,
            Self {
                device,
                _name: name,
                _chip: chip,
                _pointers: pointers,
                _infos: infos,
                _configs: configs,
                _sensors: sensors,
            },
        )
    }

    /// The device of class `hwmon`.
    pub(crate) fn device(&self) -> &Device {
        // SAFETY: By the type invariant it is a registered device as long as `self` is there.
        unsafe { Device::from_raw(self.device) }
    }
}

impl<S: Sensors> Drop for Registration<S> {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the device is registered. The function takes the files away
        // and waits for callbacks that run, so nothing uses our memory afterwards.
        unsafe { sys::hwmon_device_unregister(self.device) }
    }
}

/// Kind and channel of a callback: the kernel only gives us what we gave it, but checking is cheap.
fn place(kind: sys::SensorType, channel: ffi::c_int) -> Result<(Kind, usize)> {
    let kind = Kind::from_number(kind.0).ok_or(EINVAL)?;
    Ok((kind, usize::try_from(channel)?))
}

/// # Safety
///
/// `drvdata` is a `*const S` that outlives the call.
unsafe extern "C" fn is_visible<S: Sensors>(
    drvdata: *const ffi::c_void,
    kind: sys::SensorType,
    attribute: u32,
    channel: ffi::c_int,
) -> bindings::umode_t {
    // SAFETY: By the function's precondition.
    let sensors = unsafe { &*drvdata.cast::<S>() };
    place(kind, channel).map_or(0, |(kind, channel)| {
        sensors.visible(kind, attribute, channel)
    })
}

/// # Safety
///
/// `dev` is the hwmon device of a `Registration<S>` that outlives the call.
unsafe fn sensors_of<'a, S: Sensors>(dev: *mut bindings::device) -> &'a S {
    // SAFETY: The driver data of the device is the `*const S` that `Registration::new` gave it, and
    // the registration holds a reference count of what it points to.
    unsafe { &*bindings::dev_get_drvdata(dev).cast::<S>() }
}

/// # Safety
///
/// `dev` is the hwmon device of a `Registration<S>` that outlives the call, `value` can be written.
unsafe extern "C" fn read<S: Sensors>(
    dev: *mut bindings::device,
    kind: sys::SensorType,
    attribute: u32,
    channel: ffi::c_int,
    value: *mut ffi::c_long,
) -> ffi::c_int {
    // SAFETY: By the function's precondition.
    let sensors = unsafe { sensors_of::<S>(dev) };
    from_result(|| {
        let (kind, channel) = place(kind, channel)?;
        let result = sensors.read(kind, attribute, channel)?;
        // SAFETY: By the function's precondition.
        unsafe { value.write(ffi::c_long::try_from(result)?) };
        Ok(0)
    })
}

/// # Safety
///
/// `dev` is the hwmon device of a `Registration<S>` that outlives the call.
unsafe extern "C" fn write<S: Sensors>(
    dev: *mut bindings::device,
    kind: sys::SensorType,
    attribute: u32,
    channel: ffi::c_int,
    value: ffi::c_long,
) -> ffi::c_int {
    // SAFETY: By the function's precondition.
    let sensors = unsafe { sensors_of::<S>(dev) };
    from_result(|| {
        let (kind, channel) = place(kind, channel)?;
        #[allow(
            clippy::useless_conversion,
            reason = "long is 64 bits only on 64-bit kernels"
        )]
        sensors.write(kind, attribute, channel, i64::try_from(value)?)?;
        Ok(0)
    })
}
