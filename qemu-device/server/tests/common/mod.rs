// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! A running `goya-card`, and clients for it.
#![allow(dead_code, reason = "every test program uses its own part")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The configuration space's region index.
pub const CONFIG: u32 = 7;
/// How long anything may take before it counts as hung.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A directory that goes away at the end.
pub struct Dir(PathBuf);

impl Dir {
    /// A new directory; `name` tells tests apart.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("goya-card-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program, not yet started.
pub fn program(socket: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_goya-card"));
    command.arg("--socket").arg(socket).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

/// A running card; ends with the test.
pub struct Card {
    child: Child,
    /// Reads what it says on stderr.
    said: Option<JoinHandle<String>>,
    pub dir: Dir,
}

impl Card {
    /// Starts a card and waits until it listens.
    pub fn start(name: &str, arguments: &[&str]) -> Self {
        let dir = Dir::new(name);
        let mut command = program(&dir.path("card"));
        command.arg("--control").arg(dir.path("control")).args(arguments);
        let mut child = command.spawn().expect("goya-card starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("its stderr is a pipe"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("a first line");
        assert!(line.starts_with("goya-card: listening on "), "{line:?}");
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).map(|_| text).unwrap_or_default()
        });
        Self { child, said: Some(said), dir }
    }

    pub fn socket(&self) -> PathBuf {
        self.dir.path("card")
    }

    /// A well-behaved client.
    pub fn client(&self) -> vfio_user::Client {
        // The crate's client waits for its answers for ever.
        let (sender, receiver) = std::sync::mpsc::channel();
        let socket = self.socket();
        std::thread::spawn(move || sender.send(vfio_user::Client::new(&socket)));
        receiver.recv_timeout(PATIENCE).expect("an answer in time").expect("the card takes a client")
    }

    /// A client that can say anything.
    pub fn raw_client(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).expect("the card listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// A connection to the control socket.
    pub fn control(&self) -> Control {
        let stream = UnixStream::connect(self.dir.path("control")).expect("the control socket listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Control { answers: BufReader::new(stream.try_clone().expect("a second descriptor")), stream }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: i32) {
        // SAFETY: takes no pointer; the process is our child and has not been waited for.
        assert_eq!(unsafe { libc::kill(self.pid(), signal) }, 0);
    }

    fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// Lets it have no more than `count` descriptors.
    pub fn limit_descriptors(&self, count: u64) {
        let limit = libc::rlimit { rlim_cur: count, rlim_max: count };
        // SAFETY: the limit lives for the call, and nothing is written.
        let done =
            unsafe { libc::prlimit(self.pid(), libc::RLIMIT_NOFILE, &raw const limit, std::ptr::null_mut()) };
        assert_eq!(done, 0);
    }

    /// The processor's time that it has had, in hundredths of a second.
    pub fn ticks(&self) -> u64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it runs");
        let (_, rest) = stat.rsplit_once(')').expect("its name is in parentheses");
        // User's and system's time are the 12th and 13th behind the name.
        rest.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
    }

    /// Waits for the end; what was written to stderr meanwhile, and the exit status.
    pub fn wait(mut self) -> (String, Option<i32>, Dir) {
        let code = wait(&mut self.child);
        let rest = self.said.take().map(|said| said.join().expect("the reader does not panic"));
        let dir = std::mem::replace(&mut self.dir, Dir(PathBuf::from("/nonexistent/goya-card")));
        (rest.unwrap_or_default(), code, dir)
    }
}

impl Drop for Card {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process to end, but not for ever.
pub fn wait(child: &mut Child) -> Option<i32> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("a child to wait for") {
            return status.code();
        }
        assert!(Instant::now() < end, "the process goes on for ever");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A connection to the control socket.
pub struct Control {
    stream: UnixStream,
    answers: BufReader<UnixStream>,
}

impl Control {
    /// Sends one line, whatever it is.
    pub fn say(&mut self, line: &[u8]) -> Value {
        self.stream.write_all(line).expect("the card reads");
        self.stream.write_all(b"\n").expect("the card reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer in time");
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{answer:?}: {e}"))
    }

    /// Asks, and expects to be served.
    pub fn ask(&mut self, request: &Value) -> Value {
        let answer = self.say(request.to_string().as_bytes());
        assert_eq!(answer["ok"], true, "{request}: {answer}");
        answer
    }
}

/// Reads a little-endian word of a region.
pub fn word(client: &mut vfio_user::Client, region: u32, offset: u64) -> u32 {
    let mut bytes = [0; 4];
    client.region_read(region, offset, &mut bytes).expect("a read is answered");
    u32::from_le_bytes(bytes)
}

/// Writes a little-endian word of a region.
pub fn put(client: &mut vfio_user::Client, region: u32, offset: u64, value: u32) {
    client.region_write(region, offset, &value.to_le_bytes()).expect("a write is answered");
}

/// Does what the driver's first steps do: memory and bus master on, BAR 0 to SRAM and registers,
/// BAR 4 to DRAM, host memory behind the outbound window.
pub fn open_windows(client: &mut vfio_user::Client) {
    put(client, CONFIG, 4, 0x0006);
    let mut elbi = |address: u32, value: u32| {
        put(client, CONFIG, 0xFFC, 0);
        put(client, CONFIG, 0xFF0, address);
        put(client, CONFIG, 0xFF4, value);
        put(client, CONFIG, 0xFF8, 1 << 31);
        assert_eq!(word(client, CONFIG, 0xFFC), 1 << 31);
    };
    let windows = [
        (0x114, 0xF000_0000),
        (0x118, 0x7F),
        (0x104, 0xC008_0000),
        (0x314, 0),
        (0x318, 0),
        (0x304, 0xC008_0400),
        (0x008, 0),
        (0x00C, 0x80),
        (0x010, u32::MAX),
        (0x014, 0),
        (0x018, 0),
        (0x020, 0x1_007F),
        (0x000, 0x2000),
        (0x004, 1 << 31),
    ];
    for (offset, value) in windows {
        elbi(0xFCC0_7490, 0x30_0000);
        elbi(0xFCC0_2000 + offset, value);
    }
    elbi(0xFCC0_7490, 0);
}

/// Where a register lies in BAR 0.
pub fn register(offset: u64) -> u64 {
    0x0C00_0000 + offset
}

/// A counter that the card signals.
pub struct EventFd(File);

impl EventFd {
    /// A new one.
    pub fn new() -> Self {
        // SAFETY: takes no pointer; the result is checked before it is used.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC) };
        assert!(fd >= 0);
        // SAFETY: the descriptor was just made and belongs to nobody else.
        Self(unsafe { File::from_raw_fd(fd) })
    }

    /// The descriptor.
    pub fn fd(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Waits for a signal and returns how many there were; zero when none comes in `time`.
    pub fn wait(&mut self, time: Duration) -> u64 {
        let mut poll = libc::pollfd { fd: self.fd(), events: libc::POLLIN, revents: 0 };
        let millis = i32::try_from(time.as_millis()).expect("a short time");
        // SAFETY: one entry, which lives for the call.
        if unsafe { libc::poll(&raw mut poll, 1, millis) } != 1 {
            return 0;
        }
        let mut count = [0; 8];
        self.0.read_exact(&mut count).expect("an eventfd's eight bytes");
        u64::from_ne_bytes(count)
    }
}

/// A file of memory, as QEMU's.
pub fn memory_file(size: u64) -> File {
    // SAFETY: the name ends in zero; the result is checked before it is used.
    let fd = unsafe { libc::memfd_create(c"guest".as_ptr(), libc::MFD_CLOEXEC) };
    assert!(fd >= 0);
    // SAFETY: the descriptor was just made and belongs to nobody else.
    let file = unsafe { File::from_raw_fd(fd) };
    file.set_len(size).expect("room for guest memory");
    file
}
