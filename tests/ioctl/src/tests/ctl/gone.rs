// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Cards that lose their driver, and get it back.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use goya_tests::binding::Binding;
use goya_tests::card::Card;
use goya_tests::events::ended;
use goya_tests::{Result, check, check_eq, kmsg};

use super::rough::Monitor;
use super::shell::{SUBMISSIONS, endless};
use super::{goyactl, json, parse, said};
use crate::run::only_goya;

/// A card without a driver, which gets it back whatever becomes of the test.
struct Gone(Binding);

impl Gone {
    fn now() -> Result<Self> {
        let binding = Binding::current()?;
        binding.end()?;
        Ok(Self(binding))
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        // The next test says so if it fails.
        let _ = self.0.renew();
    }
}

/// Who has a card that goes is killed, without a card there is a word about why, and afterwards all is as before.
pub(super) fn gone() -> Result {
    super::present();
    kmsg::expect("has been aborted while user process is waiting for it")?;
    drop(Card::open()?);
    kmsg::expect("user process got signal while waiting for CS")?;
    // Or in the middle of a submission, which is refused.
    kmsg::expect("device is disabled, CS rejected!")?;
    kmsg::expect("Failed to submit CS")?;
    let mut work = endless(SUBMISSIONS)?;
    let gone = Gone::now()?;
    check!(ended(&work, Duration::from_secs(20)).map_err(|e| e.to_string())?, "the work goes on");
    let status = work.wait().map_err(|e| e.to_string())?;
    // The number of a refusal (1) is also that of a packet which is not for users.
    let told = matches!(status.code(), Some(1 | 6));
    check!(status.signal() == Some(libc::SIGKILL) || told, "the work ends with {status}");
    for arguments in [&["list"][..], &["info"], &["top", "--once"], &["selftest"], &["cdi"], &["exporter"]] {
        let (code, _, err) = said(arguments)?;
        check_eq!(code, 3, format!("the exit code of {arguments:?} without a card, which says {err}"));
        check!(err.contains("has no driver: \"modprobe goya\""), "{arguments:?} says {err}");
    }
    drop(gone);
    drop(Card::open()?);
    check_eq!(json(&["copy", "--size", "64K"])?["same"], true, "a copy afterwards");
    Ok(())
}

/// Those who only look are there when the card is back.
pub(super) fn watched() -> Result {
    super::present();
    only_goya("lets those live who only look at a card that goes")?;
    drop(Card::open()?);
    // Whoever looks finds out by an error.
    kmsg::expect("Sending ioctl after device was removed!")?;
    let mut monitor = Monitor::start(&[])?;
    let mut top =
        goyactl(&["top", "--json", "-n", "0.2"]).stdout(Stdio::piped()).spawn().map_err(|e| e.to_string())?;
    let mut samples = BufReader::new(top.stdout.take().ok_or("no output")?).lines();
    let mut sampled = |status: &str| -> Result {
        loop {
            let line = samples.next().ok_or("top ends")?.map_err(|e| e.to_string())?;
            if parse(&line)?["status"] == status {
                return Ok(());
            }
        }
    };
    sampled("operational")?;
    let mut told = |status: &str| -> Result {
        while monitor.wait_for("status")?["status"] != status {}
        Ok(())
    };
    let gone = Gone::now()?;
    told("gone")?;
    sampled("gone")?;
    drop(gone);
    told("operational")?;
    sampled("operational")?;
    top.kill().and_then(|()| top.wait()).map_err(|e| e.to_string())?;
    drop(Card::open()?);
    Ok(())
}
