// SPDX-License-Identifier: MIT
// SPDX-FileCopyrightText: The goya-rs authors

//! Which words can follow which.

use std::collections::BTreeSet;

use super::{Code, JUMPS, is};
use crate::dis;
use crate::instruction::{Predicate, Word};
use crate::slot::Slot;
use crate::word::WORD_SIZE;

/// A loop's words.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body {
    /// The loop's own word.
    pub at: usize,
    /// The first word of the body, behind the delay slot.
    pub first: usize,
    /// The last word of the body.
    pub last: usize,
}

/// The ways through a program.
pub(super) struct Flow {
    /// The loops, in the order of their words.
    pub bodies: Vec<Body>,
    following: Vec<Vec<usize>>,
}

impl Flow {
    pub fn new(code: &Code) -> Self {
        let body = |(at, word): (usize, &Option<Word>)| match word {
            Some(Word::Loop(l)) => {
                Some(Body { at, first: at + 2, last: at + usize::from(l.end) / WORD_SIZE })
            }
            _ => None,
        };
        let bodies: Vec<_> = code.words.iter().enumerate().filter_map(body).collect();
        let following = (0..code.words.len()).map(|at| following(code, &bodies, at)).collect();
        Self { bodies, following }
    }

    /// The words that can follow the one at `index`.
    pub fn after(&self, index: usize) -> &[usize] {
        self.following.get(index).map_or(&[], Vec::as_slice)
    }

    /// The words that can be executed exactly `distance` words behind the one at `index`.
    pub fn behind(&self, index: usize, distance: usize) -> BTreeSet<usize> {
        (0..distance).fold(BTreeSet::from([index]), |words, _| {
            words.iter().flat_map(|&word| self.after(word)).copied().collect()
        })
    }
}

/// The word that the jump at `index` goes to, if it says so itself.
pub(super) fn target(code: &Code, index: usize) -> Option<u32> {
    let address = u32::try_from(index.checked_mul(WORD_SIZE)?).ok()?;
    code.at(index, Slot::Spu).filter(|spu| is(spu, JUMPS))?;
    dis::target(code.get(index)?, address)
}

fn following(code: &Code, bodies: &[Body], at: usize) -> Vec<usize> {
    let mut next = vec![at + 1];
    // A loop that is not entered is left behind its delay slot, and a body's end goes to its beginning.
    next.extend(bodies.iter().filter(|body| body.at + 1 == at).map(|body| body.last + 1));
    next.extend(bodies.iter().filter(|body| body.last == at).map(|body| body.first));
    if let Some(spu) = code.at(at, Slot::Spu) {
        if is(spu, JUMPS) {
            if spu.predicate() == Predicate::ALWAYS {
                next.clear();
            }
            next.extend(target(code, at).map(|to| to as usize / WORD_SIZE));
        } else if is(spu, &["halt"]) {
            next.clear();
        }
    }
    next.retain(|&to| to < code.words.len());
    next.sort_unstable();
    next.dedup();
    next
}
