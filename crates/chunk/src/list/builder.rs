//! From pieces, one at a time, to the content of a file.

use super::content::{Content, INLINE_PIECES_MAX};
use super::error::BuildError;
use super::piece::{Child, Piece, Place};
use super::tree::Tree;
use crate::frame::RAW_BYTES_MAX;

/// Takes the pieces of a file in order. Holds one open node for each level, however long the file.
///
/// `store` is given the encoded bytes of each finished node, children before parents, and says
/// where it put them. It is not called for files of at most [`INLINE_PIECES_MAX`] pieces.
#[derive(Debug, Default)]
pub struct ListBuilder {
    /// The pieces so far, while they are few.
    first: Vec<(Piece, Place)>,
    /// All pieces, once they are many.
    tree: Option<Tree>,
    piece_count: u64,
}

impl ListBuilder {
    /// The list of an empty file, to begin with.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece at the end.
    pub fn push<E>(
        &mut self,
        piece: Piece,
        place: Place,
        mut store: impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<(), BuildError<E>> {
        if !(1..=RAW_BYTES_MAX).contains(&piece.raw_bytes) {
            return Err(BuildError::Piece { raw_bytes: piece.raw_bytes });
        }
        let added = Child::Piece(piece, place);
        self.piece_count += 1;
        if let Some(tree) = &mut self.tree {
            return tree.push(added, &mut store).map_err(BuildError::Store);
        }
        if self.first.len() < INLINE_PIECES_MAX {
            self.first.push((piece, place));
            return Ok(());
        }
        let tree = self.tree.insert(Tree::default());
        for (piece, place) in self.first.drain(..) {
            tree.push(Child::Piece(piece, place), &mut store).map_err(BuildError::Store)?;
        }
        tree.push(added, &mut store).map_err(BuildError::Store)
    }

    /// The content, with the last nodes stored.
    pub fn finish<E>(
        mut self,
        mut store: impl FnMut(&[u8]) -> Result<Place, E>,
    ) -> Result<Content, BuildError<E>> {
        if let Some(tree) = self.tree {
            let root = tree.finish(&mut store).map_err(BuildError::Store)?;
            if let Some(root) = root {
                return Ok(Content::Tree { root, piece_count: self.piece_count });
            }
        }
        Ok(match (self.first.len(), self.first.pop()) {
            (_, None) => Content::Empty,
            (1, Some((piece, place))) => Content::One(piece, place),
            (_, Some(last)) => {
                self.first.push(last);
                Content::Inline(self.first)
            }
        })
    }
}
