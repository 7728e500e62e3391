// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Names of engines.

/// By their numbers (`goya_engine_id`).
pub const NAMES: [&str; 14] = [
    "dma0", "dma1", "dma2", "dma3", "dma4", "mme", "tpc0", "tpc1", "tpc2", "tpc3", "tpc4", "tpc5", "tpc6",
    "tpc7",
];

/// The names of those whose bits are set.
pub fn busy(mask: u64) -> Vec<&'static str> {
    NAMES.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 != 0).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_have_the_drivers_numbers() {
        use goya::uapi::goya_engine_id as id;
        assert_eq!(NAMES[id::GOYA_ENGINE_ID_MME_0 as usize], "mme");
        assert_eq!(NAMES.len(), id::GOYA_ENGINE_ID_SIZE as usize);
        assert!(goya::Queue::all().map(goya::Queue::name).eq(NAMES));
        assert_eq!(busy(1 | 1 << 5 | 1 << 13 | 1 << 40), ["dma0", "mme", "tpc7"]);
    }
}
