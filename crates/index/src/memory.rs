//! Pages in memory: for tests, and for trees that need not outlive their process.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ply_types::{Fault, LogKey, PageHash};
use thiserror::Error;

use crate::page::{Page, PageError};
use crate::refs::{PageRef, Where};
use crate::seam::{Pages, Sink};

/// Pages by hash. Writing works through a shared reference too, so that one store can be read and
/// written by the same edit.
#[derive(Debug)]
pub struct MemoryPages {
    log: LogKey,
    pages: Mutex<BTreeMap<PageHash, (u64, Arc<Page>)>>,
}

/// Why a page in memory cannot be read or written.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MemoryError {
    /// The page was never put here.
    #[error("page {hash} is not in memory")]
    Absent {
        /// Its name.
        hash: PageHash,
    },
    /// The places do not fit the page.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl MemoryError {
    /// What the caller can do about it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Absent { .. } => Fault::Absent,
            Self::Page(error) => error.fault(),
        }
    }
}

impl MemoryPages {
    /// Holds nothing. Places are given out as blocks of `log`, counted from 0.
    pub fn new(log: LogKey) -> Self {
        Self { log, pages: Mutex::default() }
    }

    /// A page by name.
    pub fn find(&self, hash: &PageHash) -> Option<Arc<Page>> {
        self.lock().get(hash).map(|(_, page)| Arc::clone(page))
    }

    /// Keeps a page, unless it is there already. Gives its place.
    pub fn insert(&self, page: Page) -> Where {
        let mut pages = self.lock();
        let next = pages.len() as u64;
        let (block, _) = pages.entry(page.hash()).or_insert_with(|| (next, Arc::new(page)));
        Where { log: self.log, block: *block }
    }

    /// Number of distinct pages.
    pub fn page_count(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PageHash, (u64, Arc<Page>)>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryPages {
    fn default() -> Self {
        Self::new(Where::UNKNOWN.log)
    }
}

impl Pages for MemoryPages {
    type Error = MemoryError;

    fn page(&self, at: &PageRef) -> impl Future<Output = Result<Arc<Page>, MemoryError>> + Send {
        ready(self.find(&at.hash).ok_or(MemoryError::Absent { hash: at.hash }))
    }
}

impl Sink for &MemoryPages {
    type Error = MemoryError;

    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, MemoryError> {
        Ok(self.insert(page.clone().with_places(child_places.to_vec())?))
    }
}

impl Sink for MemoryPages {
    type Error = MemoryError;

    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, MemoryError> {
        (&*self).put(page, child_places)
    }
}
