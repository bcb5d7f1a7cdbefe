//! Local names of drives.

use ply_drive::{DRIVE_NAME_BYTES_MAX, check_drive_name};

use crate::error::CommandError;

/// Digits of a whole key.
const KEY_DIGITS: usize = 64;

/// Checks that a text can name a drive in arguments and never be taken for something else.
pub(super) fn check(name: &str) -> Result<(), CommandError> {
    let why = match check_drive_name(name) {
        Err(what) => what,
        Ok(()) if name.len() == KEY_DIGITS && name.bytes().all(|it| it.is_ascii_hexdigit()) => {
            "it looks like a key"
        }
        Ok(()) => return Ok(()),
    };
    Err(CommandError::BadName { name: name.to_owned(), why })
}

/// The name that was asked for, or one like it that is free.
pub(super) fn free(wish: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(wish) {
        return wish.to_owned();
    }
    let numbered = (2_u32..).map(|number| {
        let mark = format!("-{number}");
        let mut stem = wish.to_owned();
        while DRIVE_NAME_BYTES_MAX < stem.len() + mark.len() {
            stem.pop();
        }
        stem + &mark
    });
    numbered.into_iter().find(|name| !is_taken(name)).unwrap_or_else(|| wish.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_be_taken_for_something_else() {
        for name in ["docs", "My Files", "Bücher", "cafe"] {
            assert!(check(name).is_ok(), "{name}");
        }
        let key = "a".repeat(64);
        for name in ["", "a:b", "a@b", "a/b", "-a", "a\nb", &key, &"n".repeat(65)] {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        assert_eq!(free("docs", |_| false), "docs");
        assert_eq!(free("docs", |name| name == "docs"), "docs-2");
        assert_eq!(free("docs", |name| name != "docs-4"), "docs-4");
        assert_eq!(free(&"n".repeat(64), |name| name.len() == 64 && !name.contains('-')).len(), 64);
    }
}
