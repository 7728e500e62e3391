// SPDX-License-Identifier: GPL-2.0-or-later
// SPDX-FileCopyrightText: The goya-rs authors

//! Clients of the vfio-user socket: good ones, bad ones, and one after the other.

mod common;

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use common::{CONFIG, Card, EventFd, PATIENCE, memory_file, open_windows, put, register, word};
use serde_json::json;

const MSIX: u32 = 2;
const REQ: u32 = 4;
const EVENTFD_TRIGGER: u32 = 1 << 2 | 1 << 5;
const NONE_TRIGGER: u32 = 1 | 1 << 5;
/// A write of a vector here sends its message.
const DOORBELL: u64 = 0xC0_2948;
/// Device address of bus address 0.
const HOST: u64 = 0x80_0000_0000;

#[test]
fn the_card_describes_itself() {
    let card = Card::start("describe", &[]);
    let mut client = card.client();
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
    assert_eq!(word(&mut client, CONFIG, 8), 0x1200_0001);
    let size = |client: &vfio_user::Client, n| client.region(n).map(|r| (r.size, r.sparse_areas.len()));
    assert_eq!(size(&client, 0), Some((256 << 20, 0)));
    assert_eq!(size(&client, 2), Some((4096, 0)));
    assert_eq!(size(&client, 4), Some((512 << 20, 0)));
    assert_eq!(size(&client, CONFIG), Some((4096, 0)));
    assert_eq!(size(&client, 1).map(|s| s.0), Some(0));
    assert_eq!(client.get_irq_info(MSIX).expect("an answer").count, 8);
    assert_eq!(client.get_irq_info(0).expect("an answer").count, 0, "no INTx");
    open_windows(&mut client);
    put(&mut client, 0, register(0xC4_B104), 7);
    client.reset().expect("the card can be reset");
    assert_eq!(word(&mut client, 0, register(0xC4_B104)), u32::MAX, "windows are shut by a reset");
}

#[test]
fn mapped_bars_are_the_cards_memory() {
    let card = Card::start("mmap", &["--mmap"]);
    let mut client = card.client();
    let dram = client.region(4).expect("BAR 4");
    assert_eq!((dram.size, dram.sparse_areas.len()), (4 << 30, 1));
    let place = dram.file_offset.as_ref().expect("a file comes with it");
    place.file().write_all_at(b"shared", place.start() + 0x1000).expect("card memory can be written");
    open_windows(&mut client);
    let mut seen = [0; 6];
    client.region_read(4, 0x1000, &mut seen).expect("a read is answered");
    assert_eq!(&seen, b"shared");
}

#[test]
fn interrupts_reach_their_eventfds() {
    let card = Card::start("interrupts", &[]);
    let mut client = card.client();
    open_windows(&mut client);
    let mut events = [EventFd::new(), EventFd::new()];
    // Vector 5 before anybody listens: it waits. QEMU connects one vector a message.
    put(&mut client, 0, register(DOORBELL), 5);
    for (vector, event) in (4..).zip(&events) {
        client.set_irqs(MSIX, EVENTFD_TRIGGER, vector, 1, &[event.fd()]).expect("vectors connect");
    }
    assert_eq!(events[1].wait(PATIENCE), 1);
    put(&mut client, 0, register(DOORBELL), 4);
    put(&mut client, 0, register(DOORBELL), 99);
    assert_eq!(events[0].wait(PATIENCE), 1);
    client.set_irqs(MSIX, NONE_TRIGGER, 5, 1, &[]).expect("a test of the wiring");
    assert_eq!(events[1].wait(PATIENCE), 1);
    card.control().ask(&json!({"cmd": "inject", "fault": "lose-interrupt", "vector": 4}));
    put(&mut client, 0, register(DOORBELL), 4);
    put(&mut client, 0, register(DOORBELL), 4);
    assert_eq!(events[0].wait(PATIENCE), 1, "the first of the two is lost");
    client.set_irqs(MSIX, NONE_TRIGGER, 0, 0, &[]).expect("MSI-X goes off");
    put(&mut client, 0, register(DOORBELL), 4);
    assert_eq!(events[0].wait(Duration::from_millis(50)), 0);
    // Indices and counts that nobody has.
    client.set_irqs(MSIX, NONE_TRIGGER, u32::MAX, u32::MAX, &[]).expect("an answer");
    client.set_irqs(1, EVENTFD_TRIGGER, 0, 1, &[events[0].fd()]).expect("an answer");
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
}

#[test]
fn the_machine_is_asked_to_let_go() {
    let card = Card::start("eject", &[]);
    let mut client = card.client();
    let mut control = card.control();
    assert_eq!(control.say(br#"{"cmd":"eject"}"#)["ok"], false, "nobody listens yet");
    let mut event = EventFd::new();
    client.set_irqs(REQ, EVENTFD_TRIGGER, 0, 1, &[event.fd()]).expect("the eventfd is taken");
    control.ask(&json!({"cmd": "eject"}));
    assert_eq!(event.wait(PATIENCE), 1);
}

#[test]
fn guest_memory_is_reached_while_it_is_mapped() {
    let card = Card::start("memory", &[]);
    let mut client = card.client();
    let mut control = card.control();
    open_windows(&mut client);
    let file = memory_file(1 << 20);
    file.write_all_at(b"guest", 0x2010).expect("room");
    let mut read = |address: u64| {
        let request = json!({"cmd": "read-memory", "address": HOST + address, "size": 5});
        control.say(request.to_string().as_bytes())["data"].as_str().map(str::to_owned)
    };
    assert_eq!(read(0x10_0010), None);
    client.dma_map(0x2000, 0x10_0000, 0x2000, file.as_raw_fd()).expect("the mapping is taken");
    assert_eq!(read(0x10_0010).as_deref(), Some("6775657374"));
    client.dma_unmap(0x10_1000, 0x1000).expect("the end goes away");
    assert_eq!((read(0x10_0010).is_some(), read(0x10_1010)), (true, None));
    // Longer than its file: refused, and nothing changes.
    let _ = client.dma_map(0, 0x10_0000, 1 << 30, file.as_raw_fd());
    assert!(read(0x10_0010).is_some());
    client.dma_unmap(0, u64::MAX).expect("everything goes away");
    assert_eq!(read(0x10_0010), None);
}

#[test]
fn the_next_client_finds_a_card_as_after_power_on() {
    let card = Card::start("reconnect", &[]);
    let mut control = card.control();
    for round in 0..3 {
        let mut client = card.client();
        open_windows(&mut client);
        let mut seen = [0xFF; 4];
        client.region_read(4, 0x5000, &mut seen).expect("a read is answered");
        assert_eq!(seen, [0; 4], "round {round}: memory of the machine before");
        client.region_write(4, 0x5000, b"mine").expect("a write is answered");
        control.ask(&json!({"cmd": "inject", "fault": "hang-queue", "queue": "dma2"}));
        if round == 1 {
            // Breaks off in the middle of a request.
            let _ = client.shutdown();
        }
    }
    let mut client = card.client();
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
    let status = control.ask(&json!({"cmd": "status"}));
    assert_eq!(status["faults"]["hung"], json!([]));
}

#[test]
fn who_only_knocks_changes_nothing() {
    let card = Card::start("knock", &[]);
    let mut control = card.control();
    control.ask(&json!({"cmd": "inject", "fault": "fail-boot", "stage": "linux"}));
    drop(card.raw_client());
    let mut client = card.client();
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
    let status = control.ask(&json!({"cmd": "status"}));
    assert_eq!(status["faults"]["boot_failures"], json!(["linux"]));
}

/// A message of the protocol.
fn message(command: u16, size: u32, flags: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(7u16.to_le_bytes());
    bytes.extend(command.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(flags.to_le_bytes());
    bytes.extend(0u32.to_le_bytes());
    bytes.extend(body);
    bytes
}

#[test]
fn bad_clients_do_no_harm() {
    let card = Card::start("bad", &[]);
    let access = |offset: u64, region: u32, count: u32| {
        let mut body = offset.to_le_bytes().to_vec();
        body.extend(region.to_le_bytes());
        body.extend(count.to_le_bytes());
        body
    };
    let bad: Vec<Vec<u8>> = vec![
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0; 5],
        vec![0xFF; 4096],
        // A version message shorter than itself; one without an end; one that is no JSON.
        message(1, 3, 0, &[0; 4]),
        message(1, 24, 0, &[0, 0, 1, 0, b'{', b'}', b'{', b'}']),
        message(1, 24, 0, &[0, 0, 1, 0, b'{', b'{', b'{', 0]),
        // A read and a write of 4 GiB, a region that is not there, an offset at the end of everything.
        message(9, 32, 0, &access(0, 0, u32::MAX)),
        message(10, u32::MAX, 0, &access(0, 0, u32::MAX)),
        message(9, 32, 0, &access(0, 1000, 4)),
        message(9, 32, 0, &access(u64::MAX, 0, 8)),
        message(9, 32, 0, &access(u64::MAX - 2, 7, 8)),
        message(10, 40, 0, &[&access(u64::MAX - 2, 4, 8)[..], &[1; 8]].concat()),
        // A mapping without a file, one of everything, and commands of the other side.
        message(2, 48, 0, &[0xFF; 32]),
        message(3, 40, 0, &[0xFF; 24]),
        message(8, 36, 0, &[0xFF; 20]),
        message(11, 32, 0, &[0; 16]),
        message(15, 16, 0, &[]),
    ];
    for (n, bytes) in bad.iter().enumerate() {
        let start = Instant::now();
        let mut stream = card.raw_client();
        stream.write_all(bytes).expect("the card reads");
        stream.shutdown(std::net::Shutdown::Write).expect("the end of what we say");
        // Whatever it answers, it ends; a connection that it resets has ended as well.
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(start.elapsed() < PATIENCE, "client {n} was kept waiting");
    }
    let mut client = card.client();
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
}

#[test]
fn noise_does_no_harm() {
    let card = Card::start("noise", &[]);
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..200 {
        let mut stream = card.raw_client();
        for _ in 0..20 {
            let body: Vec<u8> = (0..random() % 64).map(|_| random() as u8).collect();
            let command = (random() % 17) as u16;
            let size = (random() % 128) as u32;
            if stream.write_all(&message(command, size, (random() & 0x10) as u32, &body)).is_err() {
                break;
            }
        }
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }
    let mut client = card.client();
    assert_eq!(word(&mut client, CONFIG, 0), 0x0001_1DA3);
}
