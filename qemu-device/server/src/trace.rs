// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! `--trace`: what the card does, line by line, with time stamps.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry, reload};

/// How long a line may stay in the buffer.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// The trace: where it goes, and whether it is on.
pub struct Trace {
    out: Out,
    filter: reload::Handle<Targets, Registry>,
}

/// A buffered file, or stderr.
#[derive(Clone)]
struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Write for Out {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

impl<'a> MakeWriter<'a> for Out {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Seconds since the start, to the microsecond.
struct Seconds(Instant);

impl FormatTime for Seconds {
    fn format_time(&self, w: &mut Writer<'_>) -> std::fmt::Result {
        write!(w, "{:>12.6}", self.0.elapsed().as_secs_f64())
    }
}

fn targets(on: bool) -> Targets {
    let quiet = Targets::new().with_default(LevelFilter::INFO).with_target("vfio_user", LevelFilter::ERROR);
    if on { quiet.with_target("goya", Level::TRACE) } else { quiet }
}

impl Trace {
    /// Starts with the trace on (to a file or to stderr) or off; warnings always show.
    pub fn start(wanted: Option<&Option<PathBuf>>) -> io::Result<Arc<Self>> {
        let file = wanted.and_then(Option::as_ref);
        let writer: Box<dyn Write + Send> = match file {
            Some(path) => Box::new(BufWriter::with_capacity(
                1 << 20,
                File::create(path).map_err(|e| {
                    io::Error::new(e.kind(), format!("cannot write the trace to {}: {e}", path.display()))
                })?,
            )),
            None => Box::new(BufWriter::new(io::stderr())),
        };
        let out = Out(Arc::new(Mutex::new(writer)));
        let (filter, handle) = reload::Layer::new(targets(wanted.is_some()));
        let lines = tracing_subscriber::fmt::layer()
            .with_timer(Seconds(Instant::now()))
            .with_ansi(file.is_none() && io::stderr().is_terminal())
            .with_writer(out.clone())
            .with_filter(filter);
        tracing_subscriber::registry().with(lines).init();
        let trace = Arc::new(Self { out, filter: handle });
        let flusher = Arc::clone(&trace);
        // Only while something is written: an idle card has an empty buffer, and flushing it is free.
        std::thread::Builder::new().name("trace".into()).spawn(move || {
            loop {
                std::thread::sleep(FLUSH_EVERY);
                flusher.flush();
            }
        })?;
        Ok(trace)
    }

    /// Turns the trace on or off.
    pub fn set(&self, on: bool) {
        let _ = self.filter.reload(targets(on));
    }

    /// Writes what is in the buffer.
    pub fn flush(&self) {
        let _ = self.out.clone().flush();
    }
}
