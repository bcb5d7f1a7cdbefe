//! Index keys: how paths are ordered.
//!
//! ```text
//! path "a/b/c"   key  a / b NUL c        directory, NUL, name
//! root's child   key  NUL c
//! the root       key  NUL NUL r
//! layer 7        key  NUL NUL l 00000007
//! hard link      key  NUL NUL h mark a/b/c   16 bytes of mark, then one name that carries it
//! ```
//!
//! A directory's children share the prefix `directory NUL` and nothing else does, so a listing is one
//! range. What lies deeper shares the prefix `directory /`, so a subtree is two ranges. Names hold
//! neither NUL nor `/`, so the reserved prefix `NUL NUL` meets no path.

use ply_index::KeyRange;
use ply_types::{Name, Path};

use crate::entry::LinkMark;

const ROOT: &[u8] = b"\0\0r";
const LAYER: &[u8] = b"\0\0l";
const LINK: &[u8] = b"\0\0h";

/// The key of a path.
pub(crate) fn path_key(path: &Path) -> Vec<u8> {
    match path.split() {
        None => ROOT.to_vec(),
        Some((parent, name)) => child_key(&parent, &name),
    }
}

/// The key of a name in a directory.
pub(crate) fn child_key(directory: &Path, name: &Name) -> Vec<u8> {
    let mut key = children_prefix(directory);
    key.extend_from_slice(name.as_bytes());
    key
}

/// What the keys of a directory's children begin with.
pub(crate) fn children_prefix(directory: &Path) -> Vec<u8> {
    let mut prefix = directory.as_bytes().to_vec();
    prefix.push(0);
    prefix
}

/// The keys of a directory's children.
pub(crate) fn children(directory: &Path) -> KeyRange {
    if directory.is_root() {
        // Above the reserved keys, which begin with two NULs.
        return KeyRange::new(vec![0, 1], vec![1]);
    }
    KeyRange::prefix(children_prefix(directory))
}

/// The keys of a directory's children with names after `name`.
pub(crate) fn children_after(directory: &Path, name: &Name) -> KeyRange {
    let mut start = child_key(directory, name);
    start.push(0);
    KeyRange { start, ..children(directory) }
}

/// The keys of everything below a directory, the directory itself left out.
pub(crate) fn below(directory: &Path) -> Vec<KeyRange> {
    if directory.is_root() {
        return vec![KeyRange { start: vec![0, 1], end: None }];
    }
    let mut deeper = directory.as_bytes().to_vec();
    deeper.push(b'/');
    vec![children(directory), KeyRange::prefix(deeper)]
}

/// The path of a key; `None` for the reserved ones and for keys that no path has.
pub(crate) fn key_path(key: &[u8]) -> Option<Path> {
    if key == ROOT {
        return Some(Path::root());
    }
    let nul = key.iter().position(|&byte| byte == 0)?;
    let (directory, name) = key.split_at(nul);
    let name = Name::parse(name.get(1..)?).ok()?;
    let parent = Path::parse(directory).ok()?;
    // Only the normal form: one path, one key.
    (parent.as_bytes() == directory).then(|| parent.join(&name).ok()).flatten()
}

/// The key of a layer in its author's layer table.
pub(crate) fn layer_key(number: u32) -> Vec<u8> {
    [LAYER, &number.to_be_bytes()].concat()
}

/// The keys of the layer table.
pub(crate) fn layers() -> KeyRange {
    KeyRange::prefix(LAYER)
}

/// The keys of the layer table and of all paths, with no keys of links among them.
pub(crate) fn layers_and_paths() -> KeyRange {
    KeyRange { start: LAYER.to_vec(), end: None }
}

/// The number of a layer, from its key.
pub(crate) fn key_layer(key: &[u8]) -> Option<u32> {
    let number = key.strip_prefix(LAYER)?;
    number.try_into().ok().map(u32::from_be_bytes)
}

/// The key that says that a path carries a link mark. A row for each name: no list to outgrow a row.
pub(crate) fn link_key(mark: LinkMark, path: &Path) -> Vec<u8> {
    [LINK, &mark.0, path.as_bytes()].concat()
}

/// The keys of all names that carry a link mark.
pub(crate) fn links(mark: LinkMark) -> KeyRange {
    KeyRange::prefix([LINK, &mark.0].concat())
}

/// The name, from its key among those of a mark.
pub(crate) fn key_link(key: &[u8]) -> Option<Path> {
    Path::parse(key.strip_prefix(LINK)?.get(size_of::<LinkMark>()..)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(text: &str) -> Path {
        Path::parse(text.as_bytes()).expect("a valid path")
    }

    #[test]
    fn children_are_one_range_and_a_subtree_is_two() {
        let inside = ["d/a", "d/z", "d/\u{1}", "d/a/x", "d/sub/deep/er"];
        let outside = ["d", "d!", "d!/x", "d0/x", "e/a", "a", "da/x"];
        let ranges = below(&path("d"));
        for text in inside {
            let key = path_key(&path(text));
            assert!(ranges.iter().any(|range| range.contains(&key)), "{text} is below d");
        }
        for text in outside {
            let key = path_key(&path(text));
            assert!(!ranges.iter().any(|range| range.contains(&key)), "{text} is not below d");
        }
        assert!(children(&path("d")).contains(&path_key(&path("d/a"))));
        assert!(!children(&path("d")).contains(&path_key(&path("d/a/x"))));
        assert!(children(&Path::root()).contains(&path_key(&path("x"))));
        assert!(!children(&Path::root()).contains(&path_key(&path("x/y"))));
        assert!(!children(&Path::root()).contains(&layer_key(0)));
        assert!(!below(&Path::root())[0].contains(&layer_key(u32::MAX)));
        for key in [layer_key(0), path_key(&Path::root()), path_key(&path("a")), vec![0xff]] {
            assert!(layers_and_paths().contains(&key));
        }
        let mark = LinkMark([0xff; 16]);
        assert!(!layers_and_paths().contains(&link_key(mark, &path("a"))));
    }

    proptest! {
        #[test]
        fn a_path_is_found_again_in_its_key(names in prop::collection::vec("[^/\0]{1,8}", 0..5)) {
            let Ok(path) = Path::parse(names.join("/").as_bytes()) else { return Ok(()) };
            prop_assert_eq!(key_path(&path_key(&path)), Some(path));
        }

        #[test]
        fn any_key_is_a_path_or_none(key in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(path) = key_path(&key) {
                prop_assert_eq!(path_key(&path), key);
            }
        }
    }
}
