//! Changed pages and columns of places.

use ply_fuzz::{Form, RoundTrip, Target};
use ply_types::{LogKey, PageHash};

use super::{Child, Draft, Page};
use crate::limits::PAGE_BYTES_MAX;
use crate::places::{decode_where, encode_where};
use crate::refs::{PageRef, Totals, Where};

const OWN: LogKey = LogKey([1; 32]);

fn child(number: u8) -> Child {
    let place = Where { log: LogKey([number % 3; 32]), block: u64::from(number) * 1000 };
    let totals = Totals { count: 1 << (number % 60), bytes: u64::from(number) };
    Child { page: PageRef { hash: PageHash([number; 32]), place }, totals }
}

fn leaf(count: u8) -> Page {
    let mut draft = Draft::new(0);
    for number in 0..count {
        let key = format!("docs/chapter {}/page {number:03}", number / 7);
        draft.push_value(key.as_bytes(), &vec![number; usize::from(number)], Totals::default());
    }
    draft.finish()
}

fn inner(count: u8, level: u8) -> Page {
    let mut draft = Draft::new(level);
    for number in 0..count {
        draft.push_child(format!("key {number:03}").as_bytes(), child(number));
    }
    draft.finish()
}

/// Its rows, put into a new page one by one.
fn again(page: &Page) -> Vec<u8> {
    let mut draft = Draft::new(page.level());
    for row in 0..page.row_count() {
        let key = page.key(row).expect("as many keys as rows");
        assert_eq!(page.lower_bound(key), row);
        match (page.value(row), page.child(row)) {
            (Some(value), None) => draft.push_value(key, value, Totals::default()),
            (None, Some(child)) => draft.push_child(key, child),
            both => panic!("a row is of a leaf or of an inner page: {both:?}"),
        }
    }
    assert!(page.key(page.row_count()).is_none());
    draft.finish().bytes().to_vec()
}

#[test]
fn fuzz_index_pages() {
    Target::new("index-page", Form::Bytes, RoundTrip::Exact)
        .seed("one", leaf(1).bytes())
        .seed("leaf", leaf(40).bytes())
        .memory(16 * PAGE_BYTES_MAX as u64, 8)
        .run(|bytes| Page::decode(bytes).ok().map(|page| again(&page)));
}

#[test]
fn fuzz_inner_pages() {
    Target::new("inner-page", Form::Bytes, RoundTrip::Exact)
        .seed("low", inner(30, 1).bytes())
        .seed("high", inner(3, 5).bytes())
        .memory(16 * PAGE_BYTES_MAX as u64, 8)
        .run(|bytes| Page::decode(bytes).ok().map(|page| again(&page)));
}

#[test]
fn fuzz_places_of_pages() {
    let places: Vec<Where> = (0..6).map(|number| child(number).page.place).collect();
    let own: Vec<Where> = places.iter().map(|place| Where { log: OWN, ..*place }).collect();
    Target::new("places", Form::Bytes, RoundTrip::Settled)
        .seed("own", encode_where(&own, OWN))
        .seed("others", encode_where(&places, OWN))
        .run(|bytes| decode_where(bytes, OWN, 6).ok().map(|places| encode_where(&places, OWN)));
}
