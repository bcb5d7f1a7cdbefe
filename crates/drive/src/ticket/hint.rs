//! The parts of a ticket that are shown or dialled on a stranger's word: kept short and harmless.

use super::{ADDRESS_BYTES_MAX, NAME_HINT_BYTES_MAX};

/// Whether a text can stand as an address: printable ASCII without blanks, as multiaddrs are.
pub(super) fn is_address(text: &str) -> bool {
    (1..=ADDRESS_BYTES_MAX).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
}

/// What is left of a proposed name when nothing in it can mislead an eye, a terminal or a path.
pub(super) fn clean_name(name: &str) -> String {
    let mut clean = String::new();
    for letter in name.trim().chars().filter(|&letter| is_harmless(letter)) {
        if NAME_HINT_BYTES_MAX < clean.len() + letter.len_utf8() {
            break;
        }
        clean.push(letter);
    }
    // Blanks may have come to the edge only now. A leading dot would hide a directory, or leave it.
    clean.trim_start_matches(is_edge).trim_end().to_owned()
}

fn is_edge(letter: char) -> bool {
    letter == '.' || letter.is_whitespace()
}

/// No control characters, no separators, nothing unseen that reorders or hides text.
fn is_harmless(letter: char) -> bool {
    let is_unseen = matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    !letter.is_control() && !is_unseen && letter != '/' && letter != '\\'
}
