//! Which blocks are on their way, so that sessions of one drive that fetch the same do it once.
//!
//! Every session that gets everything walks the same gaps in the same order. It claims what it asks for;
//! what another one has claimed it leaves, and looks at again later: by then it is held, or the other
//! peer did not have it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ply_types::LogKey;

/// What the sessions of one drive fetch. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    next_claimant: u64,
    /// Those that ever claimed something and are still there.
    active: BTreeSet<u64>,
    by_log: BTreeMap<LogKey, Vec<Claim>>,
}

#[derive(Debug)]
struct Claim {
    blocks: Range<u64>,
    claimant: u64,
    request: u64,
}

/// One session's part in it. What it claimed is free again when it goes.
#[derive(Debug)]
pub(crate) struct Claimant {
    claims: Claims,
    number: u64,
}

/// How blocks lie to what is claimed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// The first ones, up to where `free` begins: on their way.
    pub(crate) claimed: Range<u64>,
    /// The first stretch that nobody fetches.
    pub(crate) free: Range<u64>,
}

impl Claims {
    pub(crate) fn claimant(&self) -> Claimant {
        let mut shared = self.lock();
        let number = shared.next_claimant;
        shared.next_claimant += 1;
        Claimant { claims: self.clone(), number }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claimant {
    /// Whether others fetch too.
    pub(crate) fn has_others(&self) -> bool {
        self.claims.lock().active.iter().any(|&other| other != self.number)
    }

    /// What of some blocks is free.
    pub(crate) fn share(&self, log: &LogKey, blocks: Range<u64>) -> Share {
        let shared = self.claims.lock();
        let claims = shared.by_log.get(log).map_or(&[][..], Vec::as_slice);
        let mut start = blocks.start;
        while let Some(claim) = claims.iter().find(|claim| claim.blocks.contains(&start)) {
            start = claim.blocks.end;
        }
        let start = start.min(blocks.end);
        let next = claims.iter().map(|claim| claim.blocks.start).filter(|&next| start < next).min();
        let end = next.unwrap_or(u64::MAX).min(blocks.end);
        Share { claimed: blocks.start..start, free: start..end }
    }

    /// Claims blocks for a request.
    pub(crate) fn claim(&self, log: &LogKey, blocks: Range<u64>, request: u64) {
        let mut shared = self.claims.lock();
        shared.active.insert(self.number);
        let claim = Claim { blocks, claimant: self.number, request };
        shared.by_log.entry(*log).or_default().push(claim);
    }

    /// A request is over, whatever it brought.
    pub(crate) fn release(&self, request: u64) {
        self.retain(|claim| claim.claimant != self.number || claim.request != request);
    }

    fn retain(&self, keeps: impl Fn(&Claim) -> bool) {
        self.claims.lock().by_log.retain(|_, claims| {
            claims.retain(&keeps);
            !claims.is_empty()
        });
    }
}

impl Drop for Claimant {
    fn drop(&mut self) {
        self.retain(|claim| claim.claimant != self.number);
        self.claims.lock().active.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: LogKey = LogKey([1; 32]);

    #[test]
    fn what_one_claims_the_other_leaves_until_it_is_released() {
        let claims = Claims::default();
        let (one, two) = (claims.claimant(), claims.claimant());
        assert_eq!(one.share(&LOG, 0..10), Share { claimed: 0..0, free: 0..10 });
        one.claim(&LOG, 0..4, 7);
        one.claim(&LOG, 6..8, 8);
        assert_eq!(two.share(&LOG, 0..10), Share { claimed: 0..4, free: 4..6 });
        assert_eq!(two.share(&LOG, 6..10), Share { claimed: 6..8, free: 8..10 });
        assert_eq!(two.share(&LOG, 7..8), Share { claimed: 7..8, free: 8..8 });
        assert_eq!(two.share(&LogKey([2; 32]), 0..9), Share { claimed: 0..0, free: 0..9 });
        assert!(two.has_others() && !one.has_others());
        one.release(7);
        assert_eq!(two.share(&LOG, 0..10), Share { claimed: 0..0, free: 0..6 });
        drop(one);
        assert_eq!(two.share(&LOG, 0..10), Share { claimed: 0..0, free: 0..10 });
        assert!(!two.has_others());
    }
}
