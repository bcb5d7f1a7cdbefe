//! The column of places that goes beside an inner page, outside its hash.
//!
//! ```text
//!   varint    number n of other logs that are named here
//!   n times   32 bytes: the key of a log
//!   n = 0     for each row: a varint, the block. All children lie in the log that holds the page
//!   n > 0     for each row: a varint, 0 for the log that holds the page, else the position of the
//!             log in the list, counted from 1; and a varint, the block
//! ```
//!
//! A tree that one writer keeps in one log, the usual case, thus pays for nothing but block
//! numbers.

use ply_types::LogKey;

use crate::codec::{Reader, put_length, put_varint};
use crate::limits::ROWS_MAX;
use crate::page::PageError;
use crate::refs::Where;

/// Writes the places of a page's children, for a page that is kept in `own_log`.
pub fn encode_where(places: &[Where], own_log: LogKey) -> Vec<u8> {
    let mut others: Vec<LogKey> = Vec::new();
    for place in places {
        if place.log != own_log && !others.contains(&place.log) {
            others.push(place.log);
        }
    }
    let mut bytes = Vec::new();
    put_length(&mut bytes, others.len());
    for log in &others {
        bytes.extend_from_slice(log.as_bytes());
    }
    for place in places {
        if !others.is_empty() {
            let index = others.iter().position(|&log| log == place.log);
            put_length(&mut bytes, index.map_or(0, |index| index + 1));
        }
        put_varint(&mut bytes, place.block);
    }
    bytes
}

/// Reads the places of the `row_count` children of a page that came from `own_log`.
pub fn decode_where(
    bytes: &[u8],
    own_log: LogKey,
    row_count: usize,
) -> Result<Vec<Where>, PageError> {
    if ROWS_MAX < row_count {
        return Err(PageError::RowCount);
    }
    let mut reader = Reader::new(bytes);
    let places = places(&mut reader, own_log, row_count).ok_or(PageError::Places)?;
    if reader.is_empty() { Ok(places) } else { Err(PageError::Places) }
}

fn places(reader: &mut Reader<'_>, own_log: LogKey, row_count: usize) -> Option<Vec<Where>> {
    let other_count = reader.length(row_count)?;
    let mut logs = vec![own_log];
    for _ in 0..other_count {
        logs.push(LogKey(*reader.array()?));
    }
    let mut places = Vec::new();
    for _ in 0..row_count {
        let index = if other_count == 0 { 0 } else { reader.length(other_count)? };
        let &log = logs.get(index)?;
        places.push(Where { log, block: reader.varint()? });
    }
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: LogKey = LogKey([1; 32]);

    fn place(log: u8, block: u64) -> Where {
        Where { log: LogKey([log; 32]), block }
    }

    #[test]
    fn places_in_the_own_log_cost_their_block_numbers() {
        let places = [place(1, 5), place(1, 300), place(1, 7)];
        let bytes = encode_where(&places, OWN);
        assert_eq!(bytes, [0, 5, 0xac, 2, 7]);
        assert_eq!(decode_where(&bytes, OWN, 3).as_deref(), Ok(&places[..]));
    }

    #[test]
    fn other_logs_are_named_once() {
        let places = [place(9, 1), place(1, 2), place(8, 3), place(9, 4)];
        let bytes = encode_where(&places, OWN);
        assert_eq!(bytes.len(), 1 + 2 * 32 + 4 * 2);
        assert_eq!(decode_where(&bytes, OWN, 4).as_deref(), Ok(&places[..]));
    }

    #[test]
    fn places_that_do_not_fit_the_page_are_refused() {
        let bytes = encode_where(&[place(9, 1), place(1, 2)], OWN);
        for row_count in [0, 1, 3, ROWS_MAX] {
            assert_eq!(decode_where(&bytes, OWN, row_count), Err(PageError::Places));
        }
        assert_eq!(decode_where(&[0], OWN, usize::MAX), Err(PageError::RowCount));
        assert_eq!(decode_where(&[], OWN, 1), Err(PageError::Places));
        assert_eq!(decode_where(&[0x7f], OWN, 500), Err(PageError::Places));
        for cut in 0..bytes.len() {
            assert_eq!(decode_where(&bytes[..cut], OWN, 2), Err(PageError::Places));
        }
    }
}
