//! What somebody does at a node, and how it is thrown.

use crate::dice::Dice;

/// One call of a drive, as a user would make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Writes a whole file, over whatever file is there.
    Write(String, u64),
    /// Writes a file where nothing may be.
    WriteNew(String, u64),
    /// Writes a file and the directories above it.
    WriteDeep(String, u64),
    /// Removes a file.
    Remove(String),
    /// Removes an empty directory.
    RemoveDir(String),
    /// Removes everything that is seen there.
    RemoveAll(String),
    /// Moves a file or a directory.
    Rename(String, String),
    /// Makes a directory.
    MakeDir(String),
    /// Changes the mode of whatever is there.
    Chmod(String, u32),
    /// Changes nothing but the time of whatever is there.
    Touch(String, i64),
    /// Settles a conflict for the version of the writer with this number.
    KeepWriter(String, usize),
    /// Settles a conflict by giving each version a name.
    KeepAll(String),
    /// Makes the draft permanent.
    Commit,
    /// Drops the draft.
    Discard,
}

const NAMES: [&str; 3] = ["a", "b", "c"];
const MODES: [u32; 4] = [0o600, 0o644, 0o700, 0o755];

/// The bytes of a content by its number. Small ones lie in entries, larger ones in frames, and a few
/// make an entry too long for its page once it keeps others beside it.
pub fn content(number: u64) -> Vec<u8> {
    let bytes = match number % 16 {
        0 => 2500,
        1 | 2 => 190,
        _ => 0,
    };
    let mut text = format!("content {number};").into_bytes();
    text.extend((text.len()..bytes).map(|at| b'a' + u8::try_from(at % 23).unwrap_or(0)));
    text
}

/// One of 39 paths, up to three levels deep.
pub fn any_path(dice: &mut Dice) -> String {
    let mut path = NAMES[dice.below(NAMES.len())].to_owned();
    for _ in 0..dice.weighted(&[4, 5, 4]) {
        path.push('/');
        path.push_str(NAMES[dice.below(NAMES.len())]);
    }
    path
}

/// Throws an action. `fresh` is a content nobody wrote yet; `hot` are paths in conflict at the node.
pub fn throw(dice: &mut Dice, fresh: u64, hot: &[String], writers: usize) -> Action {
    let path = any_path(dice);
    let content = if dice.percent(4) { fresh % 3 } else { fresh };
    match dice.weighted(&[26, 3, 10, 9, 4, 5, 9, 12, 5, 2, 6, 3, 18, 1]) {
        0 => Action::Write(path, content),
        1 => Action::WriteNew(path, content),
        2 => Action::WriteDeep(path, content),
        3 => Action::Remove(path),
        4 => Action::RemoveDir(path),
        5 => Action::RemoveAll(path),
        6 => Action::Rename(path, any_path(dice)),
        7 => Action::MakeDir(path),
        8 => Action::Chmod(path, *dice.pick(&MODES)),
        9 => Action::Touch(path, i64::try_from(dice.below(1000)).unwrap_or(0)),
        kind @ (10 | 11) => {
            let path = if hot.is_empty() { path } else { dice.pick(hot).clone() };
            if kind == 10 {
                Action::KeepWriter(path, dice.below(writers))
            } else {
                Action::KeepAll(path)
            }
        }
        12 => Action::Commit,
        _ => Action::Discard,
    }
}
