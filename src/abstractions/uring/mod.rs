// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Commands that programs send to a driver by io_uring (`IORING_OP_URING_CMD`).
//!
//! A driver is called with a [`Command`], and has to say what becomes of it: it is done, it is to be tried again by a worker,
//! which may sleep, or it waits for something that the driver will know of later. In the last case it lies in the [`Slot`] of
//! a [`Target`]. Whoever takes it out of there, be it the driver in an interrupt, or the kernel because the program has ended, gets the one
//! [`Request`](slot::Request) that there is for it, and with that the right and the duty to answer it.
//!
//! C headers: `include/linux/io_uring/cmd.h`, `include/uapi/linux/io_uring.h`.

mod answer;
mod command;
mod slot;
mod sys;

pub(crate) use answer::Answer;
pub(super) use command::{cancel, file, is_cancel};
pub(crate) use command::{Command, Verdict};
pub(crate) use slot::{Slot, Target};
