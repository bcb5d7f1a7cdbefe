//! A new tree while it grows: at each level the rows since the last boundary, and nothing more.
//!
//! A page is written as soon as its last row is known, and becomes a row one level up. Rows reach
//! any level in order, from below or, where a whole old page can stay, directly.

use crate::boundary::Span;
use crate::error::BuildError;
use crate::limits::LEVEL_MAX;
use crate::page::{Child, Draft};
use crate::refs::PageRef;
use crate::seam::{Sink, Weigh};

/// See the module docs.
#[derive(Debug)]
pub(crate) struct Levels<'w, W, S> {
    weigh: &'w W,
    sink: S,
    open: Vec<Level>,
}

/// The unfinished page of a level.
#[derive(Debug)]
struct Level {
    draft: Draft,
    span: Span,
    /// The last key of the draft.
    last_key: Vec<u8>,
    /// Whether a row was ever added: then there is at least one page on the level below.
    used: bool,
    /// Whether any row is a page of the old tree that was not entered.
    reused: bool,
    /// The old page that was entered last. If the draft turns out the same, it stays where it is.
    old: Option<PageRef>,
}

/// What a tree ends in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Top {
    /// No rows, no root.
    Empty,
    /// A page that has no page like it beside it, and more than one row if it is an inner page.
    Root(PageRef),
    /// The same, but the page is an old one: an inner page might have but a single child.
    Old(PageRef),
}

impl Level {
    fn new(level: u8) -> Self {
        Self {
            draft: Draft::new(level),
            span: Span::new(level),
            last_key: Vec::new(),
            used: false,
            reused: false,
            old: None,
        }
    }

    fn is_clean(&self) -> bool {
        self.draft.row_count() == 0
    }
}

impl<'w, W: Weigh, S: Sink> Levels<'w, W, S> {
    pub(crate) fn new(weigh: &'w W, sink: S) -> Self {
        Self { weigh, sink, open: Vec::new() }
    }

    /// Whether a boundary has just been met on `level` and on all levels below it.
    pub(crate) fn are_clean_to(&self, level: u8) -> bool {
        self.open.iter().take(usize::from(level) + 1).all(Level::is_clean)
    }

    /// Notes that the rows of an old page are about to come one by one.
    pub(crate) fn enter(&mut self, level: u8, old: PageRef) -> Result<(), BuildError<S::Error>> {
        self.level(level)?.old = Some(old);
        Ok(())
    }

    /// Adds a row at the bottom.
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), BuildError<S::Error>> {
        let weight = self.weigh.weigh(key, value);
        let leaf = self.level(0)?;
        leaf.draft.push_value(key, value, weight);
        self.pushed(0, key)
    }

    /// Adds a whole page of the old tree.
    pub(crate) fn reuse(
        &mut self,
        level: u8,
        key: &[u8],
        child: Child,
    ) -> Result<(), BuildError<S::Error>> {
        self.push_child(level.saturating_add(1), key, child)?;
        self.level(level.saturating_add(1))?.reused = true;
        Ok(())
    }

    /// Ends all pages.
    pub(crate) fn finish(&mut self) -> Result<Top, BuildError<S::Error>> {
        let mut number = 0;
        while let Some(level) = self.open.get(usize::from(number)) {
            let above = usize::from(number) + 1;
            let is_top = !self.open.iter().skip(above).any(|level| level.used);
            match (level.draft.row_count(), level.draft.last_child()) {
                (0, _) => {}
                (1, Some(child)) if is_top => {
                    return Ok(if level.reused {
                        Top::Old(child.page)
                    } else {
                        Top::Root(child.page)
                    });
                }
                _ if is_top => return self.write(number).map(|(_, child)| Top::Root(child.page)),
                _ => self.end_page(number)?,
            }
            number += 1;
        }
        Ok(Top::Empty)
    }

    fn level(&mut self, level: u8) -> Result<&mut Level, BuildError<S::Error>> {
        if LEVEL_MAX < level {
            return Err(BuildError::TooHigh);
        }
        while self.open.len() <= usize::from(level) {
            let next = u8::try_from(self.open.len()).map_err(|_| BuildError::TooHigh)?;
            self.open.push(Level::new(next));
        }
        self.open.get_mut(usize::from(level)).ok_or(BuildError::TooHigh)
    }

    fn push_child(
        &mut self,
        level: u8,
        key: &[u8],
        child: Child,
    ) -> Result<(), BuildError<S::Error>> {
        let above = self.level(level)?;
        above.draft.push_child(key, child);
        self.pushed(level, key)
    }

    fn pushed(&mut self, number: u8, key: &[u8]) -> Result<(), BuildError<S::Error>> {
        let level = self.level(number)?;
        level.used = true;
        level.last_key.clear();
        level.last_key.extend_from_slice(key);
        if level.span.ends_after(key) { self.end_page(number) } else { Ok(()) }
    }

    /// Writes the page of a level and hands it to the level above. Goes up at most [`LEVEL_MAX`]
    /// times.
    fn end_page(&mut self, number: u8) -> Result<(), BuildError<S::Error>> {
        let (key, child) = self.write(number)?;
        self.push_child(number + 1, &key, child)
    }

    /// Writes the page of a level, unless the old tree has it already.
    fn write(&mut self, number: u8) -> Result<(Vec<u8>, Child), BuildError<S::Error>> {
        let level = self.level(number)?;
        level.span = Span::new(number);
        let draft = std::mem::replace(&mut level.draft, Draft::new(number));
        let (key, old) = (std::mem::take(&mut level.last_key), level.old);
        let totals = draft.totals();
        let page = draft.finish();
        let place = match old {
            Some(old) if old.hash == page.hash() => old.place,
            _ => self.sink.put(&page, page.places()).map_err(BuildError::Sink)?,
        };
        Ok((key, Child { page: PageRef { hash: page.hash(), place }, totals }))
    }
}
