//! Facts as bytes of a row.

use super::{Fact, Facts};
use crate::meta::Print;

/// First byte of a row.
const VERSION: u8 = 1;
/// Facts in one row: 1,024 of common names are about 50 KB.
const FACTS_MAX: usize = 1024;

/// The rows of a directory, numbered. More than 65,536 rows (67 million files) are forgotten.
pub(super) fn encode_all(facts: &Facts) -> impl Iterator<Item = (u16, Vec<u8>)> + '_ {
    (0..=u16::MAX).zip(facts.chunks(FACTS_MAX).map(encode))
}

fn encode(facts: &[(Box<[u8]>, Fact)]) -> Vec<u8> {
    let mut row = vec![VERSION];
    for (name, fact) in facts {
        // File systems have no longer names; one would only be remembered under another.
        let length = u8::try_from(name.len()).unwrap_or(u8::MAX);
        row.push(length);
        row.extend(name.iter().take(length.into()));
        row.extend_from_slice(&fact.print.0);
        row.extend_from_slice(&fact.digest);
    }
    row
}

/// The facts of a row; `None` if it is not one.
pub(super) fn decode(row: &[u8]) -> Option<Facts> {
    let mut rest = row.strip_prefix(&[VERSION])?;
    let mut facts = Facts::new();
    while let Some((&length, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(length.into())?;
        let (&print, after) = after.split_first_chunk::<16>()?;
        let (&digest, after) = after.split_first_chunk::<16>()?;
        facts.push((name.into(), Fact { print: Print(print), digest }));
        rest = after;
    }
    Some(facts)
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};
    use proptest::prelude::*;

    use super::*;

    fn fact() -> impl Strategy<Value = (Box<[u8]>, Fact)> {
        let name = prop::collection::vec(any::<u8>(), 1..=255).prop_map(Vec::into_boxed_slice);
        (name, any::<[u8; 16]>(), any::<[u8; 16]>())
            .prop_map(|(name, print, digest)| (name, Fact { print: Print(print), digest }))
    }

    #[test]
    fn fuzz_rows_of_facts() {
        let facts = [(Box::from(*b"name"), Fact { print: Print([1; 16]), digest: [2; 16] })];
        Target::new("import-facts", Form::Bytes, RoundTrip::Exact)
            .seed("none", encode(&[]))
            .seed("one", encode(&facts))
            .run(|row| decode(row).map(|facts| encode(&facts)));
    }

    proptest! {
        #[test]
        fn facts_are_read_as_they_were_written(facts in prop::collection::vec(fact(), 0..2100)) {
            let rows = encode_all(&facts).map(|(_, row)| decode(&row));
            let read: Option<Vec<Facts>> = rows.collect();
            prop_assert_eq!(read.map(|rows| rows.concat()), Some(facts));
        }

        #[test]
        fn any_bytes_are_facts_or_none(row in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(facts) = decode(&row) {
                prop_assert_eq!(encode(&facts), row);
            }
        }
    }
}
