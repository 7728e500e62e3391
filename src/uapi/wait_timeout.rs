// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! How long `HL_WAIT_CS_OP_WAIT` may take, and what is left of it.

use kernel::prelude::*;
use kernel::time::Delta;

use super::types::WaitCsIn;

/// How long a wait may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitTimeout {
    /// Not at all: only ask.
    Poll,
    Forever,
    Microseconds(u32),
}

impl WaitCsIn {
    /// The limit of this wait. As with upstream, only the low half counts, except of the one number that means for ever.
    pub(crate) fn timeout(&self) -> WaitTimeout {
        match self.timeout_us {
            0x7fff_ffff_ffff_ffff => WaitTimeout::Forever,
            us => match us as u32 {
                0 => WaitTimeout::Poll,
                us => WaitTimeout::Microseconds(us),
            },
        }
    }

    /// The same, for a wait of which so much has `passed`.
    pub(crate) fn rest(self, passed: Delta) -> Self {
        let WaitTimeout::Microseconds(us) = self.timeout() else {
            return self;
        };
        let passed = u64::try_from(passed.as_nanos()).unwrap_or(0) / 1000;
        Self {
            timeout_us: u64::from(us).saturating_sub(passed),
            ..self
        }
    }
}

#[kunit_tests(goya_uapi_wait_timeout)]
mod tests {
    use super::*;
    use zerocopy::FromZeros;

    #[test]
    fn timeouts_keep_their_low_half() {
        let wait = |timeout_us| {
            WaitCsIn {
                timeout_us,
                ..WaitCsIn::new_zeroed()
            }
            .timeout()
        };
        assert_eq!(wait(0), WaitTimeout::Poll);
        assert_eq!(wait(u64::MAX >> 1), WaitTimeout::Forever);
        assert_eq!(wait(1 << 32), WaitTimeout::Poll);
        assert_eq!(wait(u64::MAX), WaitTimeout::Microseconds(u32::MAX));
        assert_eq!(wait(5), WaitTimeout::Microseconds(5));
    }

    #[test]
    fn waits_that_go_on_end_in_time() {
        let rest = |timeout_us, us| {
            let wait = WaitCsIn {
                timeout_us,
                ..WaitCsIn::new_zeroed()
            };
            wait.rest(Delta::from_micros(us)).timeout()
        };
        assert_eq!(rest(5, 2), WaitTimeout::Microseconds(3));
        assert_eq!(rest(5, 0), WaitTimeout::Microseconds(5));
        assert_eq!(rest(5, 5), WaitTimeout::Poll);
        assert_eq!(rest(5, 6), WaitTimeout::Poll);
        assert_eq!(rest(u64::MAX >> 1, 6), WaitTimeout::Forever);
    }
}
