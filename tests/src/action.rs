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

/// What an action is thrown from.
#[derive(Clone, Debug)]
pub struct Throw {
    /// Number of a content that nobody wrote yet.
    pub fresh: u64,
    /// Paths at which the node sees something.
    pub there: Vec<String>,
    /// Those of them that are in conflict.
    pub hot: Vec<String>,
    /// How many writers there are.
    pub writers: usize,
}

impl Throw {
    /// Throws an action: mostly one that makes sense, now and then one that must be refused.
    pub fn action(&self, dice: &mut Dice) -> Action {
        let content = if dice.percent(4) { self.fresh % 3 } else { self.fresh };
        match dice.weighted(&[20, 3, 20, 9, 4, 5, 10, 8, 6, 3, 6, 3, 18, 1]) {
            0 => Action::Write(
                if dice.percent(50) { self.taken(dice) } else { self.free(dice) },
                content,
            ),
            1 => Action::WriteNew(self.free(dice), content),
            2 => Action::WriteDeep(any_path(dice), content),
            3 => Action::Remove(self.taken(dice)),
            4 => Action::RemoveDir(self.taken(dice)),
            5 => Action::RemoveAll(self.taken(dice)),
            6 => Action::Rename(self.taken(dice), self.free(dice)),
            7 => Action::MakeDir(self.free(dice)),
            8 => Action::Chmod(self.taken(dice), *dice.pick(&MODES)),
            9 => Action::Touch(self.taken(dice), i64::try_from(dice.below(1000)).unwrap_or(0)),
            10 => Action::KeepWriter(self.contested(dice), dice.below(self.writers)),
            11 => Action::KeepAll(self.contested(dice)),
            12 => Action::Commit,
            _ => Action::Discard,
        }
    }

    /// A path at which something is, or any.
    fn taken(&self, dice: &mut Dice) -> String {
        if self.there.is_empty() || dice.percent(10) {
            any_path(dice)
        } else {
            dice.pick(&self.there).clone()
        }
    }

    /// A path at which nothing is in a directory that is there, or any.
    fn free(&self, dice: &mut Dice) -> String {
        for _ in 0..4 {
            let path = any_path(dice);
            let above = path.rfind('/').map(|slash| path[..slash].to_owned());
            let has_parent = above.is_none_or(|above| self.there.contains(&above));
            if has_parent && !self.there.contains(&path) {
                return path;
            }
        }
        any_path(dice)
    }

    /// A path in conflict, or any.
    fn contested(&self, dice: &mut Dice) -> String {
        if self.hot.is_empty() || dice.percent(10) {
            any_path(dice)
        } else {
            dice.pick(&self.hot).clone()
        }
    }
}
