//! Bytes that must never change: a small tree, drawn out.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use ply_index::Page;

use crate::support::*;

/// Prints a page in columns of the format.
fn draw(page: &Page) -> String {
    page.bytes().chunks(32).fold(String::new(), |mut text, line| {
        for byte in line {
            write!(text, "{byte:02x}").expect("strings take all");
        }
        text.push('\n');
        text
    })
}

fn check(actual: &str, expected: &Expect) {
    expected.assert_eq(actual);
}

#[test]
fn a_leaf_of_three_rows() {
    let rows = [("docs/a.md", "one"), ("docs/b.md", ""), ("src/lib.rs", "three")];
    let model: Model = rows.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let tree = Tree::of(&model);
    let (at, page) = tree.all_pages().remove(0);
    check(
        &format!("{}\n{}", at.hash, draw(&page)),
        &expect![[r"
        dc59c98fc5c44bfd2488ee844fb93667311f59954cbb3d9634d756ce74d7cc03
        0100031d0009646f63732f612e6d640504622e6d64000a7372632f6c69622e72
        7303030005086f6e657468726565
    "]],
    );
}

#[test]
fn the_top_of_a_tree_of_a_thousand_paths() {
    let model: Model = (0..1000).map(|number| (source_path(number), vec![b'v'; 9])).collect();
    let tree = Tree::of(&model);
    let (at, page) = tree.all_pages().remove(0);
    check(
        &format!("{}\n{}", at.hash, draw(&page)),
        &expect![[r"
        4d2ab749d71ea20057c4924206ff9630241566970b731a1360867edb3341ea1d
        01010de90100296372617465732f706172742d303030302f7372632f6d6f6475
        6c655f30352f66696c655f30372e72731c0d31302f66696c655f30302e72731d
        0c342f66696c655f30332e72731d0c382f66696c655f31312e72730f1a312f73
        72632f6d6f64756c655f30322f66696c655f30322e72731d0c362f66696c655f
        31382e72731d0c392f66696c655f31382e72731c0d31312f66696c655f31352e
        72731d0c362f66696c655f31322e72730f1a322f7372632f6d6f64756c655f30
        302f66696c655f31332e72731d0c362f66696c655f30312e72731d0c392f6669
        6c655f31302e72732504392e7273a0037e631e279417f426a88db704054ae8a6
        950458d0cb04f92d2a935295859f83487e160be4128acfd0de743c2026b98b5d
        b27f53e30470a9eb5f0e7d03faf54ea415dd9130f7531cee877e200382db4382
        6421c31bd0311000accec2024227be1d35c70813ea88b504812a01deb578f365
        36a41b86ee2a13209b01985522e7755cea95bccf4fda4e37e6d8ba0409b20f0e
        53c1f37432dd64c8f0a2c46e4106fb55f81deda84bf41fc518f9163c1876de78
        f60070b5c6c993afce78aedb24affc573f1575a3a77504eb3fecc76d3bd04d6e
        da6c721eef8464174bec5943a604ad49f409a320f40490e0d87abffb58e0808b
        1711f34f88a63a7dd4d231fec6dac91fedb5ca106e29c9d6566244b6d54c4c99
        1341da872951b5b534332873570136b90628f9f835f9d5ad8a07f78ab8437f08
        2b7bc957bc0f77e064393b6c71ee2ab9d3d9877163993b55bbd3a70bf148d6fd
        6c346ceddd52fc9e75e0d022a9372e6461c567b75bdbad644b4a12eacfc6d354
        112bd09f2d34af59c853a1beb87970249ea309542b55339569667968fef18b89
        85857fd1abe6f65a2ed6f5c5ea25d4f2276ce4165dcf1353c11158c81247fd0e
        60a0143cd40c25e70761bb14518b116ce41645c70e09f301
    "]],
    );
}

#[test]
fn a_tree_of_six_thousand_paths_has_this_root() {
    let tree = Tree::of(&Keys::Paths.model(100, 0));
    let shape = format!("{} pages, height {}", tree.all_pages().len(), tree.height());
    check(
        &format!("{} {shape}", tree.hash().expect("a root")),
        &expect![
            "11f251e46015f23340f0d5a078e13566d94b7fb963012746c9532e18348cd503 70 pages, height 2"
        ],
    );
}
