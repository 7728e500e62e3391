// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Faults of the card, and its way back from them.

use std::fs;
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
        let queue = random.pick(&QUEUES).unwrap_or("dma1");
        let count = 1 + random.below(3);
        let (number, fault, parameters): (u32, &str, Value) = match random.below(16) {
            0..=7 => (0, "event", json!({"event": random.below(EVENTS)})),
            8 | 9 => (1, "lose-interrupt", json!({"vector": random.below(6), "count": count})),
            10 | 11 => (
                2,
                "corrupt-completion",
                json!({"queue": format!("dma{}", random.below(5)), "count": count,
                "mask": random.next() as u32}),
            ),
            12 | 13 => (3, "hang-queue", json!({"queue": queue})),
            14 => (4, "stop-heartbeat", json!({})),
            _ => (5, "fail-boot", json!({"stage": random.pick(&["preboot", "boot-fit", "linux"])})),
        };
        let injected =
            control.inject(fault, &parameters).map_err(|_| std::io::ErrorKind::InvalidInput.into());
        let _ = self.tally.count(Kind::Fault, number, injected);
    }

    /// Takes the faults back.
    pub fn clear(&mut self) {
        if let Some(control) = &mut self.control {
            let _ = control.clear();
        }
    }

    /// Takes the card from its driver and gives it back, in a process of its own, because it may take long.
    pub fn rebind(&self) -> Result<Child> {
        let binding = self.binding.clone();
        let child = Child::fork(move || {
            let ended = binding.end();
            i32::from(ended.and(binding.renew()).is_err())
        });
        child.map_err(|e| format!("fork: {e}"))
    }

    /// The card works, if need be after it was given to its driver anew.
    pub fn mend(&mut self) -> Result {
        self.clear();
        if self.works().is_ok() {
            return Ok(());
        }
        let child = self.rebind()?;
        if child.wait(PATIENCE).is_none() {
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
