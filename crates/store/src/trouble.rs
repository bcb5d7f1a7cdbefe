//! What the system and the database say, in the words of [`EngineError`].

use std::io::{Error, ErrorKind};
use std::path::Path;

use ply_engine::EngineError;

/// Names what was tried and on what; a full disk is a fault of its own.
pub(crate) fn io(doing: &'static str, place: &Path, source: Error) -> EngineError {
    let place = place.display().to_string();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => EngineError::Full { place },
        _ => EngineError::Io { doing, place, source },
    }
}

/// Wraps what `RocksDB` said. Its binding gives text only, so a full disk is told by its message.
pub(crate) fn database(place: &Path, error: &rocksdb::Error) -> EngineError {
    let (place, what) = (place.display().to_string(), error.as_ref());
    if what.contains("No space left") || what.contains("NoSpace") || what.contains("quota exceeded")
    {
        EngineError::Full { place }
    } else if error.kind() == rocksdb::ErrorKind::Corruption
        // Nobody but the database takes its files away.
        || what.contains("No such file or directory")
    {
        EngineError::DamagedRows { place, what: what.to_owned() }
    } else {
        EngineError::Database { place, what: what.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ply_types::Fault;

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let fault = |kind: ErrorKind| io("writing", Path::new("x"), kind.into()).fault();
        assert_eq!(fault(ErrorKind::StorageFull), Fault::Full);
        assert_eq!(fault(ErrorKind::PermissionDenied), Fault::Machine);
    }
}
