// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use goya_chip::ChipConfig;
use goya_man::values;
use tracing_subscriber::filter::LevelFilter;

/// An emulated Habana Labs Goya card (PCI 1da3:0001) for stock QEMU, 10.1 or later.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  goya-card --socket /tmp/goya.sock --control /tmp/goya.ctl
  goya-card --socket /tmp/goya.sock --dram 16G --trace=card.log

Then give QEMU shared memory and the card:
  qemu-system-x86_64 -machine q35,memory-backend=ram -m 2G \\
    -object memory-backend-memfd,id=ram,size=2G,share=on \\
    -device '{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"/tmp/goya.sock\"}}'

The control socket takes one JSON object a line; goya-cardctl speaks it."
)]
pub struct Options {
    /// Unix socket for QEMU; made now, removed at the end
    #[arg(long, value_name = "PATH")]
    pub socket: PathBuf,
    /// Unix socket for goya-cardctl
    #[arg(long, value_name = "PATH")]
    pub control: Option<PathBuf>,
    /// Card memory; costs only what is touched
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = size)]
    pub dram: u64,
    /// Window to card memory [default: 512M; all of DRAM with --mmap]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub bar4: Option<u64>,
    /// Let QEMU map card memory: fast memory access, slower register writes
    #[arg(long)]
    pub mmap: bool,
    /// Name that the firmware reports
    #[arg(long, value_name = "NAME", default_value = "HL100")]
    pub card_name: String,
    /// Serial number that the firmware reports
    #[arg(long, value_name = "SERIAL", default_value = "EMU0000001")]
    pub serial: String,
    /// Tell of every access, packet, interrupt and translation, on stderr or in FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    pub trace: Option<Option<PathBuf>>,
    /// Tell of every word of the tensor cores' kernels, too
    #[arg(long, requires = "trace")]
    pub trace_words: bool,
    /// How much to tell of clients and trouble
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub log: Log,
}

/// How much to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Log {
    /// Nothing
    Off,
    /// Mistakes of the card itself
    Error,
    /// Bad requests as well
    Warn,
    /// Clients that come and go as well
    Info,
    /// All
    Debug,
}

impl From<Log> for LevelFilter {
    fn from(log: Log) -> Self {
        match log {
            Log::Off => Self::OFF,
            Log::Error => Self::ERROR,
            Log::Warn => Self::WARN,
            Log::Info => Self::INFO,
            Log::Debug => Self::DEBUG,
        }
    }
}

impl Options {
    /// The card that was asked for.
    pub fn config(&self) -> ChipConfig {
        let default = if self.mmap { self.dram } else { ChipConfig::default().bar4_size };
        ChipConfig {
            dram_size: self.dram,
            bar4_size: self.bar4.unwrap_or(default),
            mmap: self.mmap,
            card_name: self.card_name.clone(),
            serial: self.serial.clone(),
        }
    }
}

fn size(text: &str) -> Result<u64, String> {
    values::size(text, 1).ok_or_else(|| "expected a size such as 512M or 4G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mmap_shows_all_of_dram() {
        let options = Options::parse_from(["goya-card", "--socket", "s", "--mmap", "--dram", "8G"]);
        assert_eq!(options.config().check(), Ok(()));
        assert_eq!(options.config().bar4_size, 8 << 30);
    }
}
