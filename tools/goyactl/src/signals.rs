// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Signals that end the program. Most commands end at once, and leave the rest to the driver; those that have something to
//! put in order ask whether a signal came.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::{Failure, Kind, Result};

static CAME: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From now on the first signal is told by [`check`]; the second ends the program at once.
pub fn watch() -> Result {
    let came = CAME.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first one is not yet seen by the shutdown.
        flag::register_conditional_shutdown(signal, i32::from(Kind::Interrupted as u8), came.clone())?;
        flag::register(signal, came.clone())?;
    }
    Ok(())
}

/// Whether a signal came.
pub fn came() -> bool {
    CAME.get().is_some_and(|came| came.load(Relaxed))
}

/// Fails if a signal came.
pub fn check() -> Result {
    if came() { Err(Failure::new(Kind::Interrupted, "interrupted")) } else { Ok(()) }
}
