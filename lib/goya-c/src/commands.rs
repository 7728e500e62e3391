// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Packets, sync objects and monitors.

use std::ffi::{c_char, c_int, c_void};

use goya::{Commands, Error, FenceCounter, Monitor, Queue, Result, SyncObject};

use crate::error::{borrow, borrow_mut, code, free, goya_error, object, put, put_text, slice, text};
use crate::{goya_device, goya_place, place};

/// Packets in a row.
pub struct goya_commands(pub(crate) Commands);

/// A counter that packets set, add to, and wait for.
pub struct goya_sync_object(SyncObject);

/// What waits for a sync object.
pub struct goya_monitor(Monitor);

/// The queue of a number of `enum goya_queue_id`.
pub(crate) fn queue(number: u32) -> Result<Queue> {
    Queue::from_number(number).ok_or_else(|| {
        Error::Invalid(format!("no queue of users has the number {number}: there are 0 to 4 and 6 to 14"))
    })
}

/// No packets.
///
/// # Safety
/// `error` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_new(error: *mut goya_error) -> *mut goya_commands {
    // SAFETY: the caller's promise.
    unsafe { object(error, || Ok(goya_commands(Commands::new()))) }
}

/// The packets of a text.
///
/// # Safety
/// `source` is a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_assemble(
    source: *const c_char,
    error: *mut goya_error,
) -> *mut goya_commands {
    // SAFETY: the caller's promise.
    unsafe { object(error, || Commands::assemble(text(source, "the text")?).map(goya_commands)) }
}

/// Writes the text of packets, cut to `size` bytes, and returns its whole length.
///
/// # Safety
/// `to` is null, or has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_disassemble(
    commands: *const goya_commands,
    to: *mut c_char,
    size: usize,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { code(error, || Ok(put_text(&borrow(commands, "the commands")?.0.disassemble(), to, size))) }
}

/// The bytes of packets, until they are changed or freed; their number goes to `size`. NULL if there are none.
///
/// # Safety
/// `commands` is null or valid; `size` is null, or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_bytes(
    commands: *const goya_commands,
    size: *mut usize,
) -> *const c_void {
    // SAFETY: the caller's promise.
    let bytes = unsafe { commands.as_ref() }.map_or(&[][..], |commands| commands.0.bytes());
    // SAFETY: the caller's promise.
    unsafe { put(size, bytes.len()) };
    if bytes.is_empty() { std::ptr::null() } else { bytes.as_ptr().cast() }
}

/// Frees packets.
///
/// # Safety
/// `commands` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_free(commands: *mut goya_commands) {
    // SAFETY: the caller's promise.
    unsafe { free(commands) }
}

/// Appends packets.
///
/// # Safety
/// `commands` and `error` are null or valid, and nobody else uses `commands`.
unsafe fn append(
    commands: *mut goya_commands,
    error: *mut goya_error,
    work: impl FnOnce(&mut Commands) -> Result,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        code(error, || {
            work(&mut borrow_mut(commands, "the commands")?.0)?;
            Ok(0)
        })
    }
}

/// Appends one that does nothing.
///
/// # Safety
/// `commands` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_nop(commands: *mut goya_commands, error: *mut goya_error) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.nop();
            Ok(())
        })
    }
}

/// Appends any bytes.
///
/// # Safety
/// `data` has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_raw(
    commands: *mut goya_commands,
    data: *const c_void,
    size: usize,
    error: *mut goya_error,
) -> c_int {
    // A copy, since they may be the commands' own, which move when they grow.
    // SAFETY: the caller's promise.
    let data = unsafe { slice(data.cast::<u8>(), size, "the data") }.map(<[u8]>::to_vec);
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.raw(&data?);
            Ok(())
        })
    }
}

/// Has the memory of a place live as long as the packets, although none of them names it by itself: bytes of one's own.
///
/// # Safety
/// The place is of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_keep(
    commands: *mut goya_commands,
    what: goya_place,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.keep(place(&what)?);
            Ok(())
        })
    }
}

/// Appends all packets of others.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_append(
    commands: *mut goya_commands,
    others: *const goya_commands,
    error: *mut goya_error,
) -> c_int {
    // A copy, since they may be the same.
    // SAFETY: the caller's promise.
    let others = unsafe { others.as_ref() }.map(|others| others.0.clone());
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.append(&others.ok_or_else(|| Error::Invalid("the other commands are NULL".into()))?);
            Ok(())
        })
    }
}

/// Appends one that stops the queue. Only for internal queues.
///
/// # Safety
/// `commands` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_stop(commands: *mut goya_commands, error: *mut goya_error) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.stop();
            Ok(())
        })
    }
}

/// Appends one that writes a register of the engine. A DMA queue's jobs may write 0x1020 alone.
///
/// # Safety
/// `commands` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_write_register(
    commands: *mut goya_commands,
    register: u16,
    value: u32,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.write_register(register, value);
            Ok(())
        })
    }
}

/// Appends a copy of `size` bytes.
///
/// # Safety
/// The places are of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_copy(
    commands: *mut goya_commands,
    from: goya_place,
    to: goya_place,
    size: u32,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { append(commands, error, |commands| commands.copy(place(&from)?, place(&to)?, size).map(drop)) }
}

/// Appends one that fills `size` bytes with a value of eight.
///
/// # Safety
/// The place is of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_fill(
    commands: *mut goya_commands,
    to: goya_place,
    value: u64,
    size: u32,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { append(commands, error, |commands| commands.fill(place(&to)?, value, size).map(drop)) }
}

/// Appends one that writes a word.
///
/// # Safety
/// The place is of valid objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_write(
    commands: *mut goya_commands,
    to: goya_place,
    value: u32,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { append(commands, error, |commands| commands.write(place(&to)?, value).map(drop)) }
}

/// Appends one that sets a sync object.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_set(
    commands: *mut goya_commands,
    object: *const goya_sync_object,
    value: u16,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.set(&borrow(object, "the sync object")?.0, value);
            Ok(())
        })
    }
}

/// Appends one that adds to a sync object.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_add(
    commands: *mut goya_commands,
    object: *const goya_sync_object,
    value: u16,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            commands.add(&borrow(object, "the sync object")?.0, value);
            Ok(())
        })
    }
}

/// Appends one that waits until a counter of the queue is at least `gate`, which is 15 at most, then takes `gate` from it.
/// `queue_id` is the queue that the packets are for, `counter` one of its four, 0 to 3; counter 3 of DMA queue 3 is that of
/// launches.
///
/// # Safety
/// `commands` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_wait(
    commands: *mut goya_commands,
    queue_id: u32,
    counter: u8,
    gate: u8,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            if gate > 15 {
                return Err(Error::Invalid(format!(
                    "a gate of {gate}: a packet takes 15 at most from a counter"
                )));
            }
            commands.wait(FenceCounter::new(queue(queue_id)?, counter)?, gate);
            Ok(())
        })
    }
}

/// Appends what has a monitor raise a counter of a queue by one once a sync object is at least `value`.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_monitor(
    commands: *mut goya_commands,
    monitor: *const goya_monitor,
    object: *const goya_sync_object,
    value: u16,
    queue_id: u32,
    counter: u8,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            let counter = FenceCounter::new(queue(queue_id)?, counter)?;
            let (monitor, object) = (borrow(monitor, "the monitor")?, borrow(object, "the sync object")?);
            commands.monitor(&monitor.0, &object.0, value, counter);
            Ok(())
        })
    }
}

/// Appends both: what waits until a sync object is at least `value`. `queue_id` is the queue that the packets are for, `counter`
/// one of its four, 0 to 3; counter 3 of DMA queue 3 is that of launches.
///
/// # Safety
/// Objects are valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_commands_wait_for(
    commands: *mut goya_commands,
    monitor: *const goya_monitor,
    object: *const goya_sync_object,
    value: u16,
    queue_id: u32,
    counter: u8,
    error: *mut goya_error,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        append(commands, error, |commands| {
            let counter = FenceCounter::new(queue(queue_id)?, counter)?;
            let (monitor, object) = (borrow(monitor, "the monitor")?, borrow(object, "the sync object")?);
            commands.wait_for(&monitor.0, &object.0, value, counter);
            Ok(())
        })
    }
}

/// Makes a sync object, which nobody else of the device has.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_sync_object_new(
    device: *const goya_device,
    error: *mut goya_error,
) -> *mut goya_sync_object {
    // SAFETY: the caller's promise.
    let new = || unsafe { borrow(device, "the device") }?.0.sync_object().map(goya_sync_object);
    // SAFETY: the caller's promise.
    unsafe { object(error, new) }
}

/// The number of a sync object.
///
/// # Safety
/// `object` is null or valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_sync_object_number(object: *const goya_sync_object) -> u32 {
    // SAFETY: the caller's promise.
    unsafe { object.as_ref() }.map_or(u32::MAX, |object| object.0.number().into())
}

/// Gives a sync object back, once no packets use it any more.
///
/// # Safety
/// `object` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_sync_object_free(object: *mut goya_sync_object) {
    // SAFETY: the caller's promise.
    unsafe { free(object) }
}

/// Makes a monitor, which nobody else of the device has.
///
/// # Safety
/// `device` is valid.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_monitor_new(
    device: *const goya_device,
    error: *mut goya_error,
) -> *mut goya_monitor {
    // SAFETY: the caller's promise.
    let new = || unsafe { borrow(device, "the device") }?.0.monitor().map(goya_monitor);
    // SAFETY: the caller's promise.
    unsafe { object(error, new) }
}

/// Gives a monitor back, once no packets use it any more.
///
/// # Safety
/// `monitor` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_monitor_free(monitor: *mut goya_monitor) {
    // SAFETY: the caller's promise.
    unsafe { free(monitor) }
}

#[cfg(test)]
mod tests {
    use std::ptr::{null, null_mut};

    use super::*;

    #[test]
    fn packets_are_appended() {
        // SAFETY: the objects are ours, and null is allowed where it is used.
        unsafe {
            let (one, mut size) = (goya_commands_new(null_mut()), 7);
            assert!(goya_commands_bytes(one, &mut size).is_null());
            assert_eq!(size, 0);
            assert_eq!(goya_commands_nop(one, null_mut()), 0);
            assert_eq!(goya_commands_append(one, one, null_mut()), 0);
            assert_eq!(goya_commands_stop(one, null_mut()), 0);
            assert_eq!(goya_commands_write_register(one, 0x1020, 7, null_mut()), 0);
            assert_eq!(goya_commands_wait(one, 2, 0, 1, null_mut()), 0);
            assert!(!goya_commands_bytes(one, &mut size).is_null());
            let wanted = Commands::assemble(
                "nop\nnop\nstop\nwreg32 register=0x1020 value=7\nfence id=0 gate=1 decrement=1",
            );
            assert_eq!((*one).0.bytes(), wanted.unwrap().bytes());
            assert_eq!(goya_commands_append(one, null(), null_mut()), -libc::EINVAL);
            assert_eq!(goya_commands_wait(one, 3, 3, 1, null_mut()), -libc::EINVAL);
            assert_eq!(goya_commands_raw(one, null(), 8, null_mut()), -libc::EINVAL);
            assert_eq!(goya_commands_wait(one, 2, 0, 16, null_mut()), -libc::EINVAL);
            // Their own bytes, which move meanwhile.
            let before = (*one).0.bytes().to_vec();
            let own = goya_commands_bytes(one, &mut size);
            assert_eq!(goya_commands_raw(one, own, size, null_mut()), 0);
            assert_eq!((*one).0.bytes(), before.repeat(2));
            goya_commands_free(one);
        }
    }
}
