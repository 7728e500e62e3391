// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Kernels on the tensor cores.

use std::ffi::{c_char, c_void};

use goya::Result;
use goya::tpc::{Launch, Program, Tensor, find};

use crate::error::{borrow, borrow_mut, free, goya_error, object, slice, text};
use crate::submit::{
    GOYA_SUBMIT_NO_RESET, GOYA_SUBMIT_TIMEOUT, GOYA_SUBMIT_TIMESTAMP, check_flags, with_flags,
};
use crate::{goya_device, goya_fence, goya_place, place};

/// A kernel's code in the card's memory.
pub struct goya_program(Program);

/// A kernel with all it needs.
pub struct goya_launch(Launch);

/// A tensor in the card's memory.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct goya_tensor {
    /// Where it is.
    pub place: goya_place,
    /// Bytes of an element: 1, 2 or 4.
    pub element: u32,
    /// Elements of each dimension; 1 for those that are not used.
    pub sizes: [u32; 5],
    /// Distances, in elements, between neighbours in each dimension; all zero if there are no gaps.
    pub strides: [u32; 5],
}

unsafe fn tensors(array: *const goya_tensor, count: usize) -> Result<Vec<Tensor>> {
    let tensor = |tensor: &goya_tensor| {
        // SAFETY: the caller's promise.
        let dense = Tensor::new(unsafe { place(&tensor.place) }?, tensor.element, tensor.sizes);
        Ok(if tensor.strides == [0; 5] { dense } else { dense.with_strides(tensor.strides) })
    };
    // SAFETY: the caller's promise.
    unsafe { slice(array, count, "the array of tensors") }?.iter().map(tensor).collect()
}

/// Loads a kernel that comes with the library, as "add_f32".
///
/// # Safety
/// `device` is valid, and `name` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_program_load(
    device: *const goya_device,
    name: *const c_char,
    error: *mut goya_error,
) -> *mut goya_program {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            Program::load(&borrow(device, "the device")?.0, find(text(name, "the name")?)?).map(goya_program)
        })
    }
}

/// Loads a kernel from its text.
///
/// # Safety
/// `device` is valid, and `source` a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_program_assemble(
    device: *const goya_device,
    source: *const c_char,
    error: *mut goya_error,
) -> *mut goya_program {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            Program::assemble(&borrow(device, "the device")?.0, text(source, "the text")?).map(goya_program)
        })
    }
}

/// Loads a kernel from its code.
///
/// # Safety
/// `device` is valid, and `data` has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_program_from_bytes(
    device: *const goya_device,
    data: *const c_void,
    size: usize,
    error: *mut goya_error,
) -> *mut goya_program {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            let code = slice(data.cast(), size, "the code")?;
            Program::from_bytes(&borrow(device, "the device")?.0, code).map(goya_program)
        })
    }
}

/// Frees a program. What was bound goes on.
///
/// # Safety
/// `program` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_program_free(program: *mut goya_program) {
    // SAFETY: the caller's promise.
    unsafe { free(program) }
}

/// Gives a program its arguments, and splits its work between the first `cores` cores. Scalars are bits. `space` has the five
/// sizes of the index space; it may be NULL for a kernel that comes with the library.
///
/// # Safety
/// Objects are valid, and arrays have as many elements as is said.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_program_bind(
    program: *const goya_program,
    tensor_array: *const goya_tensor,
    tensor_count: usize,
    scalar_array: *const u32,
    scalar_count: usize,
    space: *const u32,
    cores: u32,
    error: *mut goya_error,
) -> *mut goya_launch {
    // SAFETY: the caller's promise.
    unsafe {
        object(error, || {
            let program = &borrow(program, "the program")?.0;
            let tensors = tensors(tensor_array, tensor_count)?;
            let scalars = slice(scalar_array, scalar_count, "the array of scalars")?;
            let launch = if space.is_null() {
                program.bind(&tensors, scalars, cores)
            } else {
                program.bind_space(&tensors, scalars, space.cast::<[u32; 5]>().read(), cores)
            };
            launch.map(goya_launch)
        })
    }
}

/// Starts a kernel; waits for the end of the last time first.
///
/// # Safety
/// `launch` is valid, and nobody else uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_launch_start(
    launch: *mut goya_launch,
    error: *mut goya_error,
) -> *mut goya_fence {
    // SAFETY: the caller's promise.
    let start = || unsafe { borrow_mut(launch, "the launch") }?.0.start().map(goya_fence);
    // SAFETY: the caller's promise.
    unsafe { object(error, start) }
}

/// The same with GOYA_SUBMIT_TIMESTAMP, _TIMEOUT, and _NO_RESET; any other flag is an error.
///
/// # Safety
/// `launch` is valid, and nobody else uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_launch_start_with(
    launch: *mut goya_launch,
    flags: u32,
    timeout_seconds: u32,
    error: *mut goya_error,
) -> *mut goya_fence {
    const KNOWN: u32 = GOYA_SUBMIT_TIMESTAMP | GOYA_SUBMIT_TIMEOUT | GOYA_SUBMIT_NO_RESET;
    let start = || {
        check_flags(flags, KNOWN)?;
        // SAFETY: the caller's promise.
        let launch = unsafe { borrow_mut(launch, "the launch") }?;
        launch.0.start_with(|submission| with_flags(submission, flags, timeout_seconds)).map(goya_fence)
    };
    // SAFETY: the caller's promise.
    unsafe { object(error, start) }
}

/// Frees what was bound, once it is not running any more.
///
/// # Safety
/// `launch` is null, or nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn goya_launch_free(launch: *mut goya_launch) {
    // SAFETY: the caller's promise.
    unsafe { free(launch) }
}
