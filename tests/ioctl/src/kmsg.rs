// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The kernel log, read line by line as it comes.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use crate::Result;

/// A place in the log: sees what comes after it.
#[derive(Debug)]
pub struct Kmsg(File);

impl Kmsg {
    /// The end of the log as it is now.
    pub fn here() -> Result<Self> {
        let open = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open("/dev/kmsg");
        let mut kmsg = Self(open.map_err(|e| format!("/dev/kmsg: {e}"))?);
        while kmsg.next()?.is_some() {}
        Ok(kmsg)
    }

    fn next(&mut self) -> Result<Option<String>> {
        let mut buf = [0; 8192];
        loop {
            match self.0.read(&mut buf) {
                Ok(n) => return Ok(Some(String::from_utf8_lossy(&buf[..n]).into_owned())),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(None),
                // Records were overwritten before we read them: go on with what is left.
                Err(e) if e.raw_os_error() == Some(libc::EPIPE) => {}
                Err(e) => return Err(format!("/dev/kmsg: {e}")),
            }
        }
    }

    /// How many lines with `text` have come.
    pub fn count(&mut self, text: &str) -> Result<usize> {
        let mut count = 0;
        while let Some(line) = self.next()? {
            count += usize::from(line.contains(text));
        }
        Ok(count)
    }

    /// Waits until a line with `text` comes.
    pub fn wait_for(&mut self, text: &str, timeout: Duration) -> Result<String> {
        self.wait_for_any(&[text], timeout)
    }

    /// Waits until a line with one of `texts` comes.
    pub fn wait_for_any(&mut self, texts: &[&str], timeout: Duration) -> Result<String> {
        let end = Instant::now() + timeout;
        loop {
            while let Some(line) = self.next()? {
                if texts.iter().any(|text| line.contains(text)) {
                    return Ok(line);
                }
            }
            if Instant::now() > end {
                return Err(format!("the kernel said none of {texts:?} within {timeout:?}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Tells whoever judges the log that lines with `text` are expected from now on.
pub fn expect(text: &str) -> Result {
    let open = OpenOptions::new().write(true).open("/dev/kmsg");
    open.and_then(|mut f| f.write_all(format!("<6>goya-tests: expect {text}\n").as_bytes()))
        .map_err(|e| format!("/dev/kmsg: {e}"))
}
