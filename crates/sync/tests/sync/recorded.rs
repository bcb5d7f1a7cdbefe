//! Law 12 on a recording: all that nodes say to each other about a drive before it is encrypted for the
//! way, and all that they keep in packs, with none of its names and none of its content in it.

use std::collections::{BTreeSet, HashSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;

use futures::executor::block_on;
use ply_drive::{Access, Attributes, Want};
use ply_engine::{Engine, Order, Table};
use ply_fuzz::Dice;
use ply_log::BlockRow;
use ply_sync::gossip::{Heard, announcement, heed};

use crate::world::{Node, Pass, Wire, over, path, sealed};

/// Pieces of the content that are looked for.
const WINDOWS: usize = 1000;
const WINDOW_BYTES: usize = 16;
/// Shorter names occur in random bytes by chance.
const NAME_BYTES_MIN: usize = 4;

/// What is in a drive and must not be seen from outside.
#[derive(Default)]
struct Secrets {
    /// Names of files and directories, targets of links, names and values of attributes.
    words: BTreeSet<Vec<u8>>,
    /// Content that compresses, and content that does not.
    texts: Vec<Vec<u8>>,
    noises: Vec<Vec<u8>>,
}

impl Secrets {
    fn names(&mut self, path: &str) {
        self.words.extend(path.split('/').map(|name| name.as_bytes().to_vec()));
    }

    fn windows(contents: &[Vec<u8>], dice: &mut Dice) -> HashSet<[u8; WINDOW_BYTES]> {
        let mut windows = HashSet::new();
        while windows.len() < WINDOWS {
            let content = dice.pick(contents).unwrap();
            let start = dice.below(content.len() - WINDOW_BYTES);
            windows.insert(*content[start..].first_chunk().unwrap());
        }
        windows
    }
}

/// How many of the windows occur, each counted once.
fn found(windows: &HashSet<[u8; WINDOW_BYTES]>, recorded: &[Vec<u8>]) -> usize {
    let seen = recorded.iter().flat_map(|bytes| bytes.windows(WINDOW_BYTES));
    let seen: HashSet<_> = seen.filter_map(|window| windows.get(window)).collect();
    seen.len()
}

fn words_found<'a>(words: &'a BTreeSet<Vec<u8>>, recorded: &[Vec<u8>]) -> Vec<&'a [u8]> {
    let occurs = |word: &[u8]| {
        recorded.iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word))
    };
    words.iter().map(Vec::as_slice).filter(|word| occurs(word)).collect()
}

/// A life of a drive with three writers, a reader that fetches what it reads, and a mirror.
struct Story {
    secrets: Secrets,
    dice: Dice,
    /// Every message of a session, and every announcement.
    said: Vec<Vec<u8>>,
    /// Every block that somebody keeps.
    packed: Vec<Vec<u8>>,
}

impl Story {
    fn text(&mut self, bytes: usize) -> Vec<u8> {
        const WORDS: [&str; 12] = [
            "harbour", "lantern", "quarrel", "meadow", "orchard", "whisper", "granite", "velvet",
            "thunder", "compass", "marrow", "pilgrim",
        ];
        let mut text = String::new();
        while text.len() < bytes {
            let word = self.dice.pick(&WORDS).unwrap();
            write!(text, "{word} {} ", self.dice.below(1000)).unwrap();
        }
        text.into_bytes()
    }

    fn noise(&mut self, bytes: usize) -> Vec<u8> {
        (0..bytes).map(|_| self.dice.byte()).collect()
    }

    /// Writes a file of words and one that does not compress.
    fn write(&mut self, node: &Node, folder: &str, name: &str, bytes: usize) {
        let directory = path(folder);
        block_on(node.drive.create_dir(&directory, &Attributes::default(), true)).unwrap();
        let (text, noise) = (self.text(bytes), self.noise(bytes));
        for (ending, content) in [("words", &text), ("noise", &noise)] {
            let file = format!("{folder}/{name}.{ending}");
            node.put(&file, content);
            self.secrets.names(&file);
        }
        self.secrets.texts.push(text);
        self.secrets.noises.push(noise);
    }

    fn decorate(&mut self, node: &Node) {
        let (link, target) = ("shortcut-to-somewhere", "elsewhere/entirely/beneath");
        block_on(node.drive.symlink(&path(link), target.as_bytes(), &Attributes::default()))
            .unwrap();
        let (name, value) = (b"user.colour-of-label", b"vermilion, mostly");
        block_on(node.drive.set_xattr(&path(link), name, Some(value))).unwrap();
        self.secrets.names(link);
        self.secrets.names(target);
        self.secrets.words.extend([name.to_vec(), value.to_vec(), target.as_bytes().to_vec()]);
    }

    /// Both sides get everything.
    fn meet(&mut self, one: &Node, other: &Node) {
        let mut wire = Wire::connect(one, other);
        wire.ask(0, Want::Everything).unwrap();
        wire.ask(1, Want::Everything).unwrap();
        self.said.append(&mut wire.tape);
    }

    fn gossip(&mut self, from: &Node, to: &Node) {
        let said = announcement(&from.replica).unwrap().expect("a head");
        assert_eq!(heed(&to.replica, &said).unwrap(), Heard::News);
        self.said.push(said);
    }

    fn keep(&mut self, node: &Node) {
        let mut places = Vec::new();
        let mut visit = |_: &[u8], row: &[u8]| {
            places.extend(BlockRow::from_bytes(row).unwrap().at);
            ControlFlow::Continue(())
        };
        let all = [0xff; 64];
        node.engine.scan(Table::Block, &[], &all, Order::Ascending, &mut visit).unwrap();
        assert!(!places.is_empty());
        let blocks = places.into_iter().map(|at| node.engine.read(at).unwrap().to_vec());
        self.packed.extend(blocks);
    }

    fn live(access: Access) -> Self {
        let is_private = access != Access::Public;
        let mut story = Self {
            secrets: Secrets::default(),
            dice: Dice::new(12),
            said: Vec::new(),
            packed: Vec::new(),
        };
        let this = &mut story;
        let a = Node::owner(1, access);
        let (b, c) = (Node::joined(2, a.share()), Node::joined(3, a.share()));
        this.write(&a, "letters/from-abroad", "september", 300_000);
        this.write(&a, "letters", "short-note", 150);
        this.decorate(&a);
        a.commit();
        this.write(&b, "accounts", "ledger-of-debts", 40_000);
        b.commit();
        this.write(&c, "letters", "short-note", 3000);
        c.commit();
        this.meet(&a, &b);
        this.meet(&b, &c);
        this.meet(&c, &a);

        // Edits, one pushed with its news and one too long for that.
        let mut wire = Wire::connect(&a, &b);
        for bytes in [600, 200_000] {
            this.write(&a, "accounts", "ledger-of-debts", bytes);
            a.commit();
            this.gossip(&a, &b);
            wire.changed();
        }
        wire.ask(1, Want::Everything).unwrap();
        this.said.append(&mut wire.tape);

        // Somebody who reads without fetching all: looks around, then reads a part.
        let reader = Node::joined(4, a.share());
        let (drive, wire) = over(&reader, Wire::connect(&reader, &a), 0);
        let listed = block_on(drive.read_dir(&path("letters"))).unwrap();
        assert!(3 <= listed.entries.len());
        block_on(drive.read_link(&path("shortcut-to-somewhere"))).unwrap();
        block_on(drive.read(&path("accounts/ledger-of-debts.noise"))).unwrap();
        block_on(drive.read(&path("letters/from-abroad/september.words"))).unwrap();
        this.said.append(&mut wire.lock().unwrap().borrow_mut().tape);

        let blind = if is_private { Access::Blind } else { Access::Public };
        let pass = Pass { id: a.replica.id(), access: blind, invitation: None };
        let mirror = Node::joined(9, pass);
        let mut wire = Wire::connect(&mirror, &a);
        wire.ask(0, Want::Everything).unwrap();
        this.said.append(&mut wire.tape);
        let late = Node::joined(5, a.share());
        let mut wire = Wire::connect(&late, &mirror);
        wire.ask(0, Want::Everything).unwrap();
        this.said.append(&mut wire.tape);
        assert_eq!(late.replica.state_hash(), a.replica.state_hash());
        for node in [&a, &b, &c, &reader, &mirror, &late] {
            this.keep(node);
        }
        this.secrets.words.retain(|word| NAME_BYTES_MIN <= word.len());
        story
    }

    /// Words, windows of text and windows of noise that occur in what was recorded.
    fn leaks(&mut self, recorded: &[Vec<u8>]) -> (Vec<Vec<u8>>, usize, usize) {
        let words = words_found(&self.secrets.words, recorded);
        let texts = Secrets::windows(&self.secrets.texts, &mut self.dice);
        let noises = Secrets::windows(&self.secrets.noises, &mut self.dice);
        let words = words.into_iter().map(<[u8]>::to_vec).collect();
        (words, found(&texts, recorded), found(&noises, recorded))
    }
}

#[test]
fn law_12_neither_what_nodes_say_nor_what_they_pack_has_a_name_or_a_piece_of_content_in_it() {
    let mut story = Story::live(sealed());
    let (said, packed) = (std::mem::take(&mut story.said), std::mem::take(&mut story.packed));
    let bytes = |all: &[Vec<u8>]| all.iter().map(Vec::len).sum::<usize>();
    println!(
        "{} messages, {} bytes; {} blocks, {} bytes",
        said.len(),
        bytes(&said),
        packed.len(),
        bytes(&packed)
    );
    assert!(1 << 20 < bytes(&said) && 1 << 20 < bytes(&packed));
    assert!(12 <= story.secrets.words.len());
    for recorded in [vec![said.concat()], vec![packed.concat()]] {
        assert_eq!(story.leaks(&recorded), (Vec::new(), 0, 0));
    }
}

/// The same search finds all of it where nothing hides it.
#[test]
fn the_search_for_names_and_content_finds_them_on_a_public_drive() {
    let mut story = Story::live(Access::Public);
    let (said, packed) = (std::mem::take(&mut story.said), std::mem::take(&mut story.packed));
    for recorded in [vec![said.concat()], vec![packed.concat()]] {
        let (words, texts, noises) = story.leaks(&recorded);
        println!("{} words, {texts} pieces of text, {noises} of noise", words.len());
        assert!(!words.is_empty());
        assert!(WINDOWS * 9 / 10 < noises, "{noises}");
    }
    // Text is compressed, so it is looked for in the plaintext itself.
    let plain = story.secrets.texts.clone();
    let (_, texts, _) = story.leaks(&plain);
    assert_eq!(texts, WINDOWS);
}
