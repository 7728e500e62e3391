// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Tests that several guests share: the runner knows who has begun which.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};

/// The runner's port; not there when there is one guest.
const PORT: &str = "/dev/virtio-ports/goya.share";

/// The other guests.
pub struct Share(Option<BufReader<File>>);

impl Share {
    /// Asks whether there are any.
    pub fn open() -> Self {
        Self(File::options().read(true).write(true).open(PORT).map(BufReader::new).ok())
    }

    /// Whether to run test `name`: nobody else does. A runner that does not answer gets all of them.
    pub fn takes(&mut self, name: &str) -> bool {
        let Some(port) = &mut self.0 else { return true };
        let mut answer = String::new();
        let asked = writeln!(port.get_mut(), "{name}").and_then(|()| port.read_line(&mut answer));
        asked.is_err() || answer.trim_end() != "no"
    }
}
