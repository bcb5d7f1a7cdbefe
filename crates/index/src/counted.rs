//! The rows that count, found without reading where none does.

use std::ops::ControlFlow;

use crate::error::TreeError;
use crate::range::KeyRange;
use crate::refs::PageRef;
use crate::seam::{Pages, Weigh};
use crate::trail::{Here, Trail};

/// Visits the rows of `range` whose weight has a count, in order of keys.
///
/// A subtree that counts nothing is stepped over unread. So this reads about one page per level for
/// each row that it visits, however many others lie between.
pub async fn counted<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    range: &KeyRange,
    weigh: &impl Weigh,
    mut visit: impl FnMut(&[u8], &[u8]) -> ControlFlow<()>,
) -> Result<(), TreeError<P::Error>> {
    let mut trail = Trail::new(pages, root);
    loop {
        match trail.here() {
            Here::End => return Ok(()),
            Here::Root(_) => drop(trail.enter(&range.start).await?),
            _ if range.is_over_after(trail.lower()) => return Ok(()),
            Here::Child { child, .. } if child.totals.count == 0 => trail.skip(),
            Here::Child { .. } => drop(trail.enter(&range.start).await?),
            Here::Row { key, .. } if range.is_before(key) => return Ok(()),
            Here::Row { key, value } => {
                if weigh.weigh(key, value).count != 0 && visit(key, value).is_break() {
                    return Ok(());
                }
                trail.skip();
            }
        }
    }
}
