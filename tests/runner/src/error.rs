// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Why no guest runs.

use std::io;
use std::path::{Path, PathBuf};

/// Why no guest runs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or program.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A card that does not start.
    #[error("card {0} does not listen")]
    Card(u8),
    /// A wrong command line or input file.
    #[error("{0}")]
    Usage(String),
    /// Something of the system.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// An error that names its file.
    pub fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}
