//! Names, which are any bytes, as text.

use data_encoding::HEXLOWER;
use serde::Serialize;

/// A name for people: what is no text, and what would move the cursor, is written `\xNN`.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || turns(c) {
                let mut buffer = [0; 4];
                push_hex(&mut text, c.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(c);
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    text
}

/// Whether a character changes the direction in which the others are shown.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A message for people: lines stay lines, and what names in it would do to a terminal they do not.
pub(crate) fn escape_lines(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| escape(line.as_bytes())).collect();
    lines.join("\n")
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str("\\x");
        text.push_str(&HEXLOWER.encode(&[*byte]));
    }
}

/// A name for programs: as text, and exactly where the text is not exact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Spelled {
    /// As text; what is none is replaced.
    pub(crate) text: String,
    /// The bytes in hexadecimal, where they are not UTF-8.
    pub(crate) bytes: Option<String>,
}

impl Spelled {
    /// Spells a name.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let exact = std::str::from_utf8(bytes).is_ok();
        Self {
            text: String::from_utf8_lossy(bytes).into_owned(),
            bytes: (!exact).then(|| HEXLOWER.encode(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_escaped() {
        assert_eq!(escape("Bücher".as_bytes()), "Bücher");
        assert_eq!(escape(b"a\xffb\n\x1b[31m"), "a\\xffb\\x0a\\x1b[31m");
        assert_eq!(escape("a\u{202e}b\u{9b}".as_bytes()), "a\\xe2\\x80\\xaeb\\xc2\\x9b");
        assert_eq!(escape_lines("ply: \x1b[31m\n  hint\n"), "ply: \\x1b[31m\n  hint\n");
        assert_eq!(Spelled::new(b"plain").bytes, None);
        assert_eq!(Spelled::new(b"a\xff").bytes.as_deref(), Some("61ff"));
    }
}
