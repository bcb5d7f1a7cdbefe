//! Bytes of every format.
//!
//! Until the change log says that formats are frozen, a vector changes only together with its format.
//! From then on none is edited: what it holds was written to disks and signed. A new version of a
//! format gets vectors of its own beside the old ones, and the old ones are then only read.
//!
//! Membership records have theirs beside their own tests.

#![allow(clippy::needless_raw_string_hashes, reason = "as expect-test writes them")]

mod entries;
mod history;
pub(crate) mod parts;

use expect_test::Expect;

/// Compares bytes with a vector: 32 of them a line, in hexadecimal.
fn check(bytes: &[u8], vector: &Expect) {
    let lines: Vec<String> =
        bytes.chunks(32).map(|line| data_encoding::HEXLOWER.encode(line)).collect();
    vector.assert_eq(&lines.join("\n"));
}
