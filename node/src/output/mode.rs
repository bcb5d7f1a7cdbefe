//! Kinds and permissions, shown and parsed as `ls` and `chmod` have them.

use ply_drive::Kind;

use crate::error::CommandError;

const READ: u32 = 0o444;
const WRITE: u32 = 0o222;
const EXECUTE: u32 = 0o111;
const SET_ID: u32 = 0o6000;
const STICKY: u32 = 0o1000;
const ALL: u32 = 0o7777;

/// The word for a kind.
pub(crate) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
        Kind::CharacterDevice => "character-device",
        Kind::BlockDevice => "block-device",
    }
}

/// Kind and permissions in ten letters.
pub(crate) fn letters(kind: Kind, mode: u32) -> String {
    let mut text = String::from(match kind {
        Kind::File => '-',
        Kind::Directory => 'd',
        Kind::Symlink => 'l',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::CharacterDevice => 'c',
        Kind::BlockDevice => 'b',
    });
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, STICKY, 't')] {
        let bits = mode >> shift;
        text.push(if bits & 4 == 0 { '-' } else { 'r' });
        text.push(if bits & 2 == 0 { '-' } else { 'w' });
        text.push(match (mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    text
}

/// What a mode becomes by `755` or `u+x,go-w`.
pub(crate) fn apply_mode(text: &str, mode: u32, kind: Kind) -> Result<u32, CommandError> {
    let malformed = || CommandError::Usage(format!("'{text}' is no mode: write 644 or u+x,go-w"));
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let mode = u32::from_str_radix(text, 8).map_err(|_| malformed())?;
        return if mode <= ALL { Ok(mode) } else { Err(malformed()) };
    }
    text.split(',').try_fold(mode, |mode, clause| {
        let at = clause.find(['+', '-', '=']).ok_or_else(malformed)?;
        let (who, rest) = clause.split_at(at);
        let mut rest = rest.chars();
        let operator = rest.next();
        let mut mask = 0;
        for letter in who.chars() {
            mask |= match letter {
                'u' => 0o4700,
                'g' => 0o2070,
                'o' => 0o1007,
                'a' => ALL,
                _ => return Err(malformed()),
            };
        }
        let mask = if who.is_empty() { ALL } else { mask };
        let mut bits = 0;
        for letter in rest {
            bits |= match letter {
                'r' => READ,
                'w' => WRITE,
                'x' => EXECUTE,
                'X' if kind == Kind::Directory || mode & EXECUTE != 0 => EXECUTE,
                'X' => 0,
                's' => SET_ID,
                't' => STICKY,
                _ => return Err(malformed()),
            };
        }
        let bits = bits & mask;
        match operator {
            Some('+') => Ok(mode | bits),
            Some('-') => Ok(mode & !bits),
            Some('=') => Ok(mode & !mask | bits),
            _ => Err(malformed()),
        }
    })
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target};

    use super::*;

    #[test]
    fn fuzz_modes() {
        Target::new("argument-mode", Form::Text, RoundTrip::Settled)
            .seed("number", "755")
            .seed("letters", "u+rwxs,g-w,o=t")
            .seed("all", "a+X")
            .run(|bytes| {
                let text = std::str::from_utf8(bytes).ok()?;
                let mode = apply_mode(text, 0o640, Kind::File).ok()?;
                assert_eq!(mode & !ALL, 0, "permission bits and no others");
                Some(format!("{mode:o}").into_bytes())
            });
    }

    #[test]
    fn letters_are_those_of_ls() {
        assert_eq!(letters(Kind::File, 0o644), "-rw-r--r--");
        assert_eq!(letters(Kind::Directory, 0o1777), "drwxrwxrwt");
        assert_eq!(letters(Kind::File, 0o6750), "-rwsr-s---");
        assert_eq!(letters(Kind::File, 0o4600), "-rwS------");
    }

    #[test]
    fn modes_are_those_of_chmod() {
        let check = |text, mode, expected| {
            assert_eq!(apply_mode(text, mode, Kind::File).expect("a mode"), expected, "{text}");
        };
        check("755", 0, 0o755);
        check("u+x", 0o644, 0o744);
        check("go-rw,u=rwx", 0o666, 0o700);
        check("+x", 0o644, 0o755);
        check("a=r", 0o4777, 0o444);
        check("u+s", 0o755, 0o4755);
        check("a+X", 0o644, 0o644);
        for text in ["", "8", "77777", "u*x", "q+x", "u+q"] {
            assert!(apply_mode(text, 0, Kind::File).is_err(), "{text}");
        }
    }
}
