//! Bytes to test with, the same in each run.

use std::fmt::Write as _;

/// Bytes that look random and never change: the output of BLAKE3 for this seed.
pub(crate) fn noise(seed: u64, bytes: usize) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new_derive_key("ply-chunk test noise");
    hasher.update(&seed.to_le_bytes());
    let mut noise = vec![0; bytes];
    hasher.finalize_xof().fill(&mut noise);
    noise
}

/// Text that compresses: lines of few words in no order.
pub(crate) fn text(seed: u64, bytes: usize) -> Vec<u8> {
    const WORDS: [&str; 16] = [
        "fn ",
        "let ",
        "mut ",
        "self",
        ".push(",
        ");\n",
        "    ",
        "match ",
        "Some(",
        ") => ",
        "bytes",
        "frame",
        "use crate::",
        "{\n",
        "}\n",
        "return ",
    ];
    let mut text = Vec::with_capacity(bytes + 16);
    for byte in noise(seed, bytes / 4 + 1) {
        text.extend_from_slice(WORDS[usize::from(byte) % WORDS.len()].as_bytes());
        if byte % 7 == 0 {
            text.extend_from_slice(format!("{}", seed.wrapping_mul(u64::from(byte))).as_bytes());
        }
    }
    text.truncate(bytes);
    text
}

/// Bytes as a test writes them.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    })
}
