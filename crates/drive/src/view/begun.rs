//! What an author has in view at a path: by that their entry supersedes, and beside that it stands.
//!
//! A writer whose pages for the path are not here is known to have committed, but nobody here has seen
//! what it says there. It is in view as far as this writer's own row went by it already, and no
//! further: whatever else it says stays a version of its own.

use ply_engine::Engine;
use ply_types::{LogKey, Path};

use super::{PathState, View};
use crate::clock::Clock;
use crate::entry::Kept;
use crate::error::DriveError;
use crate::key::path_key;

/// A moment at which somebody began to change a path.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// What was in view, this writer's own log left out.
    pub(crate) clock: Clock,
    /// Versions that stay beside an entry that goes over the shown one.
    pub(crate) keeps: Vec<Kept>,
}

impl<E: Engine> View<E> {
    /// All that is in view where nothing is missing, this writer's own log left out: it always has
    /// that in view.
    pub(crate) fn others(&self) -> Clock {
        let own = self.replica.writer_key();
        let mut clock = Clock::new();
        for (writer, mark) in self.commits().filter(|(writer, _)| *writer != own) {
            clock.see(writer, mark);
        }
        clock
    }

    /// What is in view at a path whose state is `state`.
    pub(crate) fn begun(&self, path: &Path, state: &PathState) -> Result<Begun, DriveError> {
        let beside = state.versions.kept_beside(state.shown(), &self.replica.writer_key());
        let mut begun = self.unseen(path, state)?;
        begun.keeps.extend(beside);
        for (writer, mark) in self.others().iter() {
            if !is_unseen(state, writer) {
                begun.clock.see(writer, mark);
            }
        }
        Ok(begun)
    }

    /// Of the writers that are not seen at a path, what this writer's own row says of them.
    pub(crate) fn unseen(&self, path: &Path, state: &PathState) -> Result<Begun, DriveError> {
        let mut begun = Begun { clock: Clock::new(), keeps: Vec::new() };
        if state.missing.is_empty() {
            return Ok(begun);
        }
        let Some(tree) = self.own_tree() else { return Ok(begun) };
        let Some(own) = tree.entry(&path_key(path))? else { return Ok(begun) };
        for (writer, mark) in tree.clock(own.stamp)?.iter() {
            if is_unseen(state, writer) {
                begun.clock.see(writer, mark);
            }
        }
        begun.keeps = own.keeps;
        begun.keeps.retain(
            |kept| matches!(kept, Kept::Theirs { writer, .. } if is_unseen(state, *writer)),
        );
        Ok(begun)
    }
}

fn is_unseen(state: &PathState, writer: LogKey) -> bool {
    state.missing.iter().any(|(unseen, _)| *unseen == writer)
}
