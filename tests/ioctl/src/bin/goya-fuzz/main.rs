// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! `goya-fuzz [SECONDS [SEED]]`: calls that the driver gets from nobody in their right mind, from several processes with
//! several threads each, while the card fails, is reset, and is taken from its driver.
//!
//! The run is a row of episodes of a few seconds, each with a seed of its own. Processes end as programs end: they return, are killed
//! by this one, or by the driver. After each episode the card has to work. What the driver does meanwhile, the kernel's own checkers
//! judge (and the runner, who reads their words): an error is no failure here. `GOYA_FUZZ_TRACE` has each call told to the kernel log.

mod attributes;
mod calls;
mod commands;
mod faults;
mod process;
mod random;
mod tally;
mod user;

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use goya_tests::card::{Card, open_node};
use goya_tests::nodes::Nodes;
use goya_tests::{Result, kmsg, sys};

use attributes::Attributes;
use faults::Faults;
use process::Child;
use random::Random;
use tally::{Kind, Tally};
use user::{Thread, User};

/// How long a process that is told to end may take.
const GRACE: Duration = Duration::from_secs(2);
/// How long a process that was killed may take: longer, and something in the kernel hangs.
const DEATH: Duration = Duration::from_secs(60);
/// How often processes and faults are looked after.
const LOOK: Duration = Duration::from_millis(100);
/// Memory of a process.
const MEMORY: u64 = 1 << 30;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|arg| arg.parse::<u64>());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
    let (Ok(seconds), Ok(seed)) =
        (numbers.next().unwrap_or(Ok(60)), numbers.next().unwrap_or(Ok(now % 1_000_000)))
    else {
        eprintln!("usage: goya-fuzz [SECONDS [SEED]]");
        return ExitCode::from(2);
    };
    println!("KTAP version 1\n1..1\n# {seconds} seconds from seed {seed}");
    let result = Tally::new().map_err(|e| e.to_string()).and_then(|tally| {
        let result = run(seconds, seed, tally);
        let (calls, pairs) = tally.sum();
        tally.lines().iter().for_each(|line| println!("# {line}"));
        println!("# {calls} calls, {pairs} different pairs of call and error");
        result
    });
    match result {
        Ok(()) => {
            println!("ok 1 fuzz.ioctl");
            ExitCode::SUCCESS
        }
        Err(what) => {
            println!("# {what}\nnot ok 1 fuzz.ioctl");
            ExitCode::FAILURE
        }
    }
}

fn run(seconds: u64, seed: u64, tally: Tally) -> Result {
    let note = |what: &str| std::fs::write("/dev/kmsg", format!("<6>goya-tests: {what}\n"));
    let _ = note("begin fuzz.ioctl");
    // Whatever a driver says of its device is fine; a splat is not.
    for text in ["0000:", "accel", "goya", "habanalabs"] {
        kmsg::expect(text)?;
    }
    let mut faults = Faults::new(tally)?;
    let mut random = Random::new(seed, 0);
    let end = sys::monotonic() + seconds * 1_000_000_000;
    let mut n = 0;
    while sys::monotonic() < end {
        let mut episode = Episode::new(random.fork(n), &mut faults, tally);
        let _ = note(&format!("episode {n} of seed {seed}: {:?}", episode.mood));
        episode.run().map_err(|e| format!("episode {n} ({:?}): {e}", episode.mood))?;
        faults.mend().map_err(|e| format!("the card after episode {n}: {e}"))?;
        n += 1;
    }
    println!("# {n} episodes");
    Ok(())
}

/// What an episode is like.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    /// Most calls succeed, all jobs end.
    Calm,
    /// Calls make less sense, and jobs may hang.
    Rough,
    /// The card misbehaves, too.
    Faults,
    /// The card is taken away and comes back, or is reset on the bus.
    Upset,
}

/// Who a process is.
#[derive(Debug, Clone, Copy)]
enum Role {
    User,
    Observer,
}

/// Some seconds.
struct Episode<'a> {
    random: Random,
    mood: Mood,
    seconds: u64,
    faults: &'a mut Faults,
    tally: Tally,
    children: Vec<(Role, Child)>,
}

impl<'a> Episode<'a> {
    fn new(mut random: Random, faults: &'a mut Faults, tally: Tally) -> Self {
        let mood = match random.below(8) {
            0..=2 => Mood::Calm,
            3 | 4 => Mood::Rough,
            5 | 6 => Mood::Faults,
            _ => Mood::Upset,
        };
        // A heart that has stopped is missed after ten seconds.
        let most = if mood == Mood::Faults && random.once_in(4) { 14 } else { 7 };
        let seconds = 3 + random.below(most);
        Self { random, mood, seconds, faults, tally, children: Vec::new() }
    }

    fn run(&mut self) -> Result {
        let end = sys::monotonic() + self.seconds * 1_000_000_000;
        for role in [Role::User, Role::User, Role::Observer] {
            self.start(role, end)?;
        }
        let mut upset = None;
        let half = end - self.seconds * 500_000_000;
        while sys::monotonic() < end {
            std::thread::sleep(LOOK);
            self.look_after(end)?;
            if self.mood == Mood::Faults && self.random.once_in(8) {
                self.faults.inject(&mut self.random);
            } else if self.mood == Mood::Faults && self.random.once_in(16) {
                self.faults.clear();
            } else if self.mood == Mood::Upset && upset.is_none() && sys::monotonic() > half {
                upset = Some(self.faults.upset(&mut self.random)?);
            } else if self.random.once_in(40) {
                self.children.first().inspect(|(_, child)| child.signal(libc::SIGKILL));
            }
        }
        self.faults.clear();
        for (role, child) in self.children.drain(..) {
            end_of(&child, &format!("{role:?}"))?;
        }
        // It is not killed: the card would stay away.
        match upset {
            Some(child) if child.wait(DEATH).is_none() => {
                tell_of_tasks();
                Err("taking the card away and giving it back does not end".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// A process that has ended before its time makes room for another.
    fn look_after(&mut self, end: u64) -> Result {
        for n in 0..self.children.len() {
            let Some((role, child)) = self.children.get(n) else { continue };
            let (role, Some(status)) = (*role, child.ended()) else { continue };
            let name = if libc::WIFSIGNALED(status) { "killed" } else { "ended" };
            let error =
                if libc::WIFSIGNALED(status) { libc::WTERMSIG(status) } else { libc::WEXITSTATUS(status) };
            let result = if error == 0 { Ok(()) } else { Err(std::io::Error::from_raw_os_error(error)) };
            let _ = self.tally.count(Kind::Other, tally::other(name), result);
            self.children.swap_remove(n);
            return self.start(role, end);
        }
        Ok(())
    }

    fn start(&mut self, role: Role, end: u64) -> Result {
        let n = self.random.next();
        let wild = match self.mood {
            Mood::Calm => 500,
            _ => 24,
        };
        let mut random = self.random.fork(n).with_wild(wild);
        let (tally, mood) = (self.tally, self.mood);
        let child = Child::fork(move || {
            process::limit_memory(MEMORY);
            let result = match role {
                Role::User => user(&mut random, tally, mood, end),
                Role::Observer => observer(&mut random, tally, end),
            };
            i32::from(result.is_err())
        });
        self.children.push((role, child.map_err(|e| format!("fork: {e}"))?));
        Ok(())
    }
}

/// Waits for the end of a process, which is killed if it does not end by itself.
fn end_of(child: &Child, who: &str) -> Result {
    if child.wait(GRACE).is_some() {
        return Ok(());
    }
    child.signal(libc::SIGKILL);
    if child.wait(DEATH).is_some() {
        return Ok(());
    }
    tell_of_tasks();
    Err(format!("process {} ({who}) can't be killed", child.id()))
}

/// Has the kernel tell where its tasks hang.
fn tell_of_tasks() {
    let _ = std::fs::write("/proc/sysrq-trigger", "w");
    std::thread::sleep(GRACE);
}

/// Has the card, as soon as nobody else has, and makes calls until `end`.
fn user(random: &mut Random, tally: Tally, mood: Mood, end: u64) -> Result {
    let nodes = Nodes::chosen();
    let card = loop {
        match tally.count(Kind::Other, tally::other("open"), open_node(&nodes.compute())) {
            Ok(card) => break card,
            Err(_) if sys::monotonic() < end => std::thread::sleep(Duration::from_millis(20)),
            Err(_) => return Ok(()),
        }
    };
    if random.once_in(3) {
        process::become_nobody(random.size(user::DATA as u64 * 2));
    }
    if random.once_in(2) {
        process::interrupt_every(Duration::from_millis(5 + random.below(50)));
    }
    // Not all of them last.
    let end = if !random.once_in(4) { end } else { end.min(sys::monotonic() + random.below(2_000_000_000)) };
    make_calls(random, card, tally, mood != Mood::Calm, false, end)
}

/// Looks at the card by its other node and its files.
fn observer(random: &mut Random, tally: Tally, end: u64) -> Result {
    if random.once_in(2) {
        return make_calls(random, Card::open_control()?, tally, false, true, end);
    }
    let attributes = Attributes::find(tally);
    while sys::monotonic() < end {
        attributes.any(random);
    }
    Ok(())
}

fn make_calls(random: &mut Random, card: Card, tally: Tally, rough: bool, control: bool, end: u64) -> Result {
    let trace = std::env::var_os("GOYA_FUZZ_TRACE").is_some();
    let mut user = User::new(card, tally, trace).map_err(|e| e.to_string())?;
    (user.rough, user.control) = (rough, control);
    let threads = 1 + random.below(4);
    std::thread::scope(|scope| {
        for n in 0..threads {
            let (user, random) = (&user, random.fork(n));
            scope.spawn(move || {
                let Ok(mut thread) = Thread::new(user, random) else { return };
                if n == 0 && !user.control {
                    let _ = calls::prepare(&mut thread);
                }
                while sys::monotonic() < end && user.goes_on() {
                    calls::any(&mut thread);
                }
                user.stop.store(true, Ordering::Relaxed);
            });
        }
    });
    Ok(())
}
