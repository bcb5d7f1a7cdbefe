//! The doors of the index: pages come in, pages go out, rows are weighed.

use std::future::Future;
use std::sync::Arc;

use crate::page::Page;
use crate::refs::{PageRef, Totals, Where};

/// Somewhere pages can be read from.
///
/// # Contract
///
/// - The page that comes back hashes to `at.hash`. Nobody checks it again.
/// - Bytes that hash right and do not decode are an error of this door.
/// - A future may be dropped before it is done, and the page asked for again.
pub trait Pages: Send + Sync {
    /// Why a page cannot be had.
    type Error: Send;

    /// Brings one page. A local hit completes at once.
    fn page(&self, at: &PageRef) -> impl Future<Output = Result<Arc<Page>, Self::Error>> + Send;
}

/// Where new pages go.
///
/// # Contract
///
/// - Children come before their parents, the root last; rows in order within a level.
/// - A page comes once, and not at all if an edit leaves it as the old tree had it.
/// - After an error nothing more comes, and what came before is of no use.
pub trait Sink {
    /// Why a page could not be kept.
    type Error;

    /// Keeps a page and says where. `child_places` has one place for each child of an inner page
    /// and none for a leaf: what to write beside the canonical bytes.
    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, Self::Error>;
}

/// What a row counts for in the [`Totals`] of the pages above it.
///
/// # Contract
///
/// The same row always weighs the same: totals are hashed.
pub trait Weigh: Sync {
    /// Weighs one row.
    fn weigh(&self, key: &[u8], value: &[u8]) -> Totals;
}

impl<F: Fn(&[u8], &[u8]) -> Totals + Sync> Weigh for F {
    fn weigh(&self, key: &[u8], value: &[u8]) -> Totals {
        self(key, value)
    }
}

impl<P: Pages> Pages for &P {
    type Error = P::Error;

    fn page(&self, at: &PageRef) -> impl Future<Output = Result<Arc<Page>, P::Error>> + Send {
        (**self).page(at)
    }
}

impl<P: Pages> Pages for Arc<P> {
    type Error = P::Error;

    fn page(&self, at: &PageRef) -> impl Future<Output = Result<Arc<Page>, P::Error>> + Send {
        (**self).page(at)
    }
}

impl<S: Sink> Sink for &mut S {
    type Error = S::Error;

    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, S::Error> {
        (**self).put(page, child_places)
    }
}
