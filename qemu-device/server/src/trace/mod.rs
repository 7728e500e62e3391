// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card tells: its log, and with `--trace` all that it does.

mod format;
mod sink;

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

use format::Columns;
use sink::Sink;

/// The trace: where it goes, and whether it is on.
pub struct Trace {
    sink: Arc<Sink>,
    level: LevelFilter,
    filter: reload::Handle<Targets, Registry>,
}

/// How much is traced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    Off,
    /// All but the words of kernels.
    On,
    /// All.
    Words,
}

impl Detail {
    /// The detail of a trace that is `on`, with `words`.
    pub fn new(on: bool, words: bool) -> Self {
        match (on, words) {
            (false, _) => Self::Off,
            (true, false) => Self::On,
            (true, true) => Self::Words,
        }
    }
}

fn targets(level: LevelFilter, detail: Detail) -> Targets {
    let quiet = Targets::new().with_default(level).with_target("vfio_user", level.min(LevelFilter::ERROR));
    // What the chip does has targets of its own, such as `goya::reg`.
    let level = |wanted| if wanted { LevelFilter::TRACE } else { LevelFilter::OFF };
    quiet
        .with_target("goya::", level(detail != Detail::Off))
        .with_target("goya::word", level(detail == Detail::Words))
}

impl Trace {
    /// Starts logging from `level` on. `wanted` turns the trace on, to a file or to stderr, with kernels word by word if `words`.
    pub fn start(wanted: Option<&Option<PathBuf>>, words: bool, level: LevelFilter) -> io::Result<Arc<Self>> {
        let file = wanted.and_then(Option::as_ref);
        let (writer, color): (Box<dyn Write + Send>, bool) = match file {
            Some(path) => {
                let told = |error| {
                    io::Error::other(format!("cannot write the trace to {}: {error}", path.display()))
                };
                (Box::new(File::create(path).map_err(told)?), false)
            }
            None => {
                let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
                (Box::new(io::stderr()), io::stderr().is_terminal() && !plain)
            }
        };
        let sink = Sink::start(writer)?;
        let (filter, handle) = reload::Layer::new(targets(level, Detail::new(wanted.is_some(), words)));
        let lines = tracing_subscriber::fmt::layer()
            .event_format(Columns { start: Instant::now(), color })
            .with_writer(Arc::clone(&sink))
            .with_filter(filter);
        tracing_subscriber::registry().with(lines).init();
        Ok(Arc::new(Self { sink, level, filter: handle }))
    }

    /// Turns the trace on or off.
    pub fn set(&self, detail: Detail) {
        // Fails only when the subscriber is gone, at the end of the process.
        let _ = self.filter.reload(targets(self.level, detail));
    }

    /// Waits until all that was told so far is written, for a while.
    pub fn flush(&self) {
        self.sink.flush();
    }
}
