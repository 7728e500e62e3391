// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! What can be moved to other threads, and shared between them. This is checked when it is compiled.

use std::os::fd::{AsFd, AsRawFd};

fn shared<T: Send + Sync + 'static>() {}
fn pollable<T: AsFd + AsRawFd + Send + Sync + 'static>() {}

#[test]
fn all_can_be_moved_and_shared() {
    shared::<goya::Device>();
    shared::<goya::Control>();
    shared::<goya::HostMemory>();
    shared::<goya::Buffer>();
    shared::<goya::DeviceMemory>();
    shared::<goya::Place>();
    shared::<goya::Commands>();
    shared::<goya::CommandBuffer>();
    shared::<goya::Submission<'static>>();
    shared::<goya::Fence>();
    shared::<goya::SyncObject>();
    shared::<goya::Monitor>();
    shared::<goya::tpc::Program>();
    shared::<goya::tpc::Launch>();
    shared::<goya::tpc::Tensor>();
    shared::<goya::Error>();
    // What tokio's AsyncFd wants.
    pollable::<goya::Events>();
    pollable::<goya::DmaBuf>();
    pollable::<goya::Device>();
}

#[test]
fn without_a_card_it_is_said_why() {
    if goya::cards().is_empty() {
        let error = goya::Device::open_first().unwrap_err().to_string();
        assert!(error.starts_with("no Goya card: "), "{error}");
    }
}
