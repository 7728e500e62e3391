// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What the card does for the library.

use std::os::fd::AsRawFd;

use goya::tpc::{Program, Tensor, find};
use goya::{BufferOptions, Commands, Device, Hint, Queue, Submission};
use goya_tests::tpc::{bytes, floats};
use goya_tests::{Result, check, check_eq, kmsg, noise};
use goya_tpc_kernels::reference;

use super::{open, told};
use crate::run::skip;

/// Host to device memory to SRAM to host, by places of memory, and by `put` and `get`.
pub(super) fn copies() -> Result {
    const SIZE: usize = 3 << 20;
    let device = open()?;
    let (source, target) = (told(device.host_memory(SIZE))?, told(device.host_memory(SIZE))?);
    let dram = told(device.device_memory(SIZE as u64))?;
    let data = noise(1, SIZE);
    told(source.write(0, &data))?;
    let sram = told(goya::sram(0, SIZE as u64))?;
    let steps = [
        (Queue::Dma1, (&source).into(), (&dram).into()),
        (Queue::Dma3, (&dram).into(), sram.clone()),
        (Queue::Dma2, sram, goya::Place::from(&target)),
    ];
    for (queue, from, to) in steps {
        let mut commands = Commands::new();
        told(commands.copy(&from, &to, SIZE as u32))?;
        told(device.run(queue, &commands))?;
    }
    check!(told(target.to_vec(0, SIZE))? == data, "other data came back");
    let (at, piece) = (told(dram.at(5, 1000))?, noise(2, 1000));
    told(device.put(&at, &piece))?;
    let mut back = vec![0; 1000];
    told(device.get(&at, &mut back))?;
    check!(back == piece, "put and get differ");
    let mut fill = Commands::new();
    told(told(fill.fill(&at, 0x0102_0304_0506_0708, 16))?.write(told(at.at(16, 4))?, 0xABCD_EF01))?;
    told(device.run(Queue::Dma4, &fill))?;
    told(device.get(told(at.at(0, 20))?, &mut back[..20]))?;
    check_eq!(back[..8], [8, 7, 6, 5, 4, 3, 2, 1], "what was filled");
    check_eq!(back[16..20], [1, 0xEF, 0xCD, 0xAB], "what was written");
    Ok(())
}

/// A text that the card executes, and its packets as a text again.
pub(super) fn text() -> Result {
    let device = open()?;
    let at = told(goya::sram(0x100, 8))?;
    let text = format!("msg_long address={:#x} value=0x7e57\n# done\nnop\n", at.address());
    let commands = told(Commands::assemble(&text))?;
    told(device.run(Queue::Dma0, &commands))?;
    let mut word = [0; 4];
    told(device.get(&at, &mut word))?;
    check_eq!(u32::from_le_bytes(word), 0x7E57, "the word that a text writes");
    let again = told(Commands::assemble(&commands.disassemble()))?;
    check_eq!(again.bytes(), commands.bytes(), "the packets of their text");
    Ok(())
}

/// A tensor core's queue waits for DMA, and DMA for it; and so does the matrix engine's.
pub(super) fn queues() -> Result {
    let device = open()?;
    let (ready, done) = (told(device.sync_object())?, told(device.sync_object())?);
    let (first, second) = (told(device.monitor())?, told(device.monitor())?);
    let mut clear = Commands::new();
    clear.set(&ready, 0).set(&done, 0);
    for queue in [Queue::Tpc2, Queue::Mme] {
        told(device.run(Queue::Dma3, &clear))?;
        let (at, value) = (told(goya::sram(0x2000, 4))?, 0x600D_0000 | queue.number());
        let mut packets = Commands::new();
        packets.wait_for(&first, &ready, 2, told(device.fence_counter(queue, 1))?);
        told(packets.write(&at, value))?.add(&done, 1);
        let place = told(goya::sram(0x1_0000, 0x1000))?;
        told(device.put(&place, packets.bytes()))?;
        let target = told(device.host_memory(4096))?;
        let mut fetch = Commands::new();
        fetch.wait_for(&second, &done, 1, told(device.fence_counter(Queue::Dma2, 0))?);
        told(fetch.copy(&at, &target, 4))?;
        let mut start = Commands::new();
        start.add(&ready, 1).add(&ready, 1);
        let (fetch, start) = (told(device.command_buffer(&fetch))?, told(device.command_buffer(&start))?);
        let submission = Submission::new()
            .internal_job(queue, &place, packets.bytes().len())
            .job(Queue::Dma2, &fetch)
            .job(Queue::Dma4, &start);
        told(told(device.submit(submission))?.wait())?;
        check_eq!(told(target.to_vec(0, 4))?, value.to_le_bytes(), format!("the word of {queue:?}"));
    }
    Ok(())
}

/// Puts tensors of floats one behind the other, with room for one more.
fn tensors(device: &Device, inputs: &[&[f32]], sizes: goya::tpc::Index) -> Result<Vec<Tensor>> {
    let len: u64 = sizes.iter().map(|size| u64::from(*size)).product::<u64>() * 4;
    let memory = told(device.device_memory(len * (inputs.len() as u64 + 1)))?;
    let place = |n: usize| told(memory.at(n as u64 * len, len));
    for (n, input) in inputs.iter().enumerate() {
        told(device.put(place(n)?, &bytes(input)))?;
    }
    (0..=inputs.len()).map(|n| Ok(Tensor::new(place(n)?, 4, sizes))).collect()
}

/// A kernel on any number of cores, started twice; what was bound lives although nobody else has it.
pub(super) fn kernels() -> Result {
    const COUNT: usize = 200 * 9;
    let device = open()?;
    let program = told(Program::load(&device, told(find("add_f32"))?))?;
    let (a, b) = (floats(1, COUNT), floats(2, COUNT));
    let expected = bytes(&reference::add_f32(&a, &b));
    let all = tensors(&device, &[&a, &b], [200, 9, 1, 1, 1])?;
    let mut made = vec![0; COUNT * 4];
    for cores in [1, 3, 8] {
        let mut launch = told(program.bind(&all, &[], cores))?;
        for _ in 0..2 {
            told(device.put(all[2].place(), &vec![0xEE; COUNT * 4]))?;
            told(told(launch.start())?.wait())?;
            told(device.get(all[2].place(), &mut made))?;
            check!(made == expected, "the sum is wrong on {cores} cores");
        }
        // The second start waits for the first.
        told(launch.start())?;
        told(told(launch.start())?.wait())?;
    }
    check!(program.bind(&all[..2], &[], 8).is_err(), "a sum of one");
    check!(program.bind(&all, &[1], 8).is_err(), "a sum with a scalar");
    check!(program.bind(&all, &[], 0).is_err() && program.bind(&all, &[], 9).is_err(), "cores");
    let bytes_instead: Vec<_> = all.iter().map(|t| Tensor::new(t.place(), 1, t.sizes())).collect();
    check!(program.bind(&bytes_instead, &[], 8).is_err(), "a sum of bytes");
    Ok(())
}

/// A program of one's own.
pub(super) fn program() -> Result {
    let device = open()?;
    let program = told(Program::assemble(&device, "halt"))?;
    let mut launch = told(program.bind_space(&[], &[], [8, 1, 1, 1, 1], 8))?;
    told(told(launch.start())?.wait())?;
    check!(program.bind(&[], &[], 1).is_err(), "an index space that nobody knows");
    check!(Program::assemble(&device, "hlat").is_err(), "no instruction");
    Ok(())
}

/// Memory at an address that is asked for, and the same memory at two.
pub(super) fn mappings() -> Result {
    kmsg::expect("could not be respected")?;
    kmsg::expect("no available va block")?;
    let device = open()?;
    let buffer = told(device.buffer(2 << 20, BufferOptions { contiguous: true, ..Default::default() }))?;
    let first = told(buffer.map(Hint::Any))?;
    let wanted = goya::DRAM.start + (1 << 36);
    let second = told(buffer.map(Hint::Exactly(wanted)))?;
    check_eq!(second.address(), wanted, "the address that was asked for");
    check!(buffer.map(Hint::Exactly(wanted)).is_err(), "the same address once more");
    drop(buffer);
    let data = noise(7, 4096);
    told(device.put(told(first.at(0, 4096))?, &data))?;
    drop(first);
    let mut back = vec![0; 4096];
    told(device.get(told(second.at(0, 4096))?, &mut back))?;
    check!(back == data, "one memory, other data");
    let used = |device: &Device| told(device.info().dram_usage()).map(|usage| usage.ctx_dram_mem);
    check_eq!(used(&device)?, 2 << 20, "device memory in use");
    drop(second);
    check_eq!(used(&device)?, 0, "device memory in use when nobody has any");

    let host_at = goya::HOST.start + (1 << 40);
    let host = told(device.host_memory_at(4 << 20, Hint::Exactly(host_at)))?;
    check_eq!((host.address(), host.len()), (host_at, 4 << 20), "host memory");
    let mut mine = vec![0u8; 10000];
    let start = std::ptr::NonNull::new(mine.as_mut_ptr()).ok_or("a null pointer")?;
    // SAFETY: nobody else uses the memory until the mapping has gone, which is before the memory goes.
    let mapped = told(unsafe { device.map_host(start, 10000, Hint::Any) })?;
    let mut copy = Commands::new();
    told(copy.copy(&second_page(&device, &data)?, &mapped, 4096))?;
    told(device.run(Queue::Dma2, &copy))?;
    check!(told(mapped.to_vec(0, 4096))? == data, "memory of one's own");
    drop((copy, mapped));
    check!(mine[..4096] == data, "memory of one's own, seen by its owner");
    Ok(())
}

fn second_page(device: &Device, data: &[u8]) -> Result<goya::Place> {
    let place = told(goya::sram(4096, 4096))?;
    told(device.put(&place, data))?;
    Ok(place)
}

/// A dma-buf keeps its memory.
pub(super) fn export() -> Result {
    let device = open()?;
    let memory = told(device.device_memory(2 << 20))?;
    let exported = match memory.export(0, 4096) {
        Err(e) if e.errno() == libc::EINVAL => skip("the window does not reach users' memory"),
        exported => told(exported)?,
    };
    check!(exported.as_raw_fd() >= 0, "no descriptor");
    check!(memory.export(2 << 20, 4096).is_err(), "what is not there was exported");
    drop(memory);
    check_eq!(told(device.info().dram_usage())?.ctx_dram_mem, 2 << 20, "device memory that is exported");
    drop(exported);
    check_eq!(told(device.info().dram_usage())?.ctx_dram_mem, 0, "device memory that was");
    Ok(())
}
