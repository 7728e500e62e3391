// SPDX-License-Identifier: GPL-2.0-only
// SPDX-FileCopyrightText: The goya-rs authors

//! Things that programs name by handles, however many there are.

use kernel::prelude::*;

use crate::abstractions::vec;

/// A place for a thing.
enum Place<T> {
    Taken(T),
    /// The next free place, if there is one.
    Free(Option<usize>),
}

/// Things by their places. A place that was given up last is given out first.
pub(super) struct Handles<T> {
    places: KVVec<Place<T>>,
    free: Option<usize>,
    /// There will be no others.
    closed: bool,
}

impl<T> Handles<T> {
    pub(super) const fn new() -> Self {
        Self {
            places: KVVec::new(),
            free: None,
            closed: false,
        }
    }

    /// Takes all of them; there will be no others.
    pub(super) fn close(&mut self) -> Self {
        let none = Self {
            closed: true,
            ..Self::new()
        };
        core::mem::replace(self, none)
    }

    /// Gives `thing` a place. Errors: `ENODEV` once it is closed; `ENOMEM`.
    pub(super) fn insert(&mut self, thing: T) -> Result<usize> {
        if self.closed {
            return Err(ENODEV);
        }
        let Some(free) = self.free else {
            let place = self.places.len();
            let flags = GFP_KERNEL_ACCOUNT | __GFP_NOWARN;
            vec::push(&mut self.places, Place::Taken(thing), flags)?;
            return Ok(place);
        };
        let place = self.places.get_mut(free).ok_or(EINVAL)?;
        if let Place::Free(next) = place {
            self.free = *next;
        }
        *place = Place::Taken(thing);
        Ok(free)
    }

    /// What is at `place`.
    pub(super) fn get(&self, place: usize) -> Option<&T> {
        match self.places.get(place)? {
            Place::Taken(thing) => Some(thing),
            Place::Free(_) => None,
        }
    }

    /// Takes what is at `place`, which is free then.
    pub(super) fn remove(&mut self, place: usize) -> Option<T> {
        let slot = self.places.get_mut(place)?;
        if let Place::Free(_) = slot {
            return None;
        }
        let taken = core::mem::replace(slot, Place::Free(self.free));
        self.free = Some(place);
        match taken {
            Place::Taken(thing) => Some(thing),
            Place::Free(_) => None,
        }
    }

    /// All of them, with their places.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let places = (0..self.places.len()).zip(&self.places);
        places.filter_map(|(place, slot)| match slot {
            Place::Taken(thing) => Some((place, thing)),
            Place::Free(_) => None,
        })
    }
}

#[kunit_tests(goya_handles)]
mod tests {
    use super::*;

    /// Each of very many has its own place, and finding a free one takes no longer then.
    #[test]
    fn very_many() -> Result {
        const MANY: usize = 160_000;
        let mut handles = Handles::new();
        for n in 0..MANY {
            assert_eq!(handles.insert(n)?, n);
        }
        for n in (0..MANY).step_by(2) {
            assert_eq!(handles.remove(n), Some(n));
            assert_eq!(handles.remove(n), None);
        }
        assert_eq!(handles.iter().count(), MANY / 2);
        for n in (0..MANY).step_by(2).rev() {
            assert_eq!(handles.insert(n)?, n);
        }
        assert_eq!(handles.insert(MANY)?, MANY);
        assert!(handles.iter().all(|(place, n)| place == *n));
        assert_eq!((handles.get(7), handles.get(MANY + 1)), (Some(&7), None));
        assert_eq!(handles.remove(MANY + 1), None);
        assert_eq!(handles.close().iter().count(), MANY + 1);
        assert_eq!((handles.insert(0), handles.remove(0)), (Err(ENODEV), None));
        Ok(())
    }
}
