//! How much of a file's content is held here.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ply_chunk::{Child, Content};
use ply_engine::Engine;
use ply_log::HaveMap;
use ply_types::Path;

use super::View;
use super::content::Reader;
use crate::entry::Stored;
use crate::error::DriveError;
use crate::versions::Version;

/// What of a content is held here, without asking anybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Local {
    /// Blocks that the content is made of; none where its entry has all of it.
    pub blocks: u64,
    /// Those that are held here.
    pub blocks_here: u64,
    /// Bytes of the content.
    pub bytes: u64,
    /// Those that can be read from what is held here.
    pub bytes_here: u64,
}

impl<E: Engine> View<E> {
    /// How much of a version is held here. Reads lists, and no content.
    pub fn local(&self, path: &Path, version: &Version) -> Result<Local, DriveError> {
        self.open(path, version)?.local()
    }
}

impl<E: Engine> Reader<'_, E> {
    /// What lies below a list node that is not held here counts as not held: nothing can reach it.
    fn local(&mut self) -> Result<Local, DriveError> {
        let content: &Content = match self.stored() {
            Stored::Inline(bytes) => {
                let bytes = bytes.len() as u64;
                return Ok(Local { bytes, bytes_here: bytes, ..Local::default() });
            }
            Stored::Frames(content) => content,
        };
        let mut local =
            Local { blocks: content.piece_count(), bytes: content.bytes(), ..Local::default() };
        let mut layers: HashMap<u32, Option<HaveMap>> = HashMap::new();
        let mut ahead = content.children();
        while let Some(child) = ahead.pop() {
            match child {
                Child::Node(reference) => match self.list_node(&reference) {
                    Ok(node) => ahead.extend_from_slice(node.children()),
                    Err(DriveError::Missing(_)) => {}
                    Err(error) => return Err(error),
                },
                Child::Piece(piece, place) => {
                    let have = match layers.entry(place.layer) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(unknown) => unknown.insert(self.have(place.layer)?),
                    };
                    if have.as_ref().is_some_and(|have| have.contains(place.block)) {
                        local.blocks_here += 1;
                        local.bytes_here += u64::from(piece.raw_bytes);
                    }
                }
            }
        }
        Ok(local)
    }

    /// What is held of a layer; `None` where the layer's own row is not here.
    fn have(&self, number: u32) -> Result<Option<HaveMap>, DriveError> {
        match self.layer(number) {
            Ok(layer) => Ok(Some(self.logs().have(&layer.key)?)),
            Err(DriveError::Missing(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
