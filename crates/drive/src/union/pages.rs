//! Where the tree is kept: rows of [`Table::Union`], all under the drive's key.
//!
//! ```text
//! drive 'r'          UnionRow    of which commits the tree is, and its root
//! drive 'p' hash     a page, in its canonical form
//! ```
//!
//! Pages are added by their hash and the row is changed last, so a crash leaves the old tree and some
//! pages that nothing leads to. Those, and pages that a newer tree has no use for, are removed together
//! when as many were written as the tree has.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ply_engine::{Batch, Durability, Engine, Order, Table, prefix_end};
use ply_index::{KeyRange, Page, PageRef, Pages, Sink, Where, page_hash, walk};
use ply_proto as proto;
use ply_types::PageHash;

use super::{Halt, at_once};
use crate::clock::Clock;
use crate::error::DriveError;
use crate::now::now;
use crate::replica::Replica;

/// New pages that are held back, to be written together.
const NEW_PAGES_MAX: usize = 256;
/// Written pages beyond those of the tree itself that are not worth a look.
const WRITTEN_SLACK: u64 = 256;
/// Longest row: for each of some thousands of writers a key, a hash and two numbers.
const ROW_BYTES_MAX: usize = 4 << 20;

/// The tree that is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// The commits that it is the union of.
    pub(super) commits: Clock,
    /// Its root; `None` while nothing is in it.
    pub(super) root: Option<PageRef>,
    /// Pages that it had when the others were removed last.
    used_pages: u64,
    /// Pages written since.
    written_pages: u64,
}

/// Reads and writes pages of the tree.
pub(super) struct UnionPages<'replica, E: Engine> {
    replica: &'replica Replica<E>,
    new: Mutex<New>,
}

/// Pages that were made and not written yet.
#[derive(Default)]
struct New {
    pages: BTreeMap<PageHash, Arc<Page>>,
    /// How many were made in all.
    count: u64,
}

impl<'replica, E: Engine> UnionPages<'replica, E> {
    pub(super) fn new(replica: &'replica Replica<E>) -> Self {
        Self { replica, new: Mutex::default() }
    }

    /// The tree that is kept; `None` where there is none, or one that cannot be made out.
    pub(super) fn kept(&self) -> Result<Option<Kept>, DriveError> {
        let row = self.replica.engine.get(Table::Union, &self.key(b'r', &[]))?;
        Ok(row.and_then(|row| Kept::decode(&row)))
    }

    /// Forgets the tree that is kept.
    pub(super) fn clear(&self) -> Result<(), Halt> {
        let mut batch = Batch::new();
        let drive = self.replica.id().0;
        batch.delete_range(Table::Union, drive, prefix_end(&drive));
        *self.lock() = New::default();
        Ok(self.replica.engine.apply(&batch, Durability::Process)?)
    }

    /// Makes a tree the one that is kept.
    pub(super) fn finish(&self, mut kept: Kept) -> Result<Kept, Halt> {
        let mut batch = self.take_new();
        kept.written_pages += std::mem::take(&mut self.lock().count);
        batch.put(Table::Union, self.key(b'r', &[]), kept.encode());
        self.replica.engine.apply(&batch, Durability::Process)?;
        if kept.used_pages + WRITTEN_SLACK < kept.written_pages {
            kept.used_pages = self.sweep(kept.root)?;
            kept.written_pages = 0;
            let mut batch = Batch::new();
            batch.put(Table::Union, self.key(b'r', &[]), kept.encode());
            self.replica.engine.apply(&batch, Durability::Process)?;
        }
        Ok(kept)
    }

    /// Writes new pages down once there are many.
    pub(super) fn relieve(&self) -> Result<(), Halt> {
        if NEW_PAGES_MAX <= self.lock().pages.len() {
            self.replica.engine.apply(&self.take_new(), Durability::Process)?;
        }
        Ok(())
    }

    /// New pages, on their way to where they are kept. From here on they come out of the cache.
    fn take_new(&self) -> Batch {
        let pages = std::mem::take(&mut self.lock().pages);
        let mut batch = Batch::new();
        for (hash, page) in pages {
            batch.put(Table::Union, self.key(b'p', hash.as_bytes()), page.bytes());
            self.cache(page);
        }
        batch
    }

    /// Removes every page that the tree of `root` has no use for. Gives the number of those that it has.
    fn sweep(&self, root: Option<PageRef>) -> Result<u64, Halt> {
        // Leaves are named by the pages above them, and need not be read.
        let (used, leaves) = (RefCell::new(BTreeSet::new()), RefCell::new(BTreeSet::new()));
        let skip = |hash: &PageHash| leaves.borrow().contains(hash);
        let all = KeyRange::all();
        let walked = walk(self, root, &all, skip, |at, page| {
            used.borrow_mut().insert(at.hash);
            if page.level() == 1 {
                let children = (0..page.row_count()).filter_map(|row| page.child(row));
                leaves.borrow_mut().extend(children.map(|child| child.page.hash));
            }
            ControlFlow::Continue(())
        });
        at_once(now(walked))?;
        let (used, leaves) = (used.into_inner(), leaves.into_inner());
        let prefix = self.key(b'p', &[]);
        let mut batch = Batch::new();
        let visit = &mut |key: &[u8], _: &[u8]| {
            let hash = key.get(prefix.len()..).and_then(|hash| PageHash::try_from(hash).ok());
            if !hash.is_some_and(|hash| used.contains(&hash) || leaves.contains(&hash)) {
                batch.delete(Table::Union, key);
            }
            ControlFlow::Continue(())
        };
        let end = prefix_end(&prefix);
        self.replica.engine.scan(Table::Union, &prefix, &end, Order::Ascending, visit)?;
        self.replica.engine.apply(&batch, Durability::Process)?;
        Ok((used.len() + leaves.len()) as u64)
    }

    fn read(&self, hash: &PageHash) -> Result<Arc<Page>, Halt> {
        if let Some(page) = self.lock().pages.get(hash) {
            return Ok(Arc::clone(page));
        }
        if let Some(page) = self.replica.union.cache.find(hash) {
            return Ok(page);
        }
        let row = self.replica.engine.get(Table::Union, &self.key(b'p', hash.as_bytes()))?;
        let bytes = row.filter(|bytes| page_hash(bytes) == *hash).ok_or(Halt::Lost)?;
        let page = Arc::new(Page::decode(&bytes).map_err(|_| Halt::Lost)?);
        self.cache(Arc::clone(&page));
        Ok(page)
    }

    fn cache(&self, page: Arc<Page>) {
        let bytes = page.bytes().len() + 128;
        self.replica.union.cache.insert(page.hash(), page, bytes);
    }

    fn key(&self, tag: u8, rest: &[u8]) -> Vec<u8> {
        [self.replica.id().0.as_slice(), &[tag], rest].concat()
    }

    fn lock(&self) -> MutexGuard<'_, New> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Engine> Pages for UnionPages<'_, E> {
    type Error = Halt;

    fn page(&self, at: &PageRef) -> impl Future<Output = Result<Arc<Page>, Halt>> + Send {
        std::future::ready(self.read(&at.hash))
    }
}

impl<E: Engine> Sink for &UnionPages<'_, E> {
    type Error = Infallible;

    /// Pages go by their hash alone.
    fn put(&mut self, page: &Page, _child_places: &[Where]) -> Result<Where, Infallible> {
        let mut new = self.lock();
        new.pages.insert(page.hash(), Arc::new(page.clone()));
        new.count += 1;
        Ok(Where::UNKNOWN)
    }
}

impl Kept {
    fn decode(row: &[u8]) -> Option<Self> {
        let row: proto::UnionRow = proto::decode("union", ROW_BYTES_MAX, row).ok()?;
        let root = match row.root.as_slice() {
            [] => None,
            hash => {
                let hash = PageHash::try_from(hash).ok()?;
                Some(PageRef { hash, place: Where::UNKNOWN })
            }
        };
        Some(Self {
            commits: Clock::from_proto(&row.commits)?,
            root,
            used_pages: row.used_pages,
            written_pages: row.written_pages,
        })
    }

    fn encode(&self) -> Vec<u8> {
        proto::encode(&proto::UnionRow {
            commits: self.commits.to_proto(),
            root: self.root.map(|root| root.hash.as_bytes().to_vec()).unwrap_or_default(),
            used_pages: self.used_pages,
            written_pages: self.written_pages,
        })
    }
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};
    use ply_types::{CommitId, LogKey};

    use super::*;
    use crate::clock::CommitMark;

    #[test]
    fn fuzz_rows_of_the_union() {
        let mut commits = Clock::new();
        for writer in [3, 5] {
            let id = CommitId([writer; 32]);
            let mark = CommitMark { number: u64::from(writer), block: 70_000, id };
            commits.see(LogKey([writer; 32]), mark);
        }
        let root = Some(PageRef { hash: PageHash([9; 32]), place: Where::UNKNOWN });
        let full = Kept { commits, root, used_pages: 300, written_pages: 7 };
        Target::new("union-row", Form::Message, RoundTrip::Settled)
            .seed("empty", Kept::default().encode())
            .seed("full", full.encode())
            .memory(64 << 10, 64)
            .run(|row| Kept::decode(row).map(|kept| kept.encode()));
    }
}
