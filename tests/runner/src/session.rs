// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! One run: cards, guest, and what comes back from it.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

use crate::card::Card;
use crate::channel::{self, Channel, Event, Lines};
use crate::error::Error;
use crate::image;
use crate::kmsg::Log;
use crate::logs::Logs;
use crate::options::Options;
use crate::picture;
use crate::process::Process;
use crate::qemu;
use crate::screen::{self, Screen};
use crate::share::{self, Share};
use crate::terminal;

/// How often the processes are looked at while the guest is silent.
const LOOK: Duration = Duration::from_millis(200);
/// How long the guest may take to reach its init script.
const BOOT: Duration = Duration::from_secs(120);
/// How long the guest may take for its own checks when the program has ended.
const CHECKS: Duration = Duration::from_secs(120);
/// How long the guest may take to switch itself off, or to end after a panic.
const OFF: Duration = Duration::from_secs(15);
/// How long a guest that hangs may talk about itself.
const DIAGNOSIS: Duration = Duration::from_secs(4);
/// How long the guest's console may take for a key.
const KEY: Duration = Duration::from_millis(300);
/// How long what a dead guest sent may take to arrive.
const DRAIN: Duration = Duration::from_secs(2);
/// The last record of the kernel log that counts.
const END_OF_LOG: &str = "goya-guest: end of log";
/// What a kernel says first, on the console too.
const FIRST_WORDS: &str = "] Linux version ";

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program returned this.
    Exit(u8),
    /// It took too long; with what.
    TimedOut(&'static str),
    /// The guest or a card died.
    Died(String),
    /// This process was told to end.
    Interrupted(i32),
}

/// A guest with its cards; all end when dropped, the guest first.
pub struct Session<'a> {
    options: &'a Options,
    screen: &'a Mutex<Screen>,
    qemu: Process,
    cards: Vec<Card>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    open: usize,
    logs: Logs,
    log: Log,
    /// Those of the kernels before.
    earlier: Vec<Log>,
    status: Option<UnixStream>,
    monitor: Option<UnixStream>,
    console: Option<UnixStream>,
    terminal: Option<UnixStream>,
    lines: [Lines; 3],
    progress: Progress,
    deadline: Option<(Instant, &'static str)>,
    _terminal: Option<terminal::Raw>,
    _dir: Option<TempDir>,
}

/// How far the guest is.
#[derive(Debug, Default)]
struct Progress {
    booted: bool,
    code: Option<u8>,
    error: Option<String>,
    log_complete: bool,
    released: bool,
    panic: Option<String>,
    left: bool,
    signal: Option<i32>,
    next: Option<Way>,
    /// The next kernel was told to come: it has not said anything yet on the console, or in the log.
    console_of_last: Option<Way>,
    log_of_last: Option<Way>,
}

/// How a kernel gives way to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It stops all devices. What it says about that counts.
    Kexec,
    /// It crashes, and has a lot to say about that.
    Crash,
}

impl<'a> Session<'a> {
    /// Starts everything.
    pub fn start(
        options: &'a Options,
        screen: &'a Mutex<Screen>,
        share: &Arc<Share>,
        picture: &Sender<Vec<u8>>,
    ) -> Result<Self, Error> {
        let (dir, temporary) = run_dir(options)?;
        let (sender, events) = mpsc::channel();
        forward_signals(&sender)?;
        let logs = Logs::create(&options.log_dir)?;
        let initramfs = dir.join("initramfs");
        fs::write(&initramfs, image::build(options)?).map_err(|e| Error::file(&initramfs, e))?;
        let cards =
            (0..options.cards).map(|n| Card::start(options, n, &dir)).collect::<Result<Vec<_>, _>>()?;
        for channel in Channel::ALL {
            channel::listen(channel, &dir, &sender).map_err(|e| Error::file(&dir.join(channel.name()), e))?;
        }
        share.listen(&dir).map_err(|e| Error::file(&dir.join(share::NAME), e))?;
        picture::listen(&dir, picture.clone()).map_err(|e| Error::file(&dir.join(picture::NAME), e))?;
        let qemu = qemu::start(options, &cards, &dir)?;
        Ok(Self {
            options,
            screen,
            qemu,
            cards,
            sender,
            events,
            open: Channel::ALL.len(),
            logs,
            log: Log::default(),
            earlier: Vec::new(),
            status: None,
            monitor: None,
            console: None,
            terminal: None,
            lines: Default::default(),
            progress: Progress::default(),
            deadline: Some((Instant::now() + BOOT, "booting")),
            _terminal: options.interactive.then(terminal::Raw::new),
            _dir: temporary,
        })
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Outcome {
        loop {
            if let Ok(event) = self.events.recv_timeout(LOOK) {
                self.take(event);
            }
            if let Some(outcome) = self.outcome() {
                return outcome;
            }
        }
    }

    /// The log of each kernel; the guest is over.
    pub fn logs(mut self) -> Vec<Log> {
        self.earlier.push(std::mem::take(&mut self.log));
        std::mem::take(&mut self.earlier)
    }

    /// How the run has ended, if it has.
    fn outcome(&mut self) -> Option<Outcome> {
        if let Some(signal) = self.progress.signal {
            return Some(Outcome::Interrupted(signal));
        }
        if self.progress.left {
            return Some(Outcome::Exit(0));
        }
        if let Some(error) = self.progress.error.take() {
            return Some(Outcome::Died(error));
        }
        if self.qemu.ended().is_some() {
            self.drain();
            return Some(self.guest_ended());
        }
        if let Some(n) = self.cards.iter_mut().position(Card::dead) {
            self.drain();
            return Some(Outcome::Died(format!("card {n} has died")));
        }
        if self.progress.log_complete {
            self.all_has_arrived();
        }
        match self.deadline {
            Some((end, what)) if Instant::now() > end => Some(self.late(what)),
            _ => None,
        }
    }

    /// The guest may go on: switch itself off, or boot another kernel.
    fn all_has_arrived(&mut self) {
        let answer: &[u8] = if let Some(way) = self.progress.next {
            let way = Some(way);
            self.progress = Progress { console_of_last: way, log_of_last: way, ..Progress::default() };
            self.deadline = Some((Instant::now() + BOOT, "booting another kernel"));
            b"next\n"
        } else if self.progress.code.is_some() && !self.progress.released {
            self.progress.released = true;
            self.deadline = Some((Instant::now() + OFF, "switching off"));
            b"off\n"
        } else {
            return;
        };
        if let Some(status) = &mut self.status {
            let _ = status.write_all(answer);
        }
    }

    fn guest_ended(&mut self) -> Outcome {
        match (self.progress.code, self.progress.panic.take()) {
            (_, Some(panic)) => Outcome::Died(format!("the guest's kernel has died: {panic}")),
            (Some(code), None) if self.progress.log_complete => Outcome::Exit(code),
            (Some(_), None) => Outcome::Died("the guest has ended before its log was complete".into()),
            (None, None) if self.progress.booted => Outcome::Died("the guest has ended by itself".into()),
            (None, None) => Outcome::Died("the guest has ended before it was up".into()),
        }
    }

    fn late(&mut self, what: &'static str) -> Outcome {
        if let Some(panic) = self.progress.panic.take() {
            return Outcome::Died(format!("the guest's kernel has died: {panic}"));
        }
        match self.progress.code {
            // Nothing that could count is missing.
            Some(code) if self.progress.released => {
                eprintln!("goya-guest: the guest does not switch itself off");
                Outcome::Exit(code)
            }
            _ => {
                self.diagnose();
                Outcome::TimedOut(what)
            }
        }
    }

    /// Has the kernel say where its tasks and processors are: by the keys that follow a break on its
    /// console, because nothing else may be alive.
    fn diagnose(&mut self) {
        // All messages to the console; blocked tasks; what each processor does.
        for key in [b"9", b"w", b"l"] {
            if let Some(monitor) = &mut self.monitor {
                let _ =
                    monitor.write_all(br#"{"execute":"chardev-send-break","arguments":{"id":"console"}}"#);
            }
            self.pump(KEY, false);
            if let Some(console) = &mut self.console {
                let _ = console.write_all(key);
            }
            self.pump(KEY, false);
        }
        self.pump(DIAGNOSIS, false);
    }

    /// Takes what is still on its way after the guest has ended.
    fn drain(&mut self) {
        self.pump(DRAIN, true);
    }

    /// Takes events for `time`; with `until_closed`, only until nothing more can come.
    fn pump(&mut self, time: Duration, until_closed: bool) {
        let end = Instant::now() + time;
        while !(until_closed && self.open == 0) {
            match self.events.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(event) => self.take(event),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Connected(channel, stream) => self.connected(channel, stream),
            Event::Data(Channel::Output, bytes) => {
                self.logs.output(&bytes);
                self.screen
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .take(self.options.part.into(), &bytes);
            }
            Event::Data(Channel::Terminal, bytes) => screen::print(&bytes),
            Event::Data(Channel::Monitor, _) => {}
            Event::Data(Channel::Console, bytes) => {
                self.logs.console(&bytes);
                for line in self.lines[0].take(&bytes) {
                    self.console_line(&line);
                }
            }
            Event::Data(Channel::Status, bytes) => {
                for line in self.lines[1].take(&bytes) {
                    self.status_line(&line);
                }
            }
            Event::Data(Channel::Log, bytes) => {
                for line in self.lines[2].take(&bytes) {
                    self.log_line(&line);
                }
            }
            Event::Closed => self.open = self.open.saturating_sub(1),
            Event::Signal(signal) => self.progress.signal = Some(signal),
            Event::Left => self.progress.left = true,
        }
    }

    fn connected(&mut self, channel: Channel, mut stream: UnixStream) {
        match channel {
            Channel::Status => self.status = Some(stream),
            Channel::Console => self.console = Some(stream),
            Channel::Monitor => {
                let _ = stream.write_all(b"{\"execute\":\"qmp_capabilities\"}\n");
                self.monitor = Some(stream);
            }
            Channel::Terminal => self.terminal = Some(stream),
            Channel::Output | Channel::Log => {}
        }
    }

    fn log_line(&mut self, line: &str) {
        if let Some(way) = self.progress.log_of_last {
            if self.log.is_others(line) {
                self.progress.log_of_last = None;
                self.earlier.push(std::mem::take(&mut self.log));
            } else if way == Way::Crash {
                return;
            }
        }
        if let Some(record) = self.log.take(line) {
            self.logs.kernel(record);
            self.progress.log_complete |= record.text == END_OF_LOG;
        }
    }

    fn console_line(&mut self, line: &str) {
        if line.contains(FIRST_WORDS) {
            self.progress.console_of_last = None;
        }
        match self.progress.console_of_last {
            Some(Way::Crash) => return,
            // The port goes before the card does, or it does not.
            Some(Way::Kexec) => self.log.take_console(line),
            None => {}
        }
        if let Some((_, what)) = line.split_once("Kernel panic - not syncing: ") {
            self.progress.panic.get_or_insert_with(|| what.to_owned());
            self.deadline = Some((Instant::now() + OFF, "dying"));
        }
    }

    /// A line of the init script (`tests/guest/init`).
    fn status_line(&mut self, line: &str) {
        match line.split_once(' ') {
            Some(("up", _)) => {
                self.progress.booted = true;
                let limit = Duration::from_secs(self.options.timeout);
                self.deadline = (!self.options.interactive).then(|| (Instant::now() + limit, "the program"));
            }
            Some(("exit", number)) if number.parse::<u8>().is_ok() => {
                self.progress.code = number.parse().ok();
                self.deadline = Some((Instant::now() + CHECKS, "the checks after the program"));
            }
            Some(("next", "kexec")) => self.leaving(Way::Kexec),
            Some(("next", "crash")) => self.leaving(Way::Crash),
            Some(("error", what)) => self.progress.error = Some(what.to_owned()),
            // From here on somebody reads what is typed.
            None if line == "shell" => {
                if let Some(terminal) = self.terminal.take() {
                    let sender = self.sender.clone();
                    terminal::forward(terminal, move || {
                        let _ = sender.send(Event::Left);
                    });
                }
            }
            _ => self.progress.error = Some(format!("the guest says {line:?}")),
        }
    }

    fn leaving(&mut self, way: Way) {
        self.progress.next = Some(way);
        self.deadline = Some((Instant::now() + CHECKS, "the last words before another kernel"));
    }
}

/// The directory for the sockets, with what removes it.
fn run_dir(options: &Options) -> Result<(PathBuf, Option<TempDir>), Error> {
    let Some(dir) = &options.run_dir else {
        let dir = tempfile::Builder::new().prefix("goya-guest").tempdir()?;
        return Ok((dir.path().to_owned(), Some(dir)));
    };
    fs::create_dir_all(dir).map_err(|e| Error::file(dir, e))?;
    // QEMU wants full paths; sockets of an earlier run are in the way.
    let dir = dir.canonicalize().map_err(|e| Error::file(dir, e))?;
    for name in Channel::ALL.iter().map(|c| c.name()).chain([share::NAME, picture::NAME]) {
        remove(&dir.join(name))?;
    }
    for n in 0..options.cards {
        remove(&dir.join(format!("card{n}.sock")))?;
        remove(&dir.join(format!("card{n}.ctl")))?;
    }
    Ok((dir, None))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::file(path, e)),
        _ => Ok(()),
    }
}

fn forward_signals(events: &Sender<Event>) -> Result<(), Error> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    let events = events.clone();
    std::thread::spawn(move || {
        for signal in &mut signals {
            let _ = events.send(Event::Signal(signal));
        }
    });
    Ok(())
}
