// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use clap::Parser;
use goya_man::values;

/// Boots a guest with emulated Goya cards and runs a program in it.
///
/// Returns the program's exit code; 1 when the program succeeded but its KTAP output or the kernel log
/// is not as it should be; 124 when it took too long; 125 when guest or card died or never started;
/// 128 and the signal's number when interrupted.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub struct Options {
    /// Kernel image
    #[arg(long, value_name = "BZIMAGE")]
    pub kernel: PathBuf,
    /// Module to load before the program, in order; the last is the driver, GOYA_MODULE in the guest
    #[arg(long = "module", value_name = "KO")]
    pub modules: Vec<PathBuf>,
    /// Parameters of the last module
    #[arg(long, value_name = "PARAMS", default_value = "")]
    pub module_params: String,
    /// Firmware images in place of the placeholders: the files of this directory
    #[arg(long, value_name = "DIR")]
    pub firmware: Option<PathBuf>,
    /// Emulated cards
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub cards: u8,
    /// The card's program
    #[arg(long, value_name = "PATH", default_value = "goya-card")]
    pub card_bin: PathBuf,
    /// Argument for each card, such as --mmap
    #[arg(long = "card-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub card_args: Vec<String>,
    /// Put an IOMMU between cards and memory
    #[arg(long)]
    pub iommu: bool,
    /// Put a second device beside the last card, which can reach its memory
    #[arg(long)]
    pub peer: bool,
    /// Guest memory: MiB, or a number with M or G
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = mebibytes)]
    pub mem: u32,
    /// Emulate the guest's processors even where KVM works, as QEMU's plugins need it
    #[arg(long)]
    pub tcg: bool,
    /// Guest processors
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub smp: u32,
    /// Seconds until the guest is ended
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub timeout: u64,
    /// File to put into the guest
    #[arg(long = "file", visible_alias = "files", value_name = "HOST:GUEST", value_parser = host_and_guest)]
    pub files: Vec<(PathBuf, String)>,
    /// Further kernel argument
    #[arg(long = "kernel-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub kernel_args: Vec<String>,
    /// Further QEMU argument
    #[arg(long = "qemu-arg", value_name = "ARG", allow_hyphen_values = true)]
    pub qemu_args: Vec<String>,
    /// Guests that share the work at the same time: each runs the program, with GOYA_PART=K/N in its
    /// environment, which asks the port goya.share for each test whether to run it; the KTAP output of all, which
    /// plan all tests, becomes one stream
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    #[arg(conflicts_with_all = ["interactive", "run_dir"])]
    pub guests: u8,
    /// Which of the guests this one is, from zero
    #[arg(skip)]
    pub part: u8,
    /// Where the logs go; with several guests, in a directory for each
    #[arg(long, value_name = "DIR", default_value = "build/logs/guest")]
    pub log_dir: PathBuf,
    /// Where the sockets go (the cards' control sockets, QEMU's monitor) [default: a private directory]
    #[arg(long, value_name = "DIR")]
    pub run_dir: Option<PathBuf>,
    /// The picture that the program writes to the port goya.picture, a PNG or a GIF: keep it there and show it, as far as
    /// the terminal can (GOYA_PICTURE=kitty, sixel, blocks or none)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["guests", "interactive"])]
    pub picture: Option<PathBuf>,
    /// Init script of the guest
    #[arg(long, value_name = "PATH", default_value = "tests/guest/init")]
    pub init: PathBuf,
    /// Messages that the kernel log may hold, with reasons
    #[arg(long, value_name = "PATH", default_value = "tests/guest/dmesg-allowed.txt")]
    pub allowed: PathBuf,
    /// More of them, for this run
    #[arg(long, value_name = "PATH")]
    pub also_allowed: Option<PathBuf>,
    /// The program speaks KTAP: check it, and the kernel log too
    #[arg(long)]
    pub ktap: bool,
    /// Check the kernel log, after unloading the modules and looking for leaks
    #[arg(long)]
    pub check_log: bool,
    /// A shell instead of a program
    #[arg(long, conflicts_with_all = ["ktap", "program"])]
    pub interactive: bool,
    /// Program in the guest, and its arguments
    #[arg(last = true)]
    pub program: Vec<String>,
}

impl Options {
    /// The options of guest `part`.
    pub fn for_guest(&self, part: u8) -> Self {
        let mut options = Self { part, ..self.clone() };
        if self.guests > 1 {
            options.log_dir.push(part.to_string());
        }
        if part > 0 {
            // The module's own tests are the same everywhere: once is enough.
            options.kernel_args.push(crate::kunit::OFF.to_owned());
        }
        options
    }

    /// Whether KUnit tests must run: a module has some, and nothing keeps them from running.
    pub fn wants_kunit(&self) -> bool {
        let has_tests =
            |path: &PathBuf| std::fs::read(path).is_ok_and(|module| crate::kunit::has_tests(&module));
        !self.kernel_args.iter().any(|arg| arg == crate::kunit::OFF) && self.modules.iter().any(has_tests)
    }

    /// Whether the kernel log is judged.
    pub fn judges_log(&self) -> bool {
        self.ktap || self.check_log
    }
}

/// Reads a memory size into MiB.
fn mebibytes(text: &str) -> Result<u32, String> {
    let size = values::size(text, 1 << 20).and_then(|bytes| u32::try_from(bytes >> 20).ok());
    size.filter(|n| *n >= 128).ok_or_else(|| "a size like 2048, 512M or 2G, at least 128M".to_owned())
}

fn host_and_guest(text: &str) -> Result<(PathBuf, String), String> {
    match text.split_once(':') {
        Some((host, guest)) if !host.is_empty() && guest.len() > 1 && guest.starts_with('/') => {
            Ok((host.into(), guest.to_owned()))
        }
        _ => Err("a file here and a full path in the guest, with a colon between".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn sizes_and_files() {
        assert_eq!((mebibytes("2G"), mebibytes("512M"), mebibytes("300")), (Ok(2048), Ok(512), Ok(300)));
        for wrong in ["", "G", "1M", "99999999G", "-5", "2T"] {
            assert!(mebibytes(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(host_and_guest("a:/b").unwrap(), ("a".into(), "/b".to_owned()));
        for wrong in ["a", ":/b", "a:", "a:b", "a:/"] {
            assert!(host_and_guest(wrong).is_err(), "{wrong:?}");
        }
    }
}
