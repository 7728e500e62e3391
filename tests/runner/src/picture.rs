// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The picture that the guest's program makes: it is kept, and shown.

use std::fs;
use std::io::{self, Read};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use goya_picture::{Picture, Way, columns};

use crate::error::Error;
use crate::options::Options;

/// Name of the port `goya.picture`, and of its socket.
pub const NAME: &str = "picture";
/// Bytes that it has at most.
const MOST: u64 = 64 << 20;
/// How long what the guest has written may take to arrive when the guest is over.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends what the guest writes to the port whose socket is in `dir`, when that is all.
pub fn listen(dir: &Path, picture: Sender<Vec<u8>>) -> io::Result<()> {
    let listener = UnixListener::bind(dir.join(NAME))?;
    std::thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let mut file = Vec::new();
        stream.take(MOST).read_to_end(&mut file)?;
        // Fails only when nobody waits for it any more.
        let _ = picture.send(file);
        io::Result::Ok(())
    });
    Ok(())
}

/// Removes the picture of the last run: it is none of this one.
pub fn forget(options: &Options) -> Result<(), Error> {
    match options.picture.as_deref().map(|path| (path, fs::remove_file(path))) {
        Some((path, Err(e))) if e.kind() != io::ErrorKind::NotFound => Err(Error::file(path, e)),
        _ => Ok(()),
    }
}

/// Keeps and shows the picture that came, if one is wanted. A program that says that it has `succeeded` has sent one.
pub fn take(options: &Options, pictures: &Receiver<Vec<u8>>, succeeded: bool) -> bool {
    let Some(path) = &options.picture else { return true };
    let file = pictures.recv_timeout(PATIENCE).unwrap_or_default();
    if file.is_empty() && !succeeded {
        return true;
    }
    match keep(path, &file) {
        Ok(picture) => {
            print!("\n{}", Way::of_output().show(&picture, columns()));
            println!("The picture is in {}", path.display());
            true
        }
        Err(error) => {
            eprintln!("goya-guest: the program's picture: {error}");
            false
        }
    }
}

fn keep(path: &Path, file: &[u8]) -> Result<Picture, String> {
    if file.is_empty() {
        return Err("nothing came".to_owned());
    }
    let picture = Picture::from_file(file)?;
    fs::write(path, file).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(picture)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;

    use clap::Parser as _;

    use super::*;

    #[test]
    fn what_the_guest_writes_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.png");
        let options = ["x", "--kernel", "k", "--picture", path.to_str().unwrap()];
        let options = Options::parse_from(options);
        let png = Picture::new(3, 2, [9; 3]).to_png().unwrap();
        let (sender, pictures) = mpsc::channel();
        listen(dir.path(), sender).unwrap();
        let mut guest = UnixStream::connect(dir.path().join(NAME)).unwrap();
        guest.write_all(&png).unwrap();
        drop(guest);
        assert!(take(&options, &pictures, true));
        assert_eq!(fs::read(&path).unwrap(), png);
        forget(&options).unwrap();
        forget(&options).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_program_that_succeeds_has_sent_a_picture() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("kept.png");
        let run = |file: &[u8], succeeded| {
            let options = ["x", "--kernel", "k", "--picture", path.to_str().unwrap()];
            let (sender, pictures) = mpsc::channel();
            sender.send(file.to_vec()).unwrap();
            take(&Options::parse_from(options), &pictures, succeeded)
        };
        assert!(run(b"", false) && !run(b"", true) && !run(b"no picture", true));
        assert!(!path.exists());
        let (_, none) = mpsc::channel();
        assert!(take(&Options::parse_from(["x", "--kernel", "k"]), &none, true));
    }
}
