// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! `goyactl reset`: resets a card by its driver.

use std::fs;
use std::time::Instant;

use goya::Card;
use schemars::JsonSchema;
use serde::Serialize;

use crate::chosen;
use crate::failure::{Failure, Kind, Result};
use crate::options::Reset;
use crate::output::{GOOD, Output, paint};
use crate::system::holders;

#[derive(JsonSchema, Serialize)]
pub struct Answer {
    card: String,
    soft: bool,
    hard_resets: u32,
    soft_resets: u32,
    ms: u64,
}

/// Resets a card, and waits until it is operational.
pub fn run(name: Option<&str>, how: &Reset, output: &Output) -> Result {
    let card = chosen::card(name)?;
    let users = holders::of(&card);
    if !users.is_empty() && !how.force {
        let text = format!("{} is in use, and its user would lose it (--force)", card.name());
        return Err(Failure::new(Kind::Busy, text).with(&chosen::who(&users)));
    }
    let before = counts(&card).ok();
    let start = Instant::now();
    trigger(&card, how.soft)?;
    let end = start + how.timeout;
    // Whether it is over is not to be seen before it has begun, unless by the counters.
    let (hard, soft) = loop {
        if let Ok(now) = counts(&card) {
            let ready = chosen::control(&card)
                .is_ok_and(|c| c.info().status().is_ok_and(|s| s == goya::Status::Operational));
            if ready && before != Some(now) {
                break now;
            }
        }
        if Instant::now() >= end {
            let text = format!(
                "{} is not operational after {} s; dmesg may say why",
                card.name(),
                how.timeout.as_secs_f64()
            );
            return Err(Failure::new(Kind::NotReady, text));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answer = Answer { card: card.name(), soft: how.soft, hard_resets: hard, soft_resets: soft, ms };
    output.answer("reset", &answer, || {
        format!("{} was reset, and is operational after {ms} ms  {}\n", answer.card, paint(GOOD, "ok"))
    })
}

/// Hard and soft resets so far.
fn counts(card: &Card) -> Result<(u32, u32)> {
    let resets = chosen::control(card)?.info().resets()?;
    Ok((resets.hard_reset_cnt, resets.soft_reset_cnt))
}

fn trigger(card: &Card, soft: bool) -> Result {
    let path = card.sysfs().join(if soft { "soft_reset" } else { "hard_reset" });
    fs::write(&path, "1").map_err(|error| {
        let more = match error.raw_os_error() {
            Some(libc::EACCES) => "Only root may: \"sudo goyactl reset\"",
            Some(libc::EINVAL | libc::EOPNOTSUPP) if soft => {
                "This card is not reset softly: leave --soft out"
            }
            _ => "dmesg may say why",
        };
        Failure::file(&path, error).with(more)
    })
}
