// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the calling process may do. C header: `include/linux/capability.h`.

use kernel::{
    bindings,
    ffi::c_int, //
};

/// Whether it may lock as much memory as it likes (`CAP_IPC_LOCK`).
pub(crate) fn may_lock_all() -> bool {
    has(bindings::CAP_IPC_LOCK)
}

/// Whether it manages the machine (`CAP_SYS_ADMIN`).
pub(crate) fn is_administrator() -> bool {
    has(bindings::CAP_SYS_ADMIN)
}

/// Asked for each mapping, of those too who need it not: no denial for the audit log.
fn has(capability: u32) -> bool {
    // SAFETY: The first namespace is there for ever; the function reads it.
    unsafe { bindings::ns_capable_noaudit(&raw mut bindings::init_user_ns, capability as c_int) }
}
