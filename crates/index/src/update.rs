//! Editing: the tree that a rebuild would give, at the cost of the pages that change.
//!
//! The old tree is walked once, in order of keys. Rows near an edit flow one by one into a new
//! tree; wherever no edit falls into an old page *and* the new tree has just met a boundary on the
//! level of that page and on all levels below, the page stays as it is, unread, and becomes one row
//! of the level above.
//!
//! Why that gives what a rebuild gives: where a page ends depends on nothing but the keys since the
//! boundary before it. An old page that begins at a boundary of the new tree, and whose rows are
//! unchanged, ends where the new page would end. The last page of a level is the exception, since
//! it ended with the level and not at a boundary; it stays only if nothing comes after it.

use std::cmp::Ordering;

use crate::error::{RowError, TreeError, UpdateError};
use crate::levels::{Levels, Top};
use crate::refs::PageRef;
use crate::seam::{Pages, Sink, Weigh};
use crate::trail::{Here, Trail};

/// A key with its new value, or with `None` if it shall be gone.
pub type Edit = (Vec<u8>, Option<Vec<u8>>);

/// Applies `edits`, in strictly ascending order of keys, and gives the new root; `None` if no row
/// is left. Setting what is set already, or removing what is not there, changes nothing.
///
/// Reads and writes O(edits · height) pages: about one page per level around each edit, and
/// sometimes a neighbour, until the new boundaries meet old ones. Pages that come out as they were
/// are not written again.
pub async fn update<P: Pages, S: Sink>(
    pages: &P,
    root: Option<PageRef>,
    edits: &[Edit],
    weigh: &impl Weigh,
    sink: &mut S,
) -> Result<Option<PageRef>, UpdateError<P::Error, S::Error>> {
    check(edits).map_err(crate::BuildError::Row)?;
    if edits.is_empty() {
        return Ok(root);
    }
    let mut levels = Levels::new(weigh, sink);
    let mut trail = Trail::new(pages, root);
    let mut edits = edits.iter().peekable();
    loop {
        match trail.here() {
            Here::End => break,
            Here::Child { key, level, child } => {
                let is_untouched = match edits.peek() {
                    None => true,
                    Some((edited, _)) => key < edited.as_slice() && !trail.is_rightmost(),
                };
                if is_untouched && levels.are_clean_to(level) {
                    levels.reuse(level, key, child)?;
                    trail.skip();
                } else {
                    levels.enter(level, child.page)?;
                    trail.enter(&[]).await?;
                }
            }
            Here::Root(at) => {
                if let Some(page) = trail.enter(&[]).await? {
                    levels.enter(page.level(), at)?;
                }
            }
            Here::Row { key, value } => {
                let edit = edits.next_if(|(edited, _)| edited.as_slice() <= key);
                let order =
                    edit.map_or(Ordering::Greater, |(edited, _)| edited.as_slice().cmp(key));
                if let Some((edited, Some(value))) = edit {
                    levels.push(edited, value)?;
                }
                match order {
                    Ordering::Less => {}
                    Ordering::Equal => trail.skip(),
                    Ordering::Greater => {
                        levels.push(key, value)?;
                        trail.skip();
                    }
                }
            }
        }
    }
    for (key, value) in edits {
        if let Some(value) = value {
            levels.push(key, value)?;
        }
    }
    match levels.finish()? {
        Top::Empty => Ok(None),
        Top::Root(root) => Ok(Some(root)),
        Top::Old(root) => Ok(Some(lowest_root(pages, root).await?)),
    }
}

fn check(edits: &[Edit]) -> Result<(), RowError> {
    let mut last: &[u8] = &[];
    for (index, (key, value)) in edits.iter().enumerate() {
        RowError::check_key(index, last, key)?;
        RowError::check_value(index, value.as_deref().unwrap_or_default())?;
        last = key;
    }
    Ok(())
}

/// What is left of an old tree may be a page with a single child, once the last of several. A root
/// has more: goes down to the page that is the root.
async fn lowest_root<P: Pages>(pages: &P, root: PageRef) -> Result<PageRef, TreeError<P::Error>> {
    let mut trail = Trail::new(pages, Some(root));
    let mut lowest = root;
    while let Some(page) = trail.enter(&[]).await? {
        match page.child(0) {
            Some(child) if page.row_count() == 1 => lowest = child.page,
            _ => break,
        }
    }
    Ok(lowest)
}
