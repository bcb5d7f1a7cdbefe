//! What a node shows against what it must show.

use std::fmt::Write;

use ply_types::LogKey;

use crate::action::content;
use crate::model::{DRAFT, Thing, View};
use crate::node::{Bytes, Shown};

/// The tree that the model sees, in the form in which a node shows its own.
pub fn expected(view: &View<'_>, writers: &[LogKey]) -> Vec<Shown> {
    let mut all = Vec::new();
    for path in view.tree() {
        let what = view.what(&path).expect("a path of the tree is there");
        let versions = view.current(&path).into_iter().map(|seen| {
            let number = if seen.number == DRAFT { 0 } else { seen.number };
            let bytes = match seen.version.thing {
                Thing::Directory => None,
                Thing::File(number) => Some(Bytes::Here(content(number))),
            };
            (writers[seen.author], number, seen.version.mode, bytes)
        });
        all.push(Shown {
            directory: (what.thing == Thing::Directory, view.is_implied(&path)),
            mode: what.mode,
            mtime: ply_types::Timestamp::default(),
            conflict: view.is_conflict(&path),
            versions: versions.collect(),
            path,
        });
    }
    all
}

/// How two trees differ, in words; `None` when they do not. Content that is not here and times that
/// the model does not know differ from nothing.
pub fn difference(found: &[Shown], expected: &[Shown], writers: &[LogKey]) -> Option<String> {
    let mut found = found.to_vec();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let lines = |all: &[Shown], other: &[Shown]| -> Vec<String> {
        let known = |shown: &Shown| other.iter().any(|other| alike(shown, other));
        all.iter().filter(|shown| !known(shown)).map(|shown| line(shown, writers)).collect()
    };
    let (more, less) = (lines(&found, expected), lines(expected, &found));
    if more.is_empty() && less.is_empty() && found.len() == expected.len() {
        return None;
    }
    Some(format!("shows\n  {}\nand must show\n  {}", more.join("\n  "), less.join("\n  ")))
}

fn alike(a: &Shown, b: &Shown) -> bool {
    let same_bytes = |a: &Option<Bytes>, b: &Option<Bytes>| match (a, b) {
        (Some(Bytes::Elsewhere), Some(_)) | (Some(_), Some(Bytes::Elsewhere)) => true,
        (a, b) => a == b,
    };
    a.path == b.path
        && (a.directory, a.mode, a.conflict) == (b.directory, b.mode, b.conflict)
        && a.versions.len() == b.versions.len()
        && a.versions
            .iter()
            .zip(&b.versions)
            .all(|(a, b)| (a.0, a.1, a.2) == (b.0, b.1, b.2) && same_bytes(&a.3, &b.3))
}

fn line(shown: &Shown, writers: &[LogKey]) -> String {
    let mut text = format!("{} {:o}", shown.path, shown.mode);
    let words = [
        (shown.directory.0, " directory"),
        (shown.directory.1, " implied"),
        (shown.conflict, " conflict"),
    ];
    words.iter().filter(|(is_so, _)| *is_so).for_each(|(_, word)| text.push_str(word));
    for (writer, number, mode, bytes) in &shown.versions {
        let writer = writers.iter().position(|key| key == writer).unwrap_or(usize::MAX);
        let what = match bytes {
            None => "directory".to_owned(),
            Some(Bytes::Elsewhere) => "content elsewhere".to_owned(),
            Some(Bytes::Here(bytes)) => {
                String::from_utf8_lossy(bytes).split(';').next().unwrap_or_default().to_owned()
            }
        };
        let _infallible = write!(text, " [{writer}@{number} {mode:o} {what}]");
    }
    text
}
