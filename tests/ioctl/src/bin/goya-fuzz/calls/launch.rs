// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Programs for the tensor cores: kernels as they are, damaged ones, and words without sense, in the card's memory by one submission and
//! launched by the next.

use std::io;

use goya_tests::device::{SRAM, chunk};
use goya_tests::packet::Packets;
use goya_tests::sys::Mapping;
use goya_tests::tpc::register;
use goya_tpc_kernels::nonsense;
use goya_uapi::hl_goya_dma_direction::HL_DMA_HOST_TO_SRAM;
use goya_uapi::*;

use crate::tally::Kind;
use crate::user::{Buffer, Thread};

/// Cores, each with room of its own in SRAM for packets and code, and bytes of either.
const CORES: u64 = 8;
const ROOMS: u64 = SRAM + 0x180_0000;
const ROOM: usize = 0x1_0000;
const PACKETS: usize = 0x2000;
/// How long a copy may take before the launch, done or not.
const COPY_US: u64 = 20_000;

/// What launches need that was made by the first one.
#[derive(Debug)]
pub struct Launches {
    /// Where programs are made, and the same as the card sees it.
    memory: Mapping,
    device: u64,
    copy: Buffer,
    wait: Buffer,
}

impl Launches {
    fn new(thread: &Thread<'_>) -> io::Result<Self> {
        let card = &thread.user.card;
        let memory = Mapping::anonymous(ROOM)?;
        let device = card.map_host_range(memory.address(), ROOM as u64)?;
        let buffer = || {
            let handle = card.create_cb(4096)?;
            Ok::<_, io::Error>(Buffer { handle, size: 4096, map: Some(card.map_cb(handle, 4096)?.into()) })
        };
        Ok(Self { memory, device, copy: buffer()?, wait: buffer()? })
    }
}

/// Launches a program on one of the cores.
pub fn launch(thread: &mut Thread<'_>) -> io::Result<()> {
    let user = thread.user;
    let mut launches = user.launches();
    if launches.is_none() {
        *launches = Some(Launches::new(thread)?);
    }
    let Some(launches) = launches.as_ref() else { return Ok(()) };
    let core = thread.random.below(CORES);
    let room = ROOMS + core * ROOM as u64;
    let (packets, code) = made(thread, room);
    let code = code.get(..ROOM - PACKETS).unwrap_or(&code);
    launches.memory.write(0, &packets);
    launches.memory.write(PACKETS, code);
    let size = (PACKETS + code.len()) as u32;
    let copy = Packets::default().copy(HL_DMA_HOST_TO_SRAM, launches.device, room, size);
    let sequence =
        submit(thread, core, &[external(&launches.copy, goya_queue_id::GOYA_QUEUE_ID_DMA_1, &copy)])?;
    let _ = user.card.wait(sequence, COPY_US);
    let launch = chunk(
        room,
        goya_queue_id::GOYA_QUEUE_ID_TPC0 + core as u32,
        packets.len(),
        HL_CS_CHUNK_FLAGS_USER_ALLOC_CB,
    );
    let nop = external(&launches.wait, goya_queue_id::GOYA_QUEUE_ID_DMA_3, &Packets::default().nop());
    submit(thread, core, &[launch, nop]).map(drop)
}

/// The packets of a launch, and the code, which will be in `room`.
fn made(thread: &mut Thread<'_>, room: u64) -> (Vec<u8>, Vec<u8>) {
    let (rough, device) = {
        let pool = thread.user.pool();
        (thread.user.rough, thread.random.pick(&pool.device))
    };
    let random = &mut thread.random;
    let data = device.filter(|_| random.once_in(2)).map_or(SRAM, |range| range.start);
    let (code, data) = (random.near(room + PACKETS as u64), random.near(data));
    let mut next = || random.next();
    let program = if rough { nonsense::program(&mut next) } else { nonsense::kernel(&mut next) };
    let mut registers = nonsense::description(&mut next, code, data);
    // Where its end is told: a sync object, as a rule.
    let object = random.below(1024) as u32;
    registers.insert(0x714, random.near32(1 << 31 | (object * 4) << 16 | 1));
    let words: Vec<_> =
        (0x400..0x718).step_by(4).map(|at| registers.get(&at).copied().unwrap_or(0)).collect();
    let packets = Packets::default()
        .wreg_bulk(register::TENSOR_0, &words)
        .wreg32(register::CMD, random.near32(0xF))
        .wreg32(register::EXECUTE, random.near32(1));
    (packets.bytes().to_vec(), program.iter().flat_map(|word| word.to_bytes()).collect())
}

/// A chunk for an external queue, whose buffer holds `packets` from now on.
fn external(buffer: &Buffer, queue: u32, packets: &Packets) -> hl_cs_chunk {
    if let Some(map) = &buffer.map {
        map.write(0, packets.bytes());
    }
    chunk(buffer.handle, queue, packets.bytes().len(), 0)
}

fn submit(thread: &Thread<'_>, core: u64, chunks: &[hl_cs_chunk]) -> io::Result<u64> {
    thread.trace(Kind::Launch, core as u32);
    let submitted = thread.user.card.submit(chunks, HL_CS_FLAGS_CUSTOM_TIMEOUT, 1);
    thread.user.tally.count(Kind::Launch, core as u32, submitted)
}
