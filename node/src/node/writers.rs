//! Naming writers.

use std::collections::BTreeSet;

use ply_drive::Replica;
use ply_store::Store;
use ply_types::LogKey;

use crate::error::CommandError;

/// Digits that a prefix of a key must have.
const PREFIX_DIGITS_MIN: usize = 4;

/// The writer of a drive that a text names: its key, or a prefix that fits no other.
pub(crate) fn parse_writer(replica: &Replica<Store>, text: &str) -> Result<LogKey, CommandError> {
    let prefix = text.to_ascii_lowercase();
    let mut known: BTreeSet<LogKey> = replica.membership().writers().map(|(key, _)| *key).collect();
    known.extend(replica.effective().into_keys());
    known.insert(replica.writer_key());
    known.retain(|key| PREFIX_DIGITS_MIN <= prefix.len() && key.to_string().starts_with(&prefix));
    match known.pop_first() {
        None => Err(CommandError::NoWriter { drive: replica.name(), writer: text.to_owned() }),
        Some(key) if known.is_empty() => Ok(key),
        Some(key) => {
            known.insert(key);
            let candidates = known.iter().map(LogKey::to_string).collect();
            Err(CommandError::AmbiguousWriter { writer: text.to_owned(), candidates })
        }
    }
}
