// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The next kernel: the one that runs, with the same files.

use std::fs::{self, File};

use goya_tests::{Result, events, sys};

/// The variable that says how many kernels there were before.
pub const BOOTS: &str = "GOYA_BOOTS";
const KERNEL: &str = "/boot/bzImage";
/// There with `retain_initrd` on the command line.
const INITRAMFS: &str = "/sys/firmware/initrd";
const LOADED: &str = "/sys/kernel/kexec_loaded";
const CRASH_LOADED: &str = "/sys/kernel/kexec_crash_loaded";

/// How a kernel gives way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It shuts all devices down, as for a reboot.
    Kexec,
    /// It crashes. The devices go on with what they are at.
    Crash,
}

fn is_one(path: &str) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.trim() == "1")
}

/// Whether there is another kernel to boot.
pub fn in_place() -> bool {
    is_one(LOADED) || is_one(CRASH_LOADED)
}

/// Puts the next kernel in place, the `boots`th after the first.
pub fn load(how: How, boots: usize) -> Result {
    let open = |path: &str| File::open(path).map_err(|e| format!("{path}: {e}"));
    let line = fs::read_to_string("/proc/cmdline").map_err(|e| format!("/proc/cmdline: {e}"))?;
    let line = command_line(&line, how, boots);
    // The kernel takes ordinary files only.
    let mut initramfs = events::nameless().map_err(|e| e.to_string())?;
    std::io::copy(&mut open(INITRAMFS)?, &mut initramfs).map_err(|e| format!("{INITRAMFS}: {e}"))?;
    sys::load_kernel(&open(KERNEL)?, &initramfs, &line, how == How::Crash)
        .map_err(|e| format!("put another kernel in place ({line}): {e}"))
}

/// That of the next kernel, by that of this one.
fn command_line(line: &str, how: How, boots: usize) -> String {
    // What a kernel has that was booted after a crash is that crash's.
    let others =
        |word: &str| word.starts_with(BOOTS) || how == How::Crash && word.starts_with("crashkernel=");
    let mut words: Vec<_> = line.split_whitespace().filter(|word| !others(word)).map(str::to_owned).collect();
    if how == How::Crash {
        // Not all processors may be able to start again.
        words.push("nr_cpus=1".to_owned());
    }
    words.push(format!("{BOOTS}={boots}"));
    words.join(" ")
}

/// Boots it. Returns only if that fails.
pub fn boot() -> Result {
    let result = if is_one(LOADED) { sys::boot_kernel() } else { fs::write("/proc/sysrq-trigger", "c") };
    Err(match result {
        Ok(()) => "the next kernel was not booted".to_owned(),
        Err(e) => format!("boot the next kernel: {e}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_inherits_the_command_line() {
        let line = "console=ttyS0 crashkernel=512M GOYA_BOOTS=1\n";
        assert_eq!(command_line(line, How::Kexec, 2), "console=ttyS0 crashkernel=512M GOYA_BOOTS=2");
        assert_eq!(command_line(line, How::Crash, 2), "console=ttyS0 nr_cpus=1 GOYA_BOOTS=2");
    }
}
