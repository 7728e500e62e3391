// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! What goes in and out of an attribute in sysfs.

use kernel::{bindings, error::to_result, fmt, prelude::*};

/// The text of an attribute that is being shown: at most a page less one byte.
///
/// What is more than that is cut off, as `sysfs_emit()` does: writing never fails.
pub(crate) struct Text<'a> {
    buffer: &'a mut [u8],
    used: usize,
}

impl<'a> Text<'a> {
    /// Writes to `buffer`, of which the last byte is kept free.
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, used: 0 }
    }

    /// Adds bytes as they are: text of the firmware's need not be UTF-8.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let end = self.buffer.len().saturating_sub(1);
        let room = self.buffer.get_mut(self.used..end).unwrap_or_default();
        let take = room.len().min(bytes.len());
        for (to, from) in room.iter_mut().zip(bytes) {
            *to = *from;
        }
        self.used = self.used.saturating_add(take);
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> usize {
        self.used
    }
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.push(s.as_bytes());
        Ok(())
    }
}

/// What a user wrote to an attribute.
///
/// # Invariants
///
/// The byte after `.0` can be read and is zero.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    /// The text without its end, for tests.
    #[cfg(CONFIG_KUNIT = "y")]
    pub(crate) fn new(text: &'a CStr) -> Self {
        // INVARIANT: A C string ends with a zero.
        Self(text.to_bytes())
    }

    /// Bytes that the kernel gave us.
    ///
    /// # Safety
    ///
    /// As long as `bytes` lives, the byte after it can be read and is zero.
    pub(in crate::abstractions) unsafe fn from_raw(bytes: &'a [u8]) -> Self {
        // INVARIANT: By the function's precondition.
        Self(bytes)
    }

    /// The bytes as written, usually with a newline at the end.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The text as a number: decimal, 0x hexadecimal or 0 octal, a newline may follow.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no number or does not fit.
    pub(crate) fn number(&self) -> Result<u64> {
        self.number_in(0).map_err(|_| EINVAL)
    }

    /// The text as a number with base `base`; 0 is what [`Input::number`] takes.
    ///
    /// # Errors
    ///
    /// `EINVAL` if it is no number, `ERANGE` if it does not fit.
    pub(crate) fn number_in(&self, base: u32) -> Result<u64> {
        let mut value = 0;
        // SAFETY: By the type invariant the text ends with a zero; `value` can be written.
        to_result(unsafe { bindings::kstrtoull(self.0.as_ptr(), base, &mut value) })?;
        Ok(value)
    }
}

#[kunit_tests(goya_sysfs_text)]
mod tests {
    use super::*;
    use fmt::Write;

    #[test]
    fn text_is_cut_off() {
        let mut buffer = [0xff; 8];
        let mut text = Text::new(&mut buffer);
        assert!(write!(text, "{}", 12345).is_ok());
        text.push(b"6789");
        text.push(b"x");
        assert_eq!(text.len(), 7);
        assert_eq!(buffer, *b"1234567\xff");
        let mut none = [];
        let mut text = Text::new(&mut none);
        text.push(b"x");
        assert_eq!(text.len(), 0);
    }

    #[test]
    fn numbers() {
        let number = |text| Input::new(text).number().ok();
        assert_eq!(number(c"1\n"), Some(1));
        assert_eq!(number(c"0x10"), Some(16));
        assert_eq!(number(c"010"), Some(8));
        assert_eq!(number(c"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number(c"18446744073709551616"), None);
        assert_eq!(number(c"-1"), None);
        assert_eq!(Input::new(c"ff\n").number_in(16), Ok(255));
        assert_eq!(
            Input::new(c"18446744073709551616").number_in(10),
            Err(ERANGE)
        );
        assert_eq!(number(c"1 2"), None);
        assert_eq!(number(c""), None);
    }
}
