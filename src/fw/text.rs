// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Text that the firmware gives: versions and names, in fields of fixed size.

use kernel::{fmt, prelude::*, str::BStr};

/// Bytes in a version field (`VERSION_MAX_LEN`).
pub(crate) const VERSION_LEN: usize = 128;

/// Text of the firmware, up to its first NUL.
///
/// The bytes are whatever the firmware wrote: `Display` escapes what is not printable ASCII.
pub(crate) struct Text(KVec<u8>);

impl Text {
    /// Takes the text out of a field. Errors: `ENOMEM`.
    pub(crate) fn from_field(field: &[u8]) -> Result<Self> {
        let len = field.iter().position(|&byte| byte == 0);
        let text = field.get(..len.unwrap_or(field.len())).unwrap_or(field);
        let mut bytes = KVec::from_elem(0u8, text.len(), GFP_KERNEL)?;
        bytes
            .iter_mut()
            .zip(text)
            .for_each(|(to, from)| *to = *from);
        Ok(Self(bytes))
    }

    /// The raw bytes, without a NUL.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is no text at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The firmware's version in a version text: what follows `fw-`, up to the next blank.
    ///
    /// `None` without a `fw-`, or if no blank follows.
    pub(crate) fn firmware_version(&self) -> Option<&BStr> {
        let start = find(&self.0, b"fw-")?.checked_add(3)?;
        let rest = self.0.get(start..)?;
        let end = find(rest, b" ")?;
        rest.get(..end).map(BStr::from_bytes)
    }

    /// The first-stage loader's version: what stands before `Preboot` in preboot's version, without
    /// the separator; at most 30 bytes.
    ///
    /// `None` if there is no `Preboot`, or nothing before it.
    pub(crate) fn loader_version(&self) -> Option<&BStr> {
        const LEN_MAX: usize = 30;

        let len = find(&self.0, b"Preboot")?.checked_sub(1)?;
        self.0.get(..len.min(LEN_MAX)).map(BStr::from_bytes)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(BStr::from_bytes(&self.0), f)
    }
}

/// Where `pattern` begins in `bytes`.
fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|part| part == pattern)
}

#[kunit_tests(goya_fw_text)]
mod tests {
    use super::*;

    #[test]
    fn ends_at_nul_or_at_the_end() -> Result {
        assert_eq!(Text::from_field(b"abc\0def")?.bytes(), b"abc");
        assert_eq!(Text::from_field(b"abc")?.bytes(), b"abc");
        assert!(Text::from_field(b"\0abc")?.is_empty());
        Ok(())
    }

    #[test]
    fn finds_the_firmware_version() -> Result {
        let text = Text::from_field(b"U-Boot hl-goya-fw-1.9.0 (Jan)\0")?;
        assert_eq!(text.firmware_version().map(|v| &**v), Some(&b"1.9.0"[..]));
        // Without a blank there is no telling where the version ends.
        assert!(Text::from_field(b"hl-fw-1.9.0")?
            .firmware_version()
            .is_none());
        assert!(Text::from_field(b"1.9.0 x")?.firmware_version().is_none());
        Ok(())
    }

    #[test]
    fn finds_the_loader_version() -> Result {
        let text = Text::from_field(b"BTL 7 Preboot fw-2 ")?;
        assert_eq!(text.loader_version().map(|v| &**v), Some(&b"BTL 7"[..]));
        assert!(Text::from_field(b"Preboot fw-2 ")?
            .loader_version()
            .is_none());
        let long = Text::from_field(b"0123456789012345678901234567890123456789 Preboot")?;
        assert_eq!(long.loader_version().map(|v| v.len()), Some(30));
        Ok(())
    }
}
