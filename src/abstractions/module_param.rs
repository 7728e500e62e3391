// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Module parameters that everybody may read in sysfs (mode 0444), of C's types.
//!
//! The parameters of `kernel::module!` are hidden (mode 0), and of Rust's types.

use core::cell::UnsafeCell;

use kernel::bindings;
use kernel::ffi;

/// C types of parameters.
pub(crate) trait Kind: Copy {}

impl Kind for ffi::c_int {}
impl Kind for ffi::c_ulong {}

/// The value of a parameter. [`module_params!`] makes it.
#[repr(transparent)]
pub(crate) struct Value<T>(UnsafeCell<T>);

// SAFETY: The kernel writes the value only while it loads the module, before any code of the module
// runs: nobody can write to a parameter of mode 0444 later.
unsafe impl<T: Kind> Sync for Value<T> {}

impl<T: Kind> Value<T> {
    /// A parameter's default.
    pub(crate) const fn new(default: T) -> Self {
        Self(UnsafeCell::new(default))
    }

    /// What the module was loaded with.
    pub(crate) fn get(&self) -> T {
        // SAFETY: Nobody writes any more, as said at `Sync`.
        unsafe { *self.0.get() }
    }

    /// Where the kernel writes the value to.
    pub(crate) const fn as_arg(&self) -> *mut ffi::c_void {
        self.0.get().cast()
    }
}

/// An entry of the module's table of parameters.
#[repr(transparent)]
pub(crate) struct Entry(pub(crate) bindings::kernel_param);

// SAFETY: Only the kernel's parameter code uses entries, and it takes its own locks.
unsafe impl Sync for Entry {}

/// The bytes of a string, for a section.
pub(crate) const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let mut i = 0;
    while i < N {
        bytes[i] = text[i];
        i += 1;
    }
    bytes
}

/// Puts `FIELD=TEXT` where modinfo finds it.
macro_rules! modinfo {
    ($module:literal, $($text:expr),+) => {
        const _: () = {
            #[cfg(MODULE)]
            const TEXT: &str = concat!($($text,)+ "\0");
            #[cfg(not(MODULE))]
            const TEXT: &str = concat!($module, ".", $($text,)+ "\0");
            #[link_section = ".modinfo"]
            #[used(compiler)]
            static INFO: [u8; TEXT.len()] = $crate::abstractions::module_param::bytes(TEXT);
        };
    };
}
pub(crate) use modinfo;

/// The table's entry for a parameter whose value is kept by the operations of C's `$ops`.
macro_rules! param_entry {
    ($module:literal, $name:ident, $ops:ident) => {
        const _: () = {
            #[cfg(MODULE)]
            const NAME: &str = concat!(stringify!($name), "\0");
            #[cfg(not(MODULE))]
            const NAME: &str = concat!($module, ".", stringify!($name), "\0");
            #[link_section = "__param"]
            #[used(compiler)]
            static ENTRY: $crate::abstractions::module_param::Entry =
                $crate::abstractions::module_param::Entry(::kernel::bindings::kernel_param {
                    name: NAME.as_ptr().cast(),
                    #[cfg(MODULE)]
                    mod_: (&raw const ::kernel::bindings::__this_module).cast_mut(),
                    #[cfg(not(MODULE))]
                    mod_: ::core::ptr::null_mut(),
                    ops: &raw const ::kernel::bindings::$ops,
                    perm: 0o444,
                    level: -1,
                    flags: 0,
                    __bindgen_anon_1: ::kernel::bindings::kernel_param__bindgen_ty_1 {
                        arg: $name.as_arg(),
                    },
                });
        };
    };
}
pub(crate) use param_entry;

/// A parameter of C's `int` or `ulong`.
macro_rules! module_param {
    ($module:literal, $(#[$doc:meta])* $name:ident: int = $default:expr, $text:literal) => {
        $crate::abstractions::module_param::module_param!(
            @ $module, $(#[$doc])* $name: c_int = $default, "int", $text, param_ops_int
        );
    };
    ($module:literal, $(#[$doc:meta])* $name:ident: ulong = $default:expr, $text:literal) => {
        $crate::abstractions::module_param::module_param!(
            @ $module, $(#[$doc])* $name: c_ulong = $default, "ulong", $text, param_ops_ulong
        );
    };
    (@ $module:literal, $(#[$doc:meta])* $name:ident: $type:ident = $default:expr,
     $c_type:literal, $text:literal, $ops:ident) => {
        $(#[$doc])*
        #[allow(non_upper_case_globals)]
        static $name: $crate::abstractions::module_param::Value<::kernel::ffi::$type> =
            $crate::abstractions::module_param::Value::new($default);
        $crate::abstractions::module_param::param_entry!($module, $name, $ops);
        $crate::abstractions::module_param::modinfo!(
            $module, "parmtype=", stringify!($name), ":", $c_type
        );
        $crate::abstractions::module_param::modinfo!(
            $module, "parm=", stringify!($name), ":", $text
        );
    };
}
pub(crate) use module_param;

/// Declares the parameters of a module, each with its default and what modinfo says of it.
macro_rules! module_params {
    ($module:literal; $($(#[$doc:meta])* $name:ident: $type:ident = $default:expr, $text:literal;)+) => {
        $($crate::abstractions::module_param::module_param!(
            $module, $(#[$doc])* $name: $type = $default, $text
        );)+
    };
}
pub(crate) use module_params;
