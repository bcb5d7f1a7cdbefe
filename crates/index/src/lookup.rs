//! One key, and sums over a range.

use crate::error::TreeError;
use crate::range::KeyRange;
use crate::refs::{PageRef, Totals};
use crate::seam::{Pages, Weigh};
use crate::trail::{Here, Trail};

/// The value of `key`. Reads one page per level.
pub async fn get<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, TreeError<P::Error>> {
    let mut trail = Trail::new(pages, root);
    loop {
        match trail.here() {
            Here::Root(_) | Here::Child { .. } => drop(trail.enter(key).await?),
            Here::Row { key: found, value } if found == key => return Ok(Some(value.to_vec())),
            Here::Row { .. } | Here::End => return Ok(None),
        }
    }
}

/// What the rows of `range` weigh together.
///
/// Reads at most two pages per level: those that the ends of the range cut. What lies between is
/// taken at its writer's word.
pub async fn totals<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    range: &KeyRange,
    weigh: &impl Weigh,
) -> Result<Totals, TreeError<P::Error>> {
    let mut trail = Trail::new(pages, root);
    let mut sum = Totals::default();
    loop {
        match trail.here() {
            Here::End => return Ok(sum),
            Here::Root(_) => drop(trail.enter(&range.start).await?),
            _ if range.is_over_after(trail.lower()) => return Ok(sum),
            Here::Child { key, child, .. }
                if range.is_open_after(trail.lower()) && !range.is_before(key) =>
            {
                sum = sum + child.totals;
                trail.skip();
            }
            Here::Child { .. } => drop(trail.enter(&range.start).await?),
            Here::Row { key, .. } if range.is_before(key) => return Ok(sum),
            Here::Row { key, value } => {
                sum = sum + weigh.weigh(key, value);
                trail.skip();
            }
        }
    }
}
