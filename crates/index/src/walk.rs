//! Naming pages instead of reading rows: what a server sends, and what a collector keeps.

use std::ops::ControlFlow;
use std::sync::Arc;

use ply_types::PageHash;

use crate::error::TreeError;
use crate::page::Page;
use crate::range::KeyRange;
use crate::refs::PageRef;
use crate::seam::Pages;
use crate::trail::{Here, Trail};

/// Visits the pages that a reader of `range` needs, and no others: parents before children, in
/// order of keys. A reader who is sent them in this order can check and use each as it comes.
pub async fn path_pages<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    range: &KeyRange,
    visit: impl FnMut(&PageRef, &Arc<Page>) -> ControlFlow<()>,
) -> Result<(), TreeError<P::Error>> {
    walk(pages, root, range, |_| false, visit).await
}

/// Visits the pages that a reader of `range` needs, parents before children, in order of keys, and
/// leaves out every page that `skip` knows, with all that is beneath it. Those are not even read.
pub async fn walk<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    range: &KeyRange,
    mut skip: impl FnMut(&PageHash) -> bool,
    mut visit: impl FnMut(&PageRef, &Arc<Page>) -> ControlFlow<()>,
) -> Result<(), TreeError<P::Error>> {
    let mut trail = Trail::new(pages, root);
    loop {
        let at = match trail.here() {
            Here::End => return Ok(()),
            Here::Child { .. } if range.is_over_after(trail.lower()) => return Ok(()),
            Here::Row { .. } => {
                trail.leave();
                continue;
            }
            Here::Root(root) => root,
            Here::Child { child, .. } => child.page,
        };
        if skip(&at.hash) {
            trail.skip();
            continue;
        }
        if let Some(page) = trail.enter(&range.start).await?
            && visit(&at, &page).is_break()
        {
            return Ok(());
        }
    }
}
