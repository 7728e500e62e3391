// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Random numbers of the kinds that interfaces stumble over, the same for the same seed.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
    /// One in so many values is not what it should be.
    wild: u64,
}

impl Random {
    /// The stream of `seed`; one in `wild` values that should mean something does not.
    pub fn new(seed: u64, wild: u64) -> Self {
        Self { state: seed, wild }
    }

    /// A stream of its own for each `n`.
    pub fn fork(&mut self, n: u64) -> Self {
        Self { state: self.next() ^ n.wrapping_mul(0xD6E8_FEB8_6659_FD93), wild: self.wild }
    }

    /// The same stream with another share of values that mean nothing.
    pub fn with_wild(self, wild: u64) -> Self {
        Self { wild, ..self }
    }

    /// 64 random bits (splitmix64).
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: u64) -> u64 {
        self.next().checked_rem(n).unwrap_or(0)
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Whether this value should not be what it should be.
    pub fn is_wild(&mut self) -> bool {
        self.wild > 0 && self.once_in(self.wild)
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let at = self.below(from.len() as u64) as usize;
        from.get(at).copied()
    }

    /// One of these numbers, of which there is at least one; 0 else.
    pub fn one_of(&mut self, from: &[u64]) -> u64 {
        self.pick(from).unwrap_or(0)
    }

    /// A number of the kinds that break things.
    pub fn number(&mut self) -> u64 {
        let shift = self.below(64);
        match self.below(8) {
            0 => self.below(17),
            1 => 1 << shift,
            2 => (1 << shift) - 1,
            3 => self.below(17).wrapping_neg(),
            4 => self.next() & 0xFFFF_FFFF,
            5 => self.next() >> shift,
            6 => self.below(1 << 20) << 12,
            _ => 0,
        }
    }

    /// `value`, or sometimes something beside it, or something else.
    pub fn near(&mut self, value: u64) -> u64 {
        if !self.is_wild() {
            return value;
        }
        match self.below(4) {
            0 => value.wrapping_add(self.below(9)).wrapping_sub(4),
            1 => value ^ (1 << self.below(64)),
            2 => value.wrapping_mul(2),
            _ => self.number(),
        }
    }

    /// The same in 32 bits.
    pub fn near32(&mut self, value: u32) -> u32 {
        let near = self.near(value.into());
        // What differs above 32 bits only would be lost.
        if near >> 32 != 0 { (near ^ (near >> 32)) as u32 } else { near as u32 }
    }

    /// A size up to `most`: small ones as often as large ones.
    pub fn size(&mut self, most: u64) -> u64 {
        let bits = self.below(64 - u64::from(most.leading_zeros()).min(63));
        let size = (1 << bits) + self.below(1 << bits);
        let size = if self.once_in(2) { size.next_multiple_of(4096) } else { size };
        size.min(most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_another_differs() {
        let stream = |seed| (0..8).map(|_| Random::new(seed, 0).next()).collect::<Vec<_>>();
        assert_eq!(stream(1), stream(1));
        assert_ne!(stream(1), stream(2));
        let (mut a, mut b) = (Random::new(1, 0), Random::new(1, 0));
        assert_ne!(a.fork(1).next(), b.fork(2).next());
    }

    #[test]
    fn values_are_what_they_should_be_unless_wild() {
        let mut random = Random::new(3, 0);
        assert!((0..1000).all(|n| random.near(n) == n && random.near32(7) == 7));
        let mut random = Random::new(3, 2);
        let same = (0..1000).filter(|_| random.near(7) == 7).count();
        assert!((400..700).contains(&same), "{same}");
        assert!((0..1000).all(|_| random.size(1 << 20) <= 1 << 20));
        assert_eq!((random.below(0), random.one_of(&[])), (0, 0));
    }
}
