// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card says of itself while it works; costs one load when nobody listens.

use crate::access::Origin;
use crate::chip::Chip;
use crate::regs;

impl Chip {
    /// Tells of one register access.
    pub(crate) fn trace_register(&self, what: &'static str, offset: u32, value: u32, origin: Origin) {
        tracing::trace!(target: "goya::reg", what, %origin, name = %regs::name(offset), value = %format_args!("{value:#x}"));
    }
}
