// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Pictures: what the demonstration reads, makes of it, and shows.

mod blocks;
mod file;
mod kitty;
mod picture;
mod sixel;
mod terminal;

pub use picture::{Picture, Rgb};
pub use terminal::{Depth, Way, columns};
