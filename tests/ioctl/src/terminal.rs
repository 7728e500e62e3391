// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! A terminal for programs that want one, as their user sees it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::events::readable;
use crate::sys::mount;

/// Where the kernel has them.
const TERMINALS: &str = "/dev/pts";

/// A pseudo-terminal: what is typed, and what appears.
#[derive(Debug)]
pub struct Terminal {
    user: File,
    program: File,
    shown: Vec<u8>,
}

impl Terminal {
    /// A terminal of so many columns and lines.
    pub fn new(columns: u16, lines: u16) -> io::Result<Self> {
        if !Path::new(TERMINALS).exists() {
            fs::create_dir(TERMINALS)?;
            mount("devpts", TERMINALS)?;
        }
        let size = libc::winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let (mut user, mut program) = (-1, -1);
        let none = std::ptr::null_mut();
        // SAFETY: the descriptors are ours to be written, the size is there for the length of the call, and name and modes may
        // be missing.
        if unsafe { libc::openpty(&mut user, &mut program, none, std::ptr::null_mut(), &size) } < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: both were just made, and nobody else has them.
        let (user, program) = unsafe { (OwnedFd::from_raw_fd(user), OwnedFd::from_raw_fd(program)) };
        // The copies are not inherited: a program that had the user's side would keep the terminal there.
        let (user, program) = (user.try_clone()?, program.try_clone()?);
        Ok(Self { user: user.into(), program: program.into(), shown: Vec::new() })
    }

    /// It, for a program's standard input, output or messages.
    pub fn for_program(&self) -> io::Result<Stdio> {
        self.program.try_clone().map(Stdio::from)
    }

    /// Types.
    pub fn write(&mut self, keys: &[u8]) -> io::Result<()> {
        self.user.write_all(keys)
    }

    /// Waits until a text has appeared, for `timeout` at most; all that has.
    pub fn wait_for(&mut self, text: &str, timeout: Duration) -> crate::Result<String> {
        let end = Instant::now() + timeout;
        loop {
            let shown = String::from_utf8_lossy(&self.shown).into_owned();
            if shown.contains(text) {
                return Ok(shown);
            }
            let left = end.saturating_duration_since(Instant::now());
            if !readable(self.user.as_fd(), left).map_err(|e| e.to_string())? {
                return Err(format!("{text:?} does not appear: {shown:?}"));
            }
            let mut piece = [0; 4096];
            let len = self.user.read(&mut piece).map_err(|e| e.to_string())?;
            self.shown.extend(piece.iter().take(len));
        }
    }

    /// How it is set: echo, lines or single keys.
    pub fn modes(&self) -> io::Result<[u32; 4]> {
        // SAFETY: zeros are valid, and the structure is there for the length of the call.
        let (result, modes) = unsafe {
            let mut modes: libc::termios = std::mem::zeroed();
            (libc::tcgetattr(self.program.as_raw_fd(), &mut modes), modes)
        };
        match result {
            0 => Ok([modes.c_iflag, modes.c_oflag, modes.c_cflag, modes.c_lflag]),
            _ => Err(io::Error::last_os_error()),
        }
    }
}
