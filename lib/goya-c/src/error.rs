// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Errors, and what stands between C and a panic.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use goya::{Error, Result};

/// Bytes of a message, with the zero at its end.
pub const GOYA_MESSAGE_SIZE: usize = 512;

/// What went wrong, and what to do about it.
#[repr(C)]
pub struct goya_error {
    /// A negative errno.
    pub code: c_int,
    /// A sentence, cut if it is longer.
    pub message: [c_char; GOYA_MESSAGE_SIZE],
}

impl goya_error {
    fn new(code: c_int, message: &str) -> Self {
        let mut error = Self { code, message: [0; GOYA_MESSAGE_SIZE] };
        let room = GOYA_MESSAGE_SIZE - 1;
        // Characters are not cut.
        let end = (0..=message.len().min(room)).rev().find(|&n| message.is_char_boundary(n)).unwrap_or(0);
        for (to, byte) in error.message.iter_mut().zip(message.as_bytes().iter().take(end)) {
            *to = *byte as c_char;
        }
        error
    }
}

/// Does something for C: what is returned is its code.
///
/// # Safety
/// `error` is null, or a `goya_error` that may be written.
pub(crate) unsafe fn code(error: *mut goya_error, work: impl FnOnce() -> Result<c_int>) -> c_int {
    let (code, message) = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(code)) => return code,
        Ok(Err(e)) => (-e.errno(), e.to_string()),
        Err(_) => (-libc::EIO, "libgoya has panicked: this is a bug of its own".to_owned()),
    };
    // SAFETY: the caller's promise.
    unsafe { put(error, goya_error::new(code, &message)) };
    code
}

/// Writes what C asks for, which may be nothing. It may have no value yet, so there is no reference to it.
///
/// # Safety
/// `to` is null, or may be written.
pub(crate) unsafe fn put<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: the caller's promise.
        unsafe { to.write(value) };
    }
}

/// Fails if a pointer of C is null.
pub(crate) fn some<T>(pointer: *const T, what: &str) -> Result {
    if pointer.is_null() { Err(Error::Invalid(format!("{what} is NULL"))) } else { Ok(()) }
}

/// Makes an object for C, or null.
///
/// # Safety
/// As [`code`].
pub(crate) unsafe fn object<T>(error: *mut goya_error, work: impl FnOnce() -> Result<T>) -> *mut T {
    let mut made = std::ptr::null_mut();
    let make = || {
        made = Box::into_raw(Box::new(work()?));
        Ok(0)
    };
    // SAFETY: the caller's promise.
    unsafe { code(error, make) };
    made
}

/// Frees an object. What its end panics of does not get out.
///
/// # Safety
/// `object` is null, or of [`object`] and not used any more.
pub(crate) unsafe fn free<T>(object: *mut T) {
    if let Some(object) = NonNull::new(object) {
        // SAFETY: the caller's promise.
        let object = unsafe { Box::from_raw(object.as_ptr()) };
        let _ = catch_unwind(AssertUnwindSafe(|| drop(object)));
    }
}

/// A reference to an object of the library's that C has.
///
/// # Safety
/// `pointer` is null, or valid for as long as the reference is used.
pub(crate) unsafe fn borrow<'a, T>(pointer: *const T, what: &str) -> Result<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| Error::Invalid(format!("{what} is NULL")))
}

/// The same, to change it.
///
/// # Safety
/// As [`borrow`], and nobody else uses it meanwhile.
pub(crate) unsafe fn borrow_mut<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| Error::Invalid(format!("{what} is NULL")))
}

/// Fails if an array of C's cannot be: without a place, askew, or with more bytes than an object can have.
fn array<T>(pointer: *const T, count: usize, what: &str) -> Result {
    some(pointer, what)?;
    let bytes = count.checked_mul(size_of::<T>()).and_then(|bytes| isize::try_from(bytes).ok());
    if bytes.is_none() || !pointer.is_aligned() {
        let how = if bytes.is_none() { "larger than memory" } else { "not aligned" };
        return Err(Error::Invalid(format!("{what} is {how}")));
    }
    Ok(())
}

/// An array that C has. It may be null if it is empty.
///
/// # Safety
/// `pointer` is null, or has `count` elements for as long as the slice is used, as far as that can be.
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, count: usize, what: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    array(pointer, count, what)?;
    // SAFETY: the caller's promise; place and size are possible ones.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// Bytes of C's to be written; there may be none.
///
/// # Safety
/// `pointer` is null, or has `count` bytes that nobody else uses as long as the slice is used, as far as that can be.
pub(crate) unsafe fn slice_mut<'a>(pointer: *mut c_void, count: usize, what: &str) -> Result<&'a mut [u8]> {
    if count == 0 {
        return Ok(&mut []);
    }
    array(pointer.cast::<u8>(), count, what)?;
    // SAFETY: the caller's promise; any bytes are bytes, and the size is a possible one.
    Ok(unsafe { std::slice::from_raw_parts_mut(pointer.cast(), count) })
}

/// A string that C has.
///
/// # Safety
/// `pointer` is null, or a string that ends with a zero, for as long as the text is used.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: &str) -> Result<&'a str> {
    some(pointer, what)?;
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::Invalid(format!("{what} is no UTF-8")))
}

/// Writes a text for C, cut to `size` bytes with the zero at its end; returns its whole length.
///
/// # Safety
/// `to` is null, or has `size` bytes that may be written.
pub(crate) unsafe fn put_text(text: &str, to: *mut c_char, size: usize) -> c_int {
    if size > 0 && !to.is_null() {
        let len = text.len().min(size - 1);
        // SAFETY: the caller's promise; the length is within both.
        unsafe {
            to.copy_from(text.as_ptr().cast(), len);
            to.add(len).write(0);
        }
    }
    c_int::try_from(text.len()).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new() -> goya_error {
        goya_error { code: 0, message: [1; GOYA_MESSAGE_SIZE] }
    }

    fn said(error: &goya_error) -> String {
        let bytes: Vec<u8> = error.message.iter().map(|&c| c as u8).take_while(|&b| b != 0).collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn errors_and_panics_are_told() {
        let mut error = new();
        // SAFETY: the error is ours.
        let code = |error: &mut goya_error, work: fn() -> Result<c_int>| unsafe { super::code(error, work) };
        assert_eq!(code(&mut error, || Ok(7)), 7);
        assert_eq!(error.code, 0);
        assert_eq!(code(&mut error, || Err(Error::Invalid("so".into()))), -libc::EINVAL);
        assert_eq!((error.code, said(&error).as_str()), (-libc::EINVAL, "so"));
        assert_eq!(code(&mut error, || panic!("on purpose")), -libc::EIO);
        assert!(said(&error).contains("panicked"));
        // SAFETY: null is allowed.
        assert_eq!(unsafe { super::code(std::ptr::null_mut(), || Err(Error::NoRoom)) }, -libc::EAGAIN);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(said(&goya_error::new(-1, &"ü".repeat(400))), "ü".repeat(255));
        assert_eq!(said(&goya_error::new(-1, &"a".repeat(600))).len(), 511);
    }

    #[test]
    fn texts_are_cut() {
        let mut to = [1 as c_char; 4];
        // SAFETY: four bytes, of which as many are said to be there.
        unsafe {
            assert_eq!(put_text("abcdef", to.as_mut_ptr(), 4), 6);
            assert_eq!(to, [97, 98, 99, 0]);
            assert_eq!(put_text("abcdef", std::ptr::null_mut(), 0), 6);
            assert!(slice::<u32>(std::ptr::null(), 1, "x").is_err());
            assert!(slice::<u32>(std::ptr::null(), 0, "x").unwrap().is_empty());
            // Sizes and places that no array has are refused before anybody looks there.
            assert!(slice([0u64; 2].as_ptr(), usize::MAX, "x").is_err());
            assert!(slice([0u64; 2].as_ptr(), usize::MAX / 8 + 2, "x").is_err());
            assert!(slice([0u64; 2].as_ptr().byte_add(1), 1, "x").is_err());
            assert!(slice_mut([0u8; 2].as_mut_ptr().cast(), usize::MAX, "x").is_err());
            assert!(slice_mut(std::ptr::null_mut(), 1, "x").is_err());
            assert!(slice_mut(std::ptr::null_mut(), 0, "x").unwrap().is_empty());
            assert!(text(std::ptr::null(), "x").is_err());
            put(std::ptr::null_mut(), 1);
        }
    }
}
