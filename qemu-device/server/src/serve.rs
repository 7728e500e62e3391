// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Sockets, and one client after the other.

use std::io::{self, ErrorKind};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goya_chip::Chip;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use vfio_user::Server;

use crate::backend::{Backend, interrupts, regions};
use crate::control;
use crate::machine::Machine;
use crate::options::Options;
use crate::shared::Shared;
use crate::trace::Trace;

/// How long to wait after a client could not be accepted.
pub const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Why the card does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The card cannot be built.
    #[error(transparent)]
    Chip(#[from] goya_chip::ChipError),
    /// Another process answers at the socket.
    #[error("{} is in use by another process: choose another path", .0.display())]
    InUse(PathBuf),
    /// Something else than a socket is there.
    #[error("{} exists and is no socket: choose another path", .0.display())]
    NoSocket(PathBuf),
    /// The socket cannot be made.
    #[error("cannot listen on {}: {source}", path.display())]
    Listen {
        /// Where.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Makes room for a socket: a stale one is removed; a live one, or anything else, is an error.
pub fn claim(path: &Path) -> Result<(), Error> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(Error::NoSocket(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(listen_error(path, error)),
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|error| listen_error(path, error))
        }
        // Connected, or too busy to answer, or not for us: somebody is there.
        _ => Err(Error::InUse(path.to_owned())),
    }
}

/// An error of listening at `path`.
pub fn listen_error(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Listen { path: path.to_owned(), source: Box::new(source) }
}

/// Runs the card until a signal ends it.
pub fn run(options: &Options) -> Result<(), Error> {
    let trace = Trace::start(options.trace.as_ref(), options.trace_words, options.log.into())?;
    let chip = Chip::new(options.config(), Box::new(Machine::new()))?;
    let regions = regions(&chip);
    let shared = Shared::new(chip)?;
    claim(&options.socket)?;
    let server = Server::new(&options.socket, true, interrupts(), regions)
        .map_err(|error| listen_error(&options.socket, error))?;
    let mut sockets = vec![options.socket.clone()];
    if let Some(path) = &options.control {
        control::start(path, &shared, &trace)?;
        sockets.push(path.clone());
    }
    end_on_signal(sockets, &trace)?;
    // A caught panic is told in one line below; an uncaught one of another thread is told here.
    std::panic::set_hook(Box::new(|panic| tracing::error!("internal error: {panic}")));
    eprintln!("goya-card: listening on {}", options.socket.display());
    let mut backend = Backend::new(shared, (!options.mmap).then(|| options.socket.clone()));
    loop {
        // The crate takes some malformed requests (a version message without its end, or shorter than its
        // header) for mistakes of its own and panics; the next client shall not suffer.
        match catch_unwind(AssertUnwindSafe(|| server.run(&mut backend))) {
            Ok(Ok(())) => tracing::info!("client has gone"),
            Ok(Err(vfio_user::Error::SocketAccept(error))) => {
                // Out of descriptors, say: wait for better times instead of spinning.
                tracing::warn!("cannot accept a client: {error}");
                std::thread::sleep(ACCEPT_AGAIN);
            }
            Ok(Err(error)) => tracing::warn!("client dropped: {error}"),
            Err(_) => tracing::warn!("client dropped: malformed request"),
        }
        backend.client_gone();
    }
}

/// Removes the sockets and ends the process on SIGINT and SIGTERM.
fn end_on_signal(sockets: Vec<PathBuf>, trace: &Arc<Trace>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let trace = Arc::clone(trace);
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        if signals.forever().next().is_some() {
            for path in sockets {
                let _ = std::fs::remove_file(path);
            }
            trace.flush();
            std::process::exit(0);
        }
    })?;
    Ok(())
}
