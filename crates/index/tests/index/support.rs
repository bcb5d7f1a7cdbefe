//! What all tests share: a plain map as the model, keys of many kinds, doors that count.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use futures::executor::block_on;
use ply_index::{
    Edit, KEY_BYTES_MAX, KeyRange, MemoryError, MemoryPages, Page, PageRef, Pages, Sink, Totals,
    Where, build, path_pages, update,
};
use ply_types::{LogKey, PageHash};
use proptest::prelude::*;
use proptest::sample::Index;

pub(crate) type Model = BTreeMap<Vec<u8>, Vec<u8>>;

/// Counts a row, and three bytes for each of its value.
pub(crate) fn weigh(_: &[u8], value: &[u8]) -> Totals {
    Totals { count: 1, bytes: 3 * value.len() as u64 }
}

pub(crate) fn log(number: u8) -> LogKey {
    LogKey([number; 32])
}

/// A tree in a memory of its own.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) pages: MemoryPages,
    pub(crate) root: Option<PageRef>,
}

impl Tree {
    pub(crate) fn of(model: &Model) -> Self {
        let mut pages = MemoryPages::new(log(1));
        let root = build(model, &weigh, &mut pages).expect("rows of a map are in order");
        Self { pages, root }
    }

    pub(crate) fn hash(&self) -> Option<PageHash> {
        self.root.map(|root| root.hash)
    }

    pub(crate) fn height(&self) -> usize {
        let root = self.root.expect("a tree with rows");
        usize::from(self.pages.find(&root.hash).expect("the root is there").level()) + 1
    }

    /// Every page, in order of the walk.
    pub(crate) fn all_pages(&self) -> Vec<(PageRef, Arc<Page>)> {
        pages_of(&self.pages, self.root, &KeyRange::all())
    }

    pub(crate) fn hashes(&self) -> BTreeSet<PageHash> {
        self.all_pages().iter().map(|(at, _)| at.hash).collect()
    }

    /// Edits in place. Gives the pages that were written.
    pub(crate) fn edit(&mut self, edits: &[Edit]) -> Vec<PageHash> {
        let mut sink = Recorder { pages: &self.pages, written: Vec::new() };
        self.root = block_on(update(&self.pages, self.root, edits, &weigh, &mut sink))
            .expect("an honest tree");
        sink.written
    }
}

pub(crate) fn pages_of<P: Pages>(
    pages: &P,
    root: Option<PageRef>,
    range: &KeyRange,
) -> Vec<(PageRef, Arc<Page>)>
where
    P::Error: std::fmt::Debug,
{
    let mut visited = Vec::new();
    let visit = |at: &PageRef, page: &Arc<Page>| {
        visited.push((*at, Arc::clone(page)));
        ControlFlow::Continue(())
    };
    block_on(path_pages(pages, root, range, visit)).expect("an honest tree");
    visited
}

/// Applies edits to the model.
pub(crate) fn apply(model: &mut Model, edits: &[Edit]) {
    for (key, value) in edits {
        match value {
            Some(value) => drop(model.insert(key.clone(), value.clone())),
            None => drop(model.remove(key)),
        }
    }
}

/// The rows of the model inside a range, whatever its ends.
pub(crate) fn rows_in(model: &Model, range: &KeyRange) -> Vec<(Vec<u8>, Vec<u8>)> {
    let inside = model.iter().filter(|(key, _)| range.contains(key));
    inside.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Writes through to a memory, and remembers what.
pub(crate) struct Recorder<'p> {
    pub(crate) pages: &'p MemoryPages,
    pub(crate) written: Vec<PageHash>,
}

impl Sink for Recorder<'_> {
    type Error = MemoryError;

    fn put(&mut self, page: &Page, child_places: &[Where]) -> Result<Where, MemoryError> {
        self.written.push(page.hash());
        (&mut self.pages).put(page, child_places)
    }
}

/// Reads from a memory, and counts.
pub(crate) struct Counting<'p> {
    pages: &'p MemoryPages,
    reads: AtomicUsize,
}

impl<'p> Counting<'p> {
    pub(crate) fn new(pages: &'p MemoryPages) -> Self {
        Self { pages, reads: AtomicUsize::new(0) }
    }

    /// Reads since the last call.
    pub(crate) fn reads(&self) -> usize {
        self.reads.swap(0, Ordering::Relaxed)
    }
}

impl Pages for Counting<'_> {
    type Error = MemoryError;

    async fn page(&self, at: &PageRef) -> Result<Arc<Page>, MemoryError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.pages.page(at).await
    }
}

/// Random enough for data, the same on every run.
pub(crate) fn scramble(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 29)
}

/// A path as source trees have them.
pub(crate) fn source_path(number: u64) -> Vec<u8> {
    let (crates, module) = (number / 400, number / 20 % 20);
    format!("crates/part-{crates:04}/src/module_{module:02}/file_{:02}.rs", number % 20).into()
}

/// The kinds of keys that trees are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keys {
    /// A few short ones.
    Few,
    /// Thousands of paths.
    Paths,
    /// Up to the longest possible, with much in common.
    Long,
    /// Chosen so that pages end as soon as they may, on two levels.
    Eager,
    /// Chosen so that no hash ever ends a page.
    Reluctant,
}

static FEW: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| sorted((0_u8..40).map(|number| vec![number / 7 + 1, number % 7])));
static PATHS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| sorted((0..6000).map(source_path)));
static LONG: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    sorted((0..300_u64).map(|number| {
        let shared = usize::try_from(scramble(number)).expect("64 bits") % KEY_BYTES_MAX;
        let mut key = vec![b'l'; shared.min(KEY_BYTES_MAX - 2)];
        key.extend(&number.to_be_bytes()[6..]);
        key
    }))
});
static EAGER: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| mined(400, |key| die(0, key) < u64::MAX / 50 && die(1, key) < u64::MAX / 50));
static RELUCTANT: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| mined(3000, |key| (0..3).all(|level| u64::MAX / 8 < die(level, key))));

fn sorted(keys: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

fn mined(count: usize, wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let candidates = (0_u64..).map(|number| format!("mined/{number:08x}").into_bytes());
    candidates.filter(|key| wanted(key)).take(count).collect()
}

/// The die that decides where pages end, written a second time.
fn die(level: u8, key: &[u8]) -> u64 {
    let cast = [&[level], key].concat();
    let hash = blake3::keyed_hash(b"plywood 2026-11 index boundaries", &cast);
    u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("32 bytes"))
}

impl Keys {
    pub(crate) fn all(self) -> &'static [Vec<u8>] {
        match self {
            Self::Few => &FEW,
            Self::Paths => &PATHS,
            Self::Long => &LONG,
            Self::Eager => &EAGER,
            Self::Reluctant => &RELUCTANT,
        }
    }

    /// A map of about `percent` of the keys.
    pub(crate) fn model(self, percent: u64, seed: u64) -> Model {
        let chosen = |number: u64| scramble(number ^ seed << 20) % 100 < percent;
        let keys = self.all().iter().zip(0_u64..).filter(|&(_, number)| chosen(number));
        keys.map(|(key, number)| (key.clone(), value(scramble(number + seed)))).collect()
    }
}

/// A value of 0 to 40 bytes, and now and then one of the longest.
pub(crate) fn value(seed: u64) -> Vec<u8> {
    let bytes = if seed.is_multiple_of(61) { 1024 } else { seed % 41 };
    seed.to_le_bytes().into_iter().cycle().take(usize::try_from(bytes).expect("small")).collect()
}

/// One step of a script: what to do with a key, or with a run of neighbours.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Set(Index, u64),
    Remove(Index),
    SetRun(Index, usize, u64),
    RemoveRun(Index, usize),
}

pub(crate) fn any_keys() -> impl Strategy<Value = Keys> {
    prop_oneof![
        Just(Keys::Few),
        Just(Keys::Paths),
        Just(Keys::Long),
        Just(Keys::Eager),
        Just(Keys::Reluctant)
    ]
}

pub(crate) fn any_steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let run = || prop_oneof![4 => 1_usize..40, 1 => 40_usize..6000];
    let step = prop_oneof![
        6 => (any::<Index>(), any::<u64>()).prop_map(|(at, seed)| Step::Set(at, seed)),
        4 => any::<Index>().prop_map(Step::Remove),
        1 => (any::<Index>(), 1_usize..200, any::<u64>())
            .prop_map(|(at, count, seed)| Step::SetRun(at, count, seed)),
        1 => (any::<Index>(), run()).prop_map(|(at, count)| Step::RemoveRun(at, count)),
    ];
    prop::collection::vec(step, 0..most)
}

/// The edits that a script comes to, sorted; of several for one key the last counts.
pub(crate) fn edits(keys: Keys, steps: &[Step]) -> Vec<Edit> {
    let keys = keys.all();
    let mut edits = BTreeMap::new();
    for step in steps {
        let (at, count, seed) = match step {
            Step::Set(at, seed) => (at, 1, Some(*seed)),
            Step::Remove(at) => (at, 1, None),
            Step::SetRun(at, count, seed) => (at, *count, Some(*seed)),
            Step::RemoveRun(at, count) => (at, *count, None),
        };
        for (key, number) in keys.iter().skip(at.index(keys.len())).take(count).zip(0_u64..) {
            edits.insert(key.clone(), seed.map(|seed| value(seed.wrapping_add(number))));
        }
    }
    edits.into_iter().collect()
}

/// A range between any two keys, or open, or of keys that are nowhere.
pub(crate) fn any_range() -> impl Strategy<Value = (Option<Index>, Option<Index>, bool)> {
    (any::<Option<Index>>(), any::<Option<Index>>(), any::<bool>())
}

pub(crate) fn range(keys: Keys, ends: &(Option<Index>, Option<Index>, bool)) -> KeyRange {
    let (start, end, off_by_one) = ends;
    let key = |index: &Index| {
        let mut key = index.get(keys.all()).clone();
        if *off_by_one {
            key.push(0);
        }
        key
    };
    KeyRange { start: start.as_ref().map(key).unwrap_or_default(), end: end.as_ref().map(key) }
}
