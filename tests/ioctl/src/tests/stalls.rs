// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Calls that take as long as their caller likes hold up nobody else: not the removal of their own card, not that
//! of another.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use goya_tests::card::Card;
use goya_tests::nodes::Nodes;
use goya_tests::packet::Packets;
use goya_tests::stall::Stall;
use goya_tests::sys::{errno, request_in};
use goya_tests::{Result, check_eq, kmsg};
use goya_uapi::*;

use super::reload::Binding;
use super::{Test, stress};
use crate::card_user::CardUser;
use crate::run::{only_goya, skip};

pub const TESTS: &[Test] = &[
    Test { name: "stalls.control_answer", run: control_answer, seconds: 90, emulated: false },
    Test { name: "stalls.control_arguments", run: control_arguments, seconds: 90, emulated: false },
    Test { name: "stalls.beside_a_wait", run: beside_a_wait, seconds: 90, emulated: false },
    Test { name: "stalls.beside_a_copy", run: beside_a_copy, seconds: 90, emulated: false },
];

/// How long a card may take to go that nobody has open.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes a card from its driver and gives it back. Fails if that takes longer than [`PATIENCE`]; `release` then
/// ends what may have held it up.
fn goes(binding: &Binding, release: impl FnOnce()) -> Result {
    thread::scope(|scope| {
        let (tell, told) = mpsc::channel();
        scope.spawn(move || tell.send(binding.end()));
        let ended = told.recv_timeout(PATIENCE);
        release();
        match ended {
            Ok(result) => result,
            Err(_) => {
                let late = told.recv().map_err(|e| e.to_string())?;
                late.and_then(|()| binding.renew())?;
                Err(format!("the card was not removed within {PATIENCE:?}"))
            }
        }
    })?;
    binding.renew()
}

/// Removes the card while `call` waits for a page of its caller's, which comes afterwards; the call's error.
fn under(call: impl Fn(&Stall) -> i32 + Sync) -> Result<i32> {
    let (stall, binding) = (Stall::new()?, Binding::current()?);
    thread::scope(|scope| {
        let caller = scope.spawn(|| call(&stall));
        stall.touched(PATIENCE)?;
        goes(&binding, || stall.release())?;
        caller.join().map_err(|_| "a panic".to_owned())
    })
}

fn control_answer() -> Result {
    only_goya("lets a card go whose caller's memory does not come")?;
    kmsg::expect("Sending ioctl after device was removed")?;
    let card = Card::open_control()?;
    let error = under(|stall| errno(card.info_at(HL_INFO_DEVICE_STATUS, stall.page().address(), 4)))?;
    check_eq!(error, 0, "the call that was made before the card went");
    check_eq!(errno(card.info_at(HL_INFO_DEVICE_STATUS, 0, 4)), libc::ENODEV, "a call afterwards");
    works()
}

fn control_arguments() -> Result {
    only_goya("lets a card go whose caller's memory does not come")?;
    kmsg::expect("Sending ioctl after device was removed")?;
    let card = Card::open_control()?;
    let request = drm_iowr::<hl_info_args>(HL_IOCTL_INFO) as u32;
    let error = under(|stall| errno(request_in(&card, request, stall.page(), 0)))?;
    check_eq!(error, libc::ENODEV, "the call whose arguments came when the card was gone");
    works()
}

fn works() -> Result {
    Card::open()?.run(1, &Packets::default().nop()).map(drop)
}

/// The card that is not the one to test.
fn another() -> Result<Binding> {
    match Nodes::other() {
        Some(nodes) => Binding::of(nodes),
        None => skip("there is one card"),
    }
}

/// A card goes while a process waits for another card's fence that nobody opens.
fn beside_a_wait() -> Result {
    for text in ["user process got signal", "device still in use", "has been aborted"] {
        kmsg::expect(text)?;
    }
    let other = another()?;
    let card = Card::open_control()?;
    let before = card.resets()?;
    let user = CardUser::start("hold")?;
    stress::asleep(user.id())?;
    let mut user = Some(user);
    goes(&other, || drop(user.take()))?;
    card.poll("a hard reset", |card| Ok(card.resets()?.0 > before.0))?;
    card.wait_operational()?;
    works()
}

/// A card goes while a call to another waits for memory of its caller's.
fn beside_a_copy() -> Result {
    let other = another()?;
    let card = Card::open()?;
    let stall = Stall::new()?;
    thread::scope(|scope| {
        let caller = scope.spawn(|| card.info_at(HL_INFO_DEVICE_STATUS, stall.page().address(), 4));
        stall.touched(PATIENCE)?;
        let gone = goes(&other, || stall.release());
        check_eq!(errno(caller.join().map_err(|_| "a panic")?), 0, "the call");
        gone
    })?;
    card.run(1, &Packets::default().nop()).map(drop)
}
