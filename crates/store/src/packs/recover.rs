//! Finding the end of the newest pack after a crash.
//!
//! What was synced is taken as whole: damage there is `verify`'s to find, and cutting it off would lose
//! what lies behind. After it, records are read until the first that is not whole, and the file ends
//! there. No durable row names what is cut off, for rows are made durable after their frames.
//!
//! | found | done |
//! |---|---|
//! | no pack, or the newest is older than what was synced | a new pack |
//! | newest pack not longer than a header, and that one not whole | that pack begins again |
//! | newest pack shorter than what was synced, or its header is damaged | left alone; a new pack |
//! | else | the torn end is cut off |
//!
//! A damaged pack is never appended to: its lost records may be named by rows, and a new frame must not
//! lie where an old one is looked for.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use ply_engine::EngineError;

use crate::home::sync_folder;
use crate::packs::files::{self, Pack};
use crate::packs::position::Position;
use crate::packs::record::{self, PACK_HEADER_BYTES, RECORD_HEADER_BYTES};
use crate::packs::tail::Tail;
use crate::trouble;

/// The number of the first pack.
const PACK_FIRST: u32 = 1;

/// Opens the newest pack of a folder for appending.
pub(crate) fn recover(
    folder: &Path,
    synced: Option<Position>,
    pack_bytes_max: u32,
) -> Result<Tail, EngineError> {
    let newest = files::list(folder)?.pop();
    let synced_pack = synced.map_or(0, |synced| synced.pack);
    let Some((pack, file_bytes)) = newest.filter(|&(pack, _)| synced_pack <= pack) else {
        return Tail::create(folder, next(folder, synced_pack)?);
    };
    let start = synced.filter(|synced| synced.pack == pack).map(|synced| synced.offset);
    if start.is_none() && file_bytes < PACK_HEADER_BYTES.into() {
        return Tail::create(folder, pack);
    }

    let path = files::path(folder, pack);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|error| trouble::io("opening", &path, error))?;
    let open = Pack { file, path };
    let start_offset = match start {
        Some(offset) => offset.max(PACK_HEADER_BYTES),
        None if has_header(&open, pack)? => PACK_HEADER_BYTES,
        // Power was lost while it began: there is nothing in it that could be lost as well.
        None if file_bytes == PACK_HEADER_BYTES.into() => return Tail::create(folder, pack),
        None => return Tail::create(folder, next(folder, pack)?),
    };
    if file_bytes < start_offset.into() {
        return Tail::create(folder, next(folder, pack)?);
    }

    let file_end = u32::try_from(file_bytes).unwrap_or(u32::MAX).min(pack_bytes_max);
    let start = Position { pack, offset: start_offset };
    let end = whole_until(&open, start, file_end)?;
    if u64::from(start.offset) < file_bytes {
        open.file
            .set_len(end.offset.into())
            .and_then(|()| open.file.sync_data())
            .map_err(|error| trouble::io("repairing", &open.path, error))?;
        sync_folder(folder)?;
    }
    Ok(Tail::new(open, end))
}

fn next(folder: &Path, pack: u32) -> Result<u32, EngineError> {
    let full = || EngineError::Full { place: folder.display().to_string() };
    pack.checked_add(1).map(|next| next.max(PACK_FIRST)).ok_or_else(full)
}

/// Whether the file begins as the pack of this number does.
pub(crate) fn has_header(open: &Pack, pack: u32) -> Result<bool, EngineError> {
    let mut bytes = [0; PACK_HEADER_BYTES as usize];
    open.file
        .read_exact_at(&mut bytes, 0)
        .map_err(|error| trouble::io("reading", &open.path, error))?;
    Ok(bytes == record::pack_header(pack))
}

/// One past the last record from `at` on that is whole.
///
/// Each one is written again where it is. A process that ended because a sync was refused may have left
/// pages that look written and are not; now they will be.
fn whole_until(open: &Pack, mut at: Position, file_end: u32) -> Result<Position, EngineError> {
    loop {
        let record =
            record::length(open, at, file_end).and_then(|length| record::read(open, at, length));
        let (header, bytes) = match record {
            Ok(record) => record,
            Err(EngineError::Damaged { .. }) => return Ok(at),
            Err(error) => return Err(error),
        };
        let encoded = header.to_bytes(at, crc32fast::hash(&bytes));
        open.file
            .write_all_at(&encoded, at.offset.into())
            .and_then(|()| {
                open.file
                    .write_all_at(&bytes, u64::from(at.offset) + u64::from(RECORD_HEADER_BYTES))
            })
            .map_err(|error| trouble::io("repairing", &open.path, error))?;
        // Cannot overflow: `length` checked that the record ends before `file_end`.
        at.offset += RECORD_HEADER_BYTES + header.length;
    }
}
