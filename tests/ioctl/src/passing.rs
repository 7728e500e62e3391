// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Descriptors on their way from one process to another.

use std::fs::File;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use crate::Result;

/// Room for a control message with one descriptor.
#[repr(C, align(8))]
struct Control([u8; 24]);

/// Where a process posts its descriptor.
fn address(id: u32) -> PathBuf {
    PathBuf::from(format!("/tmp/goya-post-{id}"))
}

/// A descriptor that waits in a socket.
#[derive(Debug)]
pub struct Parcel(UnixDatagram);

/// A place for a descriptor of process `id`, which it is told of by a line; whoever has it posts it by [`post`].
pub fn from(id: u32) -> Result<Parcel> {
    let path = address(id);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // The process makes the socket, and leaves it to us.
    loop {
        let fd = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<RawFd>().ok());
        if let Some(fd) = fd {
            let _ = std::fs::remove_file(&path);
            return pidfd_getfd(id, fd).map(Parcel).map_err(|e| format!("the socket of {id}: {e}"));
        }
        if std::time::Instant::now() > end {
            return Err(format!("process {id} posts nothing"));
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Takes a copy of a descriptor of another process's.
fn pidfd_getfd(id: u32, fd: RawFd) -> io::Result<UnixDatagram> {
    // SAFETY: no pointers.
    let pidfd = unsafe { libc::syscall(libc::SYS_pidfd_open, id as libc::pid_t, 0) };
    let pidfd = owned(pidfd)?;
    // SAFETY: no pointers.
    let got = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) };
    owned(got).map(UnixDatagram::from)
}

fn owned(fd: libc::c_long) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the system call has just made the descriptor for us, nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Puts a descriptor into a socket, and leaves the socket's other end to whoever asks by [`from`]. Both stay open.
pub fn post(file: &impl AsRawFd) -> Result {
    let (sender, receiver) = UnixDatagram::pair().map_err(|e| e.to_string())?;
    send(&sender, file.as_raw_fd()).map_err(|e| format!("post: {e}"))?;
    let path = address(std::process::id());
    let text = receiver.as_raw_fd().to_string();
    mem::forget((sender, receiver));
    std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// The parts of a message with one byte and one descriptor.
fn message(byte: &mut [u8; 1], control: &mut Control, vector: &mut libc::iovec) -> libc::msghdr {
    *vector = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
    // SAFETY: zeros are an empty message.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = vector;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = control.0.len();
    message
}

fn send(socket: &UnixDatagram, fd: RawFd) -> io::Result<()> {
    let (mut byte, mut control) = ([0], Control([0; 24]));
    // SAFETY: zeros are an empty vector.
    let mut vector: libc::iovec = unsafe { mem::zeroed() };
    let message = message(&mut byte, &mut control, &mut vector);
    // SAFETY: there is room for one header and one descriptor; all parts live until the call has returned.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as usize;
        libc::CMSG_DATA(header).cast::<RawFd>().write_unaligned(fd);
        libc::sendmsg(socket.as_raw_fd(), &message, 0)
    };
    if sent == 1 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

impl Parcel {
    /// Takes the descriptor out.
    pub fn unpack(self) -> Result<File> {
        self.receive().map_err(|e| format!("unpack: {e}"))
    }

    fn receive(&self) -> io::Result<File> {
        let (mut byte, mut control) = ([0], Control([0; 24]));
        // SAFETY: zeros are an empty vector.
        let mut vector: libc::iovec = unsafe { mem::zeroed() };
        let mut message = message(&mut byte, &mut control, &mut vector);
        // SAFETY: all parts live until the call has returned.
        let got = unsafe { libc::recvmsg(self.0.as_raw_fd(), &mut message, libc::MSG_CMSG_CLOEXEC) };
        // SAFETY: the kernel has filled in the message.
        let header = unsafe { libc::CMSG_FIRSTHDR(&message) };
        if got != 1 || header.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a header with a descriptor is there, which is ours alone.
        unsafe { Ok(File::from_raw_fd(libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned())) }
    }
}
