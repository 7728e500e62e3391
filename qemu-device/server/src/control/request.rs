// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What can be asked of the card.

use goya_chip::SensorKind;
use goya_chip::fault::Fault;
use goya_chip::{Chip, regs};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::machine::Machine;
use crate::shared::Shared;
use crate::trace::{Detail, Trace};

/// The most memory that one request reads or writes, in bytes.
const MEMORY_MAX: usize = 1 << 20;

/// A register by name or by offset.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Register {
    /// Offset in the configuration space.
    Offset(u32),
    /// Name as the headers spell it.
    Name(String),
}

impl Register {
    fn offset(&self) -> Result<u32, String> {
        match self {
            Self::Offset(offset) => Ok(*offset),
            Self::Name(name) => regs::find(name).ok_or_else(|| format!("no register {name:?}")),
        }
    }
}

/// A request: `{"cmd": "walk", "asid": 1, "address": 281474976710656}`.
#[derive(Debug, Deserialize)]
#[serde(tag = "cmd", rename_all = "kebab-case")]
pub enum Request {
    /// The card at a glance.
    Status,
    /// All queues.
    Queues,
    /// Fence counters and waits of the queues that have any.
    Fences,
    /// Sync objects and monitors.
    Sync,
    /// A page-table walk.
    Walk {
        /// Address space.
        asid: u16,
        /// Virtual address.
        address: u64,
    },
    /// Sums since power-on.
    Counters,
    /// Injects a fault.
    Inject(Fault),
    /// Takes all faults back.
    Clear,
    /// All sensors.
    Sensors,
    /// Makes a sensor measure a value, or sets a limit.
    SetSensor {
        /// `temp`, `in`, `curr`, `power`, `fan` or `pwm`.
        kind: SensorKind,
        /// Number among its kind, from zero.
        index: u16,
        /// `input` by default.
        #[serde(default = "input")]
        attribute: String,
        /// In hwmon's units.
        value: i64,
    },
    /// Reads device memory by physical address.
    ReadMemory {
        /// Physical device address.
        address: u64,
        /// Bytes.
        size: usize,
    },
    /// Writes device memory by physical address.
    WriteMemory {
        /// Physical device address.
        address: u64,
        /// Two hexadecimal digits a byte.
        data: String,
    },
    /// Reads a register.
    ReadRegister {
        /// Which.
        register: Register,
    },
    /// Writes a register.
    WriteRegister {
        /// Which.
        register: Register,
        /// What.
        value: u32,
    },
    /// Names of all events.
    Events,
    /// Asks the machine to let go of the card in good order.
    Eject,
    /// Takes the card off the bus: the fault of that name.
    Unplug,
    /// Turns the trace on or off.
    Trace {
        /// On or off.
        on: bool,
        /// With every word of the tensor cores' kernels.
        #[serde(default)]
        words: bool,
    },
}

fn input() -> String {
    "input".into()
}

impl Request {
    /// Does what is asked; says what is wrong otherwise.
    pub fn serve(self, shared: &Shared, trace: &Trace) -> Result<Value, String> {
        if let Self::Trace { on, words } = self {
            trace.set(Detail::new(on, words));
            return Ok(json!({}));
        }
        shared.with(|chip| self.ask(chip))
    }

    fn ask(self, chip: &mut Chip) -> Result<Value, String> {
        match self {
            Self::Status => value(chip.status_view()),
            Self::Queues => Ok(json!({"queues": value(chip.queues_view())?})),
            Self::Fences => {
                let used = |q: &goya_chip::QueueView| q.waits.is_some() || q.fences != [0; 4];
                let fences: Vec<_> = chip
                    .queues_view()
                    .into_iter()
                    .filter(used)
                    .map(|q| json!({"queue": q.queue, "fences": q.fences, "waits": q.waits}))
                    .collect();
                Ok(json!({"fences": fences}))
            }
            Self::Sync => value(chip.sync_view()),
            Self::Walk { asid, address } => value(chip.walk_view(asid, address)),
            Self::Counters => value(chip.counters()),
            Self::Inject(fault) => chip.inject(&fault).map(|()| json!({})),
            Self::Clear => {
                chip.clear_faults();
                Ok(json!({}))
            }
            Self::Sensors => Ok(json!({"sensors": value(chip.sensors_view())?})),
            Self::SetSensor { kind, index, attribute, value } => {
                chip.set_sensor(kind, index, &attribute, value).map(|()| json!({}))
            }
            Self::ReadMemory { address, size } => {
                let mut data = vec![0; checked(size)?];
                chip.inspect_memory(address, &mut data).map_err(|e| e.to_string())?;
                Ok(json!({"data": hex(&data)}))
            }
            Self::WriteMemory { address, data } => {
                let data = unhex(&data)?;
                checked(data.len())?;
                chip.inspect_memory_write(address, &data).map(|()| json!({})).map_err(|e| e.to_string())
            }
            Self::ReadRegister { register } => {
                let offset = register.offset()?;
                let value = chip.inspect_register(offset).ok_or("no such register")?;
                Ok(json!({"name": regs::name(offset).to_string(), "offset": offset, "value": value}))
            }
            Self::WriteRegister { register, value } => {
                let done = chip.inspect_register_write(register.offset()?, value);
                done.map(|()| json!({})).ok_or_else(|| "no such register".into())
            }
            Self::Events => {
                let events: serde_json::Map<_, _> =
                    goya_chip::events::all().map(|(name, id)| (name, id.into())).collect();
                Ok(json!({"events": events}))
            }
            Self::Eject => match chip.host_mut().as_any_mut().downcast_mut::<Machine>() {
                Some(machine) => machine.eject().map(|()| json!({})).map_err(str::to_owned),
                None => Err("no machine".into()),
            },
            Self::Unplug => chip.inject(&Fault::Unplug).map(|()| json!({})),
            Self::Trace { .. } => Ok(json!({})),
        }
    }
}

fn value(view: impl serde::Serialize) -> Result<Value, String> {
    serde_json::to_value(view).map_err(|e| e.to_string())
}

fn checked(size: usize) -> Result<usize, String> {
    if size > MEMORY_MAX { Err(format!("{size} bytes: at most {MEMORY_MAX} at a time")) } else { Ok(size) }
}

fn hex(data: &[u8]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('?');
    data.iter().flat_map(|b| [digit(b >> 4), digit(b & 0xF)]).collect()
}

fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let bad = || "data: expected two hexadecimal digits a byte".to_owned();
    let digits: Option<Vec<u8>> = text.chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect();
    let digits = digits.filter(|d| d.len() % 2 == 0).ok_or_else(bad)?;
    Ok(digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_parse() {
        for line in [
            r#"{"cmd":"inject","fault":"hang-queue","queue":"dma1"}"#,
            r#"{"cmd":"inject","fault":"event","event":"TPC0_ECC"}"#,
            r#"{"cmd":"inject","fault":"event","event":36}"#,
            r#"{"cmd":"inject","fault":"fail-boot","stage":"linux"}"#,
            r#"{"cmd":"inject","fault":"unplug"}"#,
            r#"{"cmd":"walk","asid":1,"address":4096}"#,
            r#"{"cmd":"set-sensor","kind":"temp","index":0,"value":90000}"#,
            r#"{"cmd":"read-register","register":"DMA_QM_0_GLBL_STS0"}"#,
        ] {
            serde_json::from_str::<Request>(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        }
        assert!(
            serde_json::from_str::<Request>(r#"{"cmd":"inject","fault":"hang-queue","queue":"x"}"#).is_err()
        );
    }

    #[test]
    fn memory_is_hexadecimal() {
        assert_eq!(unhex(&hex(&[0, 0xAB])), Ok(vec![0, 0xAB]));
        assert!(unhex("abc").is_err());
        assert!(unhex("zz").is_err());
    }
}
