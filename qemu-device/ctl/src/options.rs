// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! The command line, and the requests that it stands for.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use goya_man::values;
use serde_json::{Value, json};

/// Looks into an emulated Goya card and disturbs it.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "\
Examples:
  goya-cardctl queues
  goya-cardctl walk 1 0x1000000000000
  goya-cardctl inject hang-queue queue=dma1
  goya-cardctl inject event event=TPC3_ECC
  goya-cardctl set-sensor temp 0 95000

Faults: hang-queue queue=Q, stop-after-completion queue=Q, slow-queue queue=Q
ms=N, lose-interrupt vector=N [count=N], stop-heartbeat,
fail-boot stage=preboot|boot-fit|linux, corrupt-completion queue=Q [count=N]
[mask=N], event event=ID|NAME, event-storm event=ID|NAME, hang-reset [count=N],
ignore-reset [count=N], endless-requests, hang-invalidation, boot-status bits=N,
hold-writes, fail-elbi [after=N] [count=N], unplug."
)]
pub struct Options {
    /// The card's control socket
    #[arg(long, value_name = "PATH", env = "GOYA_CONTROL", default_value = "/tmp/goya.ctl")]
    pub socket: PathBuf,
    /// Print the card's answer as it is
    #[arg(long)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// The card at a glance
    Status,
    /// All queues
    Queues,
    /// Fence counters and waits
    Fences,
    /// Sync objects and monitors that are in use
    Sync,
    /// Sums since power-on
    Counters,
    /// Numbers and names of all events
    Events,
    /// Walk the page tables
    Walk {
        /// Address space
        #[arg(value_parser = number)]
        asid: u64,
        /// Virtual address
        #[arg(value_parser = number)]
        address: u64,
    },
    /// Inject a fault
    Inject {
        /// Its name
        fault: String,
        /// Its parameters, as NAME=VALUE
        parameters: Vec<String>,
    },
    /// Take all faults back
    Clear,
    /// All sensors
    Sensors,
    /// Make a sensor measure a value, or set a limit
    SetSensor {
        /// temp, in, curr, power, fan or pwm
        kind: String,
        /// Number among its kind, from zero
        index: u16,
        /// In hwmon's units
        #[arg(allow_hyphen_values = true)]
        value: i64,
        /// input, max, crit, offset, ...
        #[arg(long, default_value = "input")]
        attribute: String,
    },
    /// Read a register, by name or offset
    Read {
        /// Such as DMA_QM_0_GLBL_STS0 or 0x400024
        register: String,
    },
    /// Write a register
    Write {
        /// Such as DMA_QM_0_GLBL_CFG1 or 0x400004
        register: String,
        /// What
        #[arg(value_parser = number)]
        value: u64,
    },
    /// Read device memory by physical address
    ReadMemory {
        /// Device address
        #[arg(value_parser = number)]
        address: u64,
        /// Bytes
        #[arg(value_parser = number)]
        size: u64,
    },
    /// Write device memory by physical address
    WriteMemory {
        /// Device address
        #[arg(value_parser = number)]
        address: u64,
        /// Two hexadecimal digits a byte
        data: String,
    },
    /// Turn the trace on or off
    Trace {
        /// on, off, or words: on, with every word of the tensor cores' kernels
        #[arg(value_parser = ["on", "off", "words"])]
        state: String,
    },
}

fn number(text: &str) -> Result<u64, String> {
    values::number(text).ok_or_else(|| "expected a number such as 64 or 0x40".into())
}

fn register(text: &str) -> Value {
    number(text).map_or_else(|_| text.into(), Into::into)
}

impl Command {
    /// The request to send.
    pub fn request(&self) -> Result<Value, String> {
        Ok(match self {
            Self::Status => json!({"cmd": "status"}),
            Self::Queues => json!({"cmd": "queues"}),
            Self::Fences => json!({"cmd": "fences"}),
            Self::Sync => json!({"cmd": "sync"}),
            Self::Counters => json!({"cmd": "counters"}),
            Self::Events => json!({"cmd": "events"}),
            Self::Clear => json!({"cmd": "clear"}),
            Self::Sensors => json!({"cmd": "sensors"}),
            Self::Walk { asid, address } => json!({"cmd": "walk", "asid": asid, "address": address}),
            Self::Inject { fault, parameters } => {
                let mut request = json!({"cmd": "inject", "fault": fault});
                for parameter in parameters {
                    let (name, value) =
                        parameter.split_once('=').ok_or(format!("{parameter:?}: expected NAME=VALUE"))?;
                    request[name] = register(value);
                }
                request
            }
            Self::SetSensor { kind, index, value, attribute } => {
                json!({"cmd": "set-sensor", "kind": kind, "index": index, "value": value, "attribute": attribute})
            }
            Self::Read { register: r } => json!({"cmd": "read-register", "register": register(r)}),
            Self::Write { register: r, value } => {
                json!({"cmd": "write-register", "register": register(r), "value": value})
            }
            Self::ReadMemory { address, size } => {
                json!({"cmd": "read-memory", "address": address, "size": size})
            }
            Self::WriteMemory { address, data } => {
                json!({"cmd": "write-memory", "address": address, "data": data})
            }
            Self::Trace { state } => {
                json!({"cmd": "trace", "on": state != "off", "words": state == "words"})
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_what_the_card_reads() {
        let request = |args: &[&str]| {
            let line = ["goya-cardctl"].into_iter().chain(args.iter().copied());
            Options::parse_from(line).command.request()
        };
        assert_eq!(
            request(&["inject", "lose-interrupt", "vector=1"]),
            Ok(json!({"cmd": "inject", "fault": "lose-interrupt", "vector": 1}))
        );
        assert_eq!(request(&["walk", "1", "0x1000"]), Ok(json!({"cmd": "walk", "asid": 1, "address": 4096})));
        assert!(request(&["inject", "event", "36"]).is_err());
    }
}
