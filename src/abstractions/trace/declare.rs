// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How trace points that are made in C are declared.

/// Declares trace points: a function for each, which tells of an event, and one that says whether anybody listens.
///
/// The first argument of each is the device, and is not written here. The others come out of a closure, which runs only while somebody
/// listens: a trace point that is off is one instruction that does nothing (a static key).
///
/// # Safety
///
/// Each must be a `TRACE_EVENT()` or `DEFINE_EVENT()`, with a `struct device *` first, and then with arguments of these
/// types in this order, that takes any values of theirs, and is made with `CREATE_RUST_TRACE_POINTS`.
macro_rules! declare_device_traces {
    ($($(#[$attr:meta])* unsafe fn $name:ident($($arg:ident: $type:ty),* $(,)?);)*) => { kernel::macros::paste! {
        // The kernel's own bindings allow it as well: the device reaches empty structures, through pointers only.
        #[allow(improper_ctypes)]
        #[cfg(CONFIG_TRACEPOINTS)]
        extern "C" {
            $(
                static [< __tracepoint_ $name >]: kernel::bindings::tracepoint;
                fn [< rust_do_trace_ $name >](dev: *mut kernel::bindings::device $(, $arg: $type)*);
            )*
        }

        $(
            $(#[$attr])*
            #[inline(always)]
            pub(crate) fn $name(
                dev: &kernel::device::Device,
                arguments: impl FnOnce() -> ($($type,)*),
            ) {
                if [< $name _enabled >]() {
                    #[cfg(CONFIG_TRACEPOINTS)]
                    [< call_ $name >](dev, arguments());
                    #[cfg(not(CONFIG_TRACEPOINTS))]
                    let _ = (dev, arguments);
                }
            }

            #[cfg(CONFIG_TRACEPOINTS)]
            #[cold]
            fn [< call_ $name >](dev: &kernel::device::Device, ($($arg,)*): ($($type,)*)) {
                // SAFETY: The device is valid for the call, and the rest is what whoever declares this promises.
                unsafe { [< rust_do_trace_ $name >](crate::abstractions::raw_device(dev) $(, $arg)*) }
            }

            /// Whether anybody listens to the trace point of this name.
            #[inline(always)]
            #[allow(dead_code)]
            pub(crate) fn [< $name _enabled >]() -> bool {
                #[cfg(CONFIG_TRACEPOINTS)]
                // SAFETY: It is always okay to look at the static key of a trace point.
                let on = unsafe {
                    kernel::jump_label::static_branch_unlikely!(
                        [< __tracepoint_ $name >],
                        kernel::bindings::tracepoint,
                        key
                    )
                };
                #[cfg(not(CONFIG_TRACEPOINTS))]
                let on = false;
                on
            }
        )*
    }};
}
pub(super) use declare_device_traces;
