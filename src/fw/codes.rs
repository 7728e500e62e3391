// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Enumerations whose numbers are a protocol: they come back from a number by `TryFrom`.

/// Declares an enumeration with fixed numbers, and `TryFrom` for the type of the numbers.
///
/// A number without a name is `EINVAL`.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident: $number:ty {
        $($(#[$item:meta])* $variant:ident = $value:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr($number)]
        pub(crate) enum $name {
            $($(#[$item])* $variant = $value,)+
        }

        impl TryFrom<$number> for $name {
            type Error = kernel::error::Error;

            fn try_from(number: $number) -> kernel::error::Result<Self> {
                match number {
                    $($value => Ok(Self::$variant),)+
                    _ => Err(kernel::error::code::EINVAL),
                }
            }
        }
    };
}
