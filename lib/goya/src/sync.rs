// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Sync objects, monitors and fence counters: how queues wait for each other.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::node::Node;
use crate::place::Keep;
use crate::queue::Queue;
use crate::{Error, Result};

/// First byte of the card's registers.
const CFG: u64 = crate::place::REGISTERS.start;

/// Numbers that are given out one at a time.
#[derive(Debug)]
pub(crate) struct Pool {
    free: Mutex<Vec<u16>>,
    /// Whose they are: no other node gets its address as long as this is there.
    node: Weak<Node>,
}

impl Pool {
    /// All numbers up to `count` but some.
    pub(crate) fn new(node: Weak<Node>, count: u16, without: &[u16]) -> Arc<Self> {
        let free = (0..count).rev().filter(|number| !without.contains(number)).collect();
        Arc::new(Self { free: Mutex::new(free), node })
    }

    fn take(self: &Arc<Self>) -> Option<Arc<Number>> {
        let value = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Arc::new(Number { pool: self.clone(), value }))
    }
}

/// A number of a pool, which goes back there.
#[derive(Debug)]
struct Number {
    pool: Arc<Pool>,
    value: u16,
}

impl Keep for Number {
    fn node(&self) -> *const Node {
        self.pool.node.as_ptr()
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        self.pool.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.value);
    }
}

/// A sync object: a counter of 16 bits that packets set, add to, and wait for.
///
/// It is of whoever has it, until it and all commands that use it are gone. Its value is what it was left at: set it first.
#[derive(Debug, Clone)]
pub struct SyncObject(Arc<Number>);

impl SyncObject {
    /// Sync objects of a card.
    pub const COUNT: u16 = 1024;

    /// One that nobody has. What DMA channels are set up to tell is left out.
    pub(crate) fn new(pool: &Arc<Pool>) -> Result<Self> {
        pool.take().map(Self).ok_or(Error::AllInUse("sync objects"))
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.0.value
    }

    /// Where its value is, to be read by DMA.
    #[must_use]
    pub fn address(&self) -> u64 {
        CFG + 0x11_2000 + 4 * u64::from(self.0.value)
    }

    pub(crate) fn keep(&self) -> Arc<dyn Keep> {
        self.0.clone()
    }
}

/// A monitor: waits for a sync object, and tells then.
///
/// It is of whoever has it, until it and all commands that use it are gone.
#[derive(Debug, Clone)]
pub struct Monitor(Arc<Number>);

impl Monitor {
    /// Monitors of a card.
    pub const COUNT: u16 = 256;

    /// One that nobody has.
    pub(crate) fn new(pool: &Arc<Pool>) -> Result<Self> {
        pool.take().map(Self).ok_or(Error::AllInUse("monitors"))
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u8 {
        // There are no more than 256.
        self.0.value as u8
    }

    pub(crate) fn keep(&self) -> Arc<dyn Keep> {
        self.0.clone()
    }
}

/// One of the four counters of a queue that a packet can wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FenceCounter {
    queue: Queue,
    id: u8,
}

impl FenceCounter {
    /// The one that the end of a kernel's launch is told by ([`Launch`](crate::tpc::Launch)).
    pub(crate) const OF_LAUNCHES: Self = Self { queue: Queue::Dma3, id: 3 };

    /// Counter `id`, 0 to 3, of a queue. Counter 3 of [`Queue::Dma3`] is not to be had: launches of kernels use it.
    ///
    /// # Errors
    /// If there is no such counter, or launches use it.
    pub fn new(queue: Queue, id: u8) -> Result<Self> {
        let counter = Self { queue, id };
        if id > 3 {
            return Err(Error::Invalid(format!("a queue has no fence counter {id}: there are 0 to 3")));
        }
        if counter == Self::OF_LAUNCHES {
            return Err(Error::Invalid("counter 3 of DMA queue 3 is that of launches: take another".into()));
        }
        Ok(counter)
    }

    /// The queue that it is of.
    #[must_use]
    pub fn queue(self) -> Queue {
        self.queue
    }

    /// Its number.
    #[must_use]
    pub fn id(self) -> u8 {
        self.id
    }

    /// The register that counts it up, by what is written there.
    #[must_use]
    pub fn address(self) -> u64 {
        self.queue.registers() + 0x158 + 4 * u64::from(self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        let pool = Pool::new(Weak::new(), 4, &[1]);
        let objects: Vec<_> = (0..3).map(|_| SyncObject::new(&pool).unwrap()).collect();
        assert_eq!(objects.iter().map(SyncObject::number).collect::<Vec<_>>(), [0, 2, 3]);
        assert!(SyncObject::new(&pool).is_err());
        let kept = objects[1].keep();
        drop(objects);
        assert_eq!(SyncObject::new(&pool).unwrap().number(), 3);
        drop(kept);
        assert_eq!(SyncObject::new(&pool).unwrap().number(), 2);
    }

    #[test]
    fn counters_are_where_the_card_has_them() {
        let at = |queue, id| FenceCounter::new(queue, id).unwrap().address();
        assert_eq!(at(Queue::Dma1, 3), 0x7F_FC40_8164);
        assert_eq!(at(Queue::Tpc7, 0), 0x7F_FCFC_8158);
        assert_eq!(at(Queue::Mme, 0), 0x7F_FC0D_8158);
        assert!(FenceCounter::new(Queue::Mme, 4).is_err());
        assert!(FenceCounter::new(Queue::Dma3, 3).is_err() && FenceCounter::new(Queue::Dma3, 2).is_ok());
    }
}
