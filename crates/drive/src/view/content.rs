//! Reading the bytes of a version.

use std::sync::Arc;

use ply_chunk::{Child, Content, Kind, ListNode, NodeRef, Piece, Place};
use ply_engine::Engine;
use ply_types::Path;

use super::View;
use super::tree::Tree;
use crate::commit::LayerRow;
use crate::entry::Stored;
use crate::error::DriveError;
use crate::versions::Version;

/// Deepest list a reader follows. A builder needs 16 levels for more bytes than 64 bits count.
const LIST_LEVELS_MAX: usize = 20;

/// Reads one version of a file, or a symlink's target, from any offset.
#[derive(Debug)]
pub struct Reader<'view, E: Engine> {
    tree: Tree<'view, E>,
    path: Path,
    stored: &'view Stored,
    /// The piece read last, with its offset: reads in order take each piece once.
    last: Option<(u64, Arc<Vec<u8>>)>,
    /// The leaf node read last, with its offset.
    node: Option<(u64, ListNode)>,
}

/// A piece of a file and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where it starts in the file.
    pub start: u64,
    /// What it is.
    pub piece: Piece,
    /// Where its frame is, by the author's layer table.
    pub place: Place,
}

impl<E: Engine> View<E> {
    /// Opens a version for reading. Fails for what has no bytes.
    pub fn open<'view>(
        &'view self,
        path: &Path,
        version: &'view Version,
    ) -> Result<Reader<'view, E>, DriveError> {
        let not_a_file = || DriveError::NotAFile { path: path.clone() };
        let stored = version.entry.stored().ok_or_else(not_a_file)?;
        let tree = self
            .trees()
            .into_iter()
            .find(|tree| tree.writer == version.writer)
            .ok_or_else(|| DriveError::Absent { path: path.clone() })?;
        Ok(Reader { tree, path: path.clone(), stored, last: None, node: None })
    }
}

impl<'view, E: Engine> Reader<'view, E> {
    /// Length of the whole.
    pub fn bytes(&self) -> u64 {
        self.stored.bytes()
    }

    /// Bytes from `offset` on: what the piece there has of them, at most `max`. Empty at the end only.
    pub fn read_at(&mut self, offset: u64, max: usize) -> Result<Vec<u8>, DriveError> {
        if let Stored::Inline(bytes) = self.stored {
            let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
            return Ok(bytes.iter().skip(start).take(max).copied().collect());
        }
        let (start, piece) = match &self.last {
            Some((start, piece)) if covers(*start, piece.len() as u64, offset) => {
                (*start, Arc::clone(piece))
            }
            _ => {
                let Some(located) = self.locate(offset)? else { return Ok(Vec::new()) };
                let piece = Arc::new(self.piece(&located)?);
                self.last = Some((located.start, Arc::clone(&piece)));
                (located.start, piece)
            }
        };
        let skip = usize::try_from(offset - start).unwrap_or(usize::MAX);
        let bytes = piece.get(skip..).unwrap_or_default();
        Ok(bytes.get(..max).unwrap_or(bytes).to_vec())
    }

    /// All bytes, for what is known to be small.
    pub fn read_all(&mut self) -> Result<Vec<u8>, DriveError> {
        let mut whole = Vec::new();
        while (whole.len() as u64) < self.bytes() {
            let part = self.read_at(whole.len() as u64, usize::MAX)?;
            if part.is_empty() {
                return Err(self.damaged("a file ends before its size"));
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole)
    }

    /// The piece that holds an offset; `None` at the end.
    pub fn locate(&mut self, offset: u64) -> Result<Option<Located>, DriveError> {
        let Stored::Frames(content) = self.stored else { return Ok(None) };
        if let Some((start, node)) = &self.node
            && covers(*start, node.raw_bytes(), offset)
            && let Some(found) = node.find(offset - start)
            && let Child::Piece(piece, place) = found.child
        {
            return Ok(Some(Located { start: start + found.start, piece, place }));
        }
        let Some(mut found) = content.find(offset) else { return Ok(None) };
        let mut start = found.start;
        for _ in 0..LIST_LEVELS_MAX {
            match found.child {
                Child::Piece(piece, place) => return Ok(Some(Located { start, piece, place })),
                Child::Node(reference) => {
                    let node = self.list_node(&reference)?;
                    found = node
                        .find(offset - start)
                        .ok_or_else(|| self.damaged("a list is shorter than its parent says"))?;
                    if node.level() == 0 {
                        self.node = Some((start, node));
                    }
                    start += found.start;
                }
            }
        }
        Err(self.damaged("a list is too deep"))
    }

    /// Every frame that the content needs, list nodes among them, in order. For fetching ahead.
    pub fn frames(
        &mut self,
        bytes: std::ops::Range<u64>,
        mut visit: impl FnMut(Place),
    ) -> Result<(), DriveError> {
        if let Stored::Frames(Content::Tree { root, .. }) = self.stored {
            visit(root.place);
        }
        let mut offset = bytes.start;
        while offset < bytes.end {
            let Some(located) = self.locate(offset)? else { break };
            visit(located.place);
            offset = located.start + u64::from(located.piece.raw_bytes);
        }
        Ok(())
    }

    /// A layer of the author's table.
    pub(crate) fn layer(&self, number: u32) -> Result<LayerRow, DriveError> {
        self.tree.layer(number)
    }

    pub(super) fn stored(&self) -> &'view Stored {
        self.stored
    }

    pub(super) fn logs(&self) -> &'view ply_log::Logs<E> {
        &self.tree.replica.logs
    }

    pub(super) fn list_node(&self, reference: &NodeRef) -> Result<ListNode, DriveError> {
        let bytes = self.tree.frame(Kind::List, reference.place)?;
        ListNode::decode(&bytes)
            .and_then(|node| node.check(reference))
            .map_err(|error| self.damaged(&error.to_string()))
    }

    fn piece(&self, located: &Located) -> Result<Vec<u8>, DriveError> {
        let bytes = self.tree.frame(Kind::Content, located.place)?;
        if ply_chunk::hash(&bytes) != located.piece.hash {
            return Err(self.damaged("a chunk is not the one its file names"));
        }
        if bytes.len() as u64 != u64::from(located.piece.raw_bytes) {
            return Err(self.damaged("a chunk is not as long as its file says"));
        }
        Ok(bytes)
    }

    fn damaged(&self, what: &str) -> DriveError {
        let block = self.tree.commit.map_or(0, |commit| commit.mark.block);
        self.tree.replica.damaged(self.tree.writer, block, &format!("{}: {what}", self.path))
    }
}

fn covers(start: u64, bytes: u64, offset: u64) -> bool {
    offset.checked_sub(start).is_some_and(|within| within < bytes)
}
