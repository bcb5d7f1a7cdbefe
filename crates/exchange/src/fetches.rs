//! What is being fetched: for `status`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ply_drive::Want;
use ply_types::DriveId;

/// Something that is being fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchInfo {
    /// Of which drive.
    pub drive: DriveId,
    /// What.
    pub want: Want,
    /// Bytes of blocks that came for this drive since it was asked for, whoever asked for them.
    pub bytes: u64,
}

/// All fetches of a node. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetches {
    list: Arc<Mutex<List>>,
}

#[derive(Debug, Default)]
struct List {
    next: u64,
    running: BTreeMap<u64, FetchInfo>,
}

/// A fetch is listed while this lives.
pub(crate) struct Listed {
    fetches: Fetches,
    number: u64,
}

impl Fetches {
    /// Lists a fetch.
    pub(crate) fn begin(&self, drive: DriveId, want: Want) -> Listed {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let number = list.next;
        list.next += 1;
        list.running.insert(number, FetchInfo { drive, want, bytes: 0 });
        Listed { fetches: self.clone(), number }
    }

    /// Counts what came.
    pub(crate) fn arrived(&self, drive: DriveId, bytes: u64) {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        for fetch in list.running.values_mut().filter(|fetch| fetch.drive == drive) {
            fetch.bytes += bytes;
        }
    }

    /// The fetches that go on, the oldest first.
    pub(crate) fn all(&self) -> Vec<FetchInfo> {
        let list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.running.values().cloned().collect()
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut list = self.fetches.list.lock().unwrap_or_else(PoisonError::into_inner);
        list.running.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_is_listed_while_it_goes_on() {
        let fetches = Fetches::default();
        let (one, other) = (DriveId([1; 32]), DriveId([2; 32]));
        let first = fetches.begin(one, Want::Heads);
        fetches.arrived(one, 10);
        let _second = fetches.begin(one, Want::Everything);
        fetches.arrived(one, 5);
        fetches.arrived(other, 7);
        let bytes: Vec<u64> = fetches.all().iter().map(|fetch| fetch.bytes).collect();
        assert_eq!(bytes, [15, 5]);
        drop(first);
        assert_eq!(fetches.all(), [FetchInfo { drive: one, want: Want::Everything, bytes: 5 }]);
    }
}
