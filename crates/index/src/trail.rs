//! A way down a tree: the one place where a page is asked for and checked against its parent.
//!
//! A trail stands *before* something: the root, a child, or a row. Whoever walks it decides to
//! [`enter`](Trail::enter) what is ahead or to [`skip`](Trail::skip) it. Every reader of trees is a
//! loop over these two.

use std::sync::Arc;

use crate::error::{Flaw, TreeError};
use crate::page::{Child, Page};
use crate::refs::PageRef;
use crate::seam::Pages;

/// See the module docs. Holds one page per level at most.
#[derive(Debug)]
pub(crate) struct Trail<P> {
    pages: P,
    /// The root, until it is entered or skipped.
    root: Option<PageRef>,
    /// From the root down. Each row is inside its page; all but the last name the page below.
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    page: Arc<Page>,
    row: usize,
}

/// What a trail stands before.
#[derive(Debug)]
pub(crate) enum Here<'t> {
    /// The root, of which nothing but the name is known.
    Root(PageRef),
    /// A page that a row of an inner page names.
    Child {
        /// The last key beneath it.
        key: &'t [u8],
        /// Its level.
        level: u8,
        /// What the row says of it.
        child: Child,
    },
    /// A row of a leaf.
    Row {
        /// Its key.
        key: &'t [u8],
        /// Its value.
        value: &'t [u8],
    },
    /// Nothing: all is behind.
    End,
}

impl<P: Pages> Trail<P> {
    /// Stands before the root; at the end, if there is none.
    pub(crate) fn new(pages: P, root: Option<PageRef>) -> Self {
        Self { pages, root, steps: Vec::new() }
    }

    /// Goes back before the root.
    pub(crate) fn restart(&mut self, root: Option<PageRef>) {
        self.root = root;
        self.steps.clear();
    }

    /// What is ahead.
    pub(crate) fn here(&self) -> Here<'_> {
        if let Some(root) = self.root {
            return Here::Root(root);
        }
        let Some(Step { page, row }) = self.steps.last() else { return Here::End };
        let Some(key) = page.key(*row) else { return Here::End };
        match (page.child(*row), page.value(*row)) {
            (Some(child), _) => Here::Child { key, level: page.level().saturating_sub(1), child },
            (None, Some(value)) => Here::Row { key, value },
            (None, None) => Here::End,
        }
    }

    /// The greatest key that the tree states to be behind; all keys ahead follow it. `None` at the
    /// beginning.
    pub(crate) fn lower(&self) -> Option<&[u8]> {
        lower(&self.steps)
    }

    /// Whether what is ahead is the last of its level.
    pub(crate) fn is_rightmost(&self) -> bool {
        self.steps.iter().all(|step| step.row + 1 == step.page.row_count())
    }

    /// Goes down into the page ahead, to the first row that is not before `from`. Does nothing
    /// before a row and at the end. Gives the page, even where all of it is before `from`.
    ///
    /// If the future is dropped, the trail stands where it stood.
    pub(crate) async fn enter(
        &mut self,
        from: &[u8],
    ) -> Result<Option<Arc<Page>>, TreeError<P::Error>> {
        let (at, expected) = match self.here() {
            Here::Root(root) => (root, None),
            Here::Child { key, level, child } => (child.page, Some((key, level))),
            Here::Row { .. } | Here::End => return Ok(None),
        };
        let page = self.pages.page(&at).await.map_err(TreeError::Pages)?;
        if let Some((key, level)) = expected {
            check(&page, key, level, self.lower())
                .map_err(|flaw| TreeError::Malformed { page: at.hash, flaw })?;
        }
        let row = page.lower_bound(from);
        self.root = None;
        let is_behind = row == page.row_count();
        self.steps.push(Step { page: Arc::clone(&page), row });
        if is_behind {
            self.leave();
        }
        Ok(Some(page))
    }

    /// Passes what is ahead.
    pub(crate) fn skip(&mut self) {
        if self.root.take().is_some() {
            return;
        }
        while let Some(step) = self.steps.last_mut() {
            step.row += 1;
            if step.row < step.page.row_count() {
                return;
            }
            self.steps.pop();
        }
    }

    /// Passes the rest of the page that holds what is ahead.
    pub(crate) fn leave(&mut self) {
        self.steps.pop();
        self.skip();
    }

    /// Goes up until `key` belongs to the page at hand, and to the first row there that is not
    /// before it. `false` if no page at hand has it in its range: the way must begin at the root.
    pub(crate) fn climb(&mut self, key: &[u8]) -> bool {
        while let Some((step, above)) = self.steps.split_last_mut() {
            let follows = lower(above).is_none_or(|lower| lower < key);
            if follows && key <= step.page.last_key() {
                step.row = step.page.lower_bound(key);
                return true;
            }
            self.steps.pop();
        }
        false
    }
}

/// The key before the rows at which `steps` stand.
fn lower(steps: &[Step]) -> Option<&[u8]> {
    let before = |step: &'_ Step| step.row.checked_sub(1);
    steps.iter().rev().find_map(|step| step.page.key(before(step)?))
}

/// Checks a page against the row that names it: its level, and that its keys lie in (`lower`,
/// `key`].
fn check(page: &Page, key: &[u8], level: u8, lower: Option<&[u8]>) -> Result<(), Flaw> {
    if page.level() != level {
        return Err(Flaw::Level { expected: level, found: page.level() });
    }
    if page.last_key() != key {
        return Err(Flaw::LastKey);
    }
    if lower.is_some_and(|lower| page.first_key() <= lower) {
        return Err(Flaw::FirstKey);
    }
    Ok(())
}
