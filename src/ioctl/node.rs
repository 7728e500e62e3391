// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! The accel node, `/dev/accel/accelN`: what it is called, its ioctls, its files.

use kernel::prelude::*;
use kernel::sync::Arc;

#[cfg(CONFIG_IO_URING)]
use super::uring;
use super::{cb, cs, debug, fdinfo, info, memory, wait};
#[cfg(CONFIG_IO_URING)]
use crate::abstractions::accel::{commands, CommandHandler};
use crate::abstractions::accel::{descriptor, Descriptor, Driver, Info, UsageStats};
use crate::abstractions::vma::NewMapping;
use crate::card::Card;
use crate::file::File;

/// The DRM driver: keeps upstream's name, which user space looks for.
pub(crate) struct GoyaNode;

impl Driver for GoyaNode {
    type Data = Arc<Card>;
    type File = File;
    type Module = crate::LocalModule;

    const INFO: Info = Info {
        name: c"habanalabs",
        desc: c"Driver for HabanaLabs's AI Accelerators",
        version: version(env!("GOYA_KERNEL_VERSION")),
    };
    const IOCTLS: &'static [Descriptor<Arc<Card>, File>] = &[
        descriptor::<info::Info>(),
        descriptor::<cb::CommandBuffers>(),
        descriptor::<cs::Submit>(),
        descriptor::<wait::Wait>(),
        descriptor::<memory::Memory>(),
        descriptor::<debug::Debug>(),
    ];
    #[cfg(CONFIG_IO_URING)]
    const COMMANDS: CommandHandler<Arc<Card>, File> = commands::<uring::Submissions>();

    fn open(card: &Arc<Card>) -> Result<Pin<KBox<File>>> {
        File::open(card)
    }

    fn close(card: &Arc<Card>, file: Pin<KBox<File>>) {
        File::close(card, file);
    }

    fn show_fdinfo(card: &Arc<Card>, file: &File, stats: &mut UsageStats<'_>) {
        fdinfo::show(card, &file.context, stats);
    }

    fn mmap(card: &Arc<Card>, file: &File, mapping: NewMapping<'_>) -> Result {
        // Removal ends all mappings, but none that is not quite made; it waits for users long after this.
        if card.resets.is_removing() {
            return Err(ENODEV);
        }
        file.context.buffers.map(&card.dev, mapping)
    }
}

/// The first three numbers of a version; those that are not there are 0.
const fn version(text: &str) -> (i32, i32, i32) {
    let (text, mut numbers) = (text.as_bytes(), [0i32; 3]);
    let (mut at, mut n) = (0, 0);
    while at < text.len() && n < numbers.len() {
        match text[at] {
            digit @ b'0'..=b'9' => {
                let more = numbers[n].wrapping_mul(10);
                numbers[n] = more.wrapping_add((digit ^ b'0') as i32);
            }
            b'.' => n += 1,
            _ => break,
        }
        at += 1;
    }
    let [major, minor, patch] = numbers;
    (major, minor, patch)
}

#[kunit_tests(goya_version)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(version("7.3.4"), (7, 3, 4));
        assert_eq!(version("7.3.0-rc2"), (7, 3, 0));
        assert_eq!(version("10.12"), (10, 12, 0));
        assert_eq!(version("1.2.3.4"), (1, 2, 3));
    }
}
