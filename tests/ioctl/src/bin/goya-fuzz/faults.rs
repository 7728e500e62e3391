// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Faults of the card, and its way back from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goya_tests::binding::Binding;
use goya_tests::card::Card;
use goya_tests::control::Control;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::{Result, sys};
use serde_json::{Value, json};

use crate::process::Child;
use crate::random::Random;
use crate::tally::{Kind, Tally};

/// How long the card may take to come back: a reset or two, with a boot each.
const PATIENCE: Duration = Duration::from_secs(60);
/// Numbers of events, those that nobody has among them.
const EVENTS: u64 = 700;
const QUEUES: [&str; 10] =
    ["dma0", "dma1", "dma2", "dma3", "dma4", "mme", "mme-cmdq", "tpc0", "tpc3", "tpc7-cmdq"];

/// A fault's parameters.
type Parameters = fn(&mut Random) -> Value;

/// Faults, the more often the more often they are here.
const FAULTS: &[(&str, Parameters)] = &[
    ("event", event),
    ("event", event),
    ("event", event),
    ("event", event),
    ("event-storm", event),
    ("lose-interrupt", |random| json!({"vector": random.below(6), "count": 1 + random.below(3)})),
    ("corrupt-completion", corrupt),
    ("hang-queue", queue),
    ("stop-after-completion", queue),
    ("slow-queue", |random| json!({"queue": random.pick(&QUEUES), "ms": random.below(50)})),
    ("stop-heartbeat", none),
    ("fail-boot", |random| json!({"stage": random.pick(&["preboot", "boot-fit", "linux"])})),
    ("boot-status", |random| json!({"bits": random.number() as u32})),
    ("hang-reset", |random| json!({"count": 1 + random.below(2)})),
    ("ignore-reset", |random| json!({"count": 1 + random.below(2)})),
    ("hang-invalidation", none),
    ("hold-writes", none),
    ("fail-elbi", |random| json!({"after": random.below(100), "count": 1 + random.below(3)})),
];

fn none(_: &mut Random) -> Value {
    json!({})
}

fn event(random: &mut Random) -> Value {
    json!({"event": random.below(EVENTS)})
}

fn queue(random: &mut Random) -> Value {
    json!({"queue": random.pick(&QUEUES)})
}

fn corrupt(random: &mut Random) -> Value {
    let queue = format!("dma{}", random.below(5));
    json!({"queue": queue, "count": 1 + random.below(3), "mask": random.next() as u32})
}

/// Does what may take long, in a process of its own.
fn apart(work: impl FnOnce() -> Result) -> Result<Child> {
    Child::fork(|| i32::from(work().is_err())).map_err(|e| format!("fork: {e}"))
}

/// The card from behind.
pub struct Faults {
    control: Option<Control>,
    binding: Binding,
    tally: Tally,
}

impl Faults {
    /// A real card has none.
    pub fn new(tally: Tally) -> Result<Self> {
        let control = Control::exists().then(Control::open).transpose()?;
        Ok(Self { control, binding: Binding::current()?, tally })
    }

    /// Has the card misbehave.
    pub fn inject(&mut self, random: &mut Random) {
        let Some(control) = &mut self.control else { return };
        let at = random.below(FAULTS.len() as u64) as usize;
        let Some((fault, parameters)) = FAULTS.get(at) else { return };
        let injected = control.inject(fault, &parameters(random));
        let injected = injected.map_err(|_| std::io::ErrorKind::InvalidInput.into());
        let _ = self.tally.count(Kind::Fault, at as u32, injected);
    }

    /// Takes the faults back.
    pub fn clear(&mut self) {
        if let Some(control) = &mut self.control {
            let _ = control.clear();
        }
    }

    /// Takes the card from its driver and gives it back.
    fn rebind(&self) -> Result<Child> {
        let binding = self.binding.clone();
        apart(move || binding.end().and(binding.renew()))
    }

    /// Does something to the card that its driver has to bear: takes it away, by itself or with its device, or resets it on
    /// the bus.
    pub fn upset(&self, random: &mut Random) -> Result<Child> {
        let device = Path::new("/sys/bus/pci/devices").join(self.binding.device());
        let write = |path: PathBuf| fs::write(&path, "1").map_err(|e| format!("{}: {e}", path.display()));
        match random.below(4) {
            0 => apart(move || write(device.join("reset"))),
            1 => apart(move || write(device.join("remove")).and(write("/sys/bus/pci/rescan".into()))),
            _ => self.rebind(),
        }
    }

    /// The card works, if need be after it was given to its driver anew.
    pub fn mend(&mut self) -> Result {
        self.clear();
        if self.works().is_ok() {
            return Ok(());
        }
        let child = self.rebind()?;
        if child.wait(PATIENCE).is_none() {
            crate::tell_of_tasks();
            return Err(format!("{}: taking it from its driver does not end", self.binding.device()));
        }
        self.works().map_err(|e| format!("does not work when its driver has it anew: {e}"))
    }

    /// The card comes back to its driver and does a job.
    fn works(&self) -> Result {
        let end = sys::monotonic() + PATIENCE.as_nanos() as u64;
        loop {
            let status =
                fs::read_to_string(format!("{}/status", Nodes::chosen().sysfs())).unwrap_or_default();
            match status.trim() {
                "Operational" => break,
                // From here no way leads back.
                "Malfunction" | "Disabled" | "" => return Err(format!("status {status:?}")),
                _ if sys::monotonic() > end => return Err(format!("status {status:?} for {PATIENCE:?}")),
                _ => std::thread::sleep(Duration::from_millis(50)),
            }
        }
        Card::open()?.run(1, &Packets::default().nop()).map(drop)
    }
}
