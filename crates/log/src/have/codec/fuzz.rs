//! Changed rows of a have-map, as a log keeps them: the prefix in one, each page in another.

use std::collections::BTreeMap;

use ply_fuzz::{Form, RoundTrip, Target};
use roaring::RoaringBitmap;

use super::{HaveMap, page_from_bytes, page_to_bytes};

#[test]
fn fuzz_rows_of_pages() {
    let runs: RoaringBitmap = (3..9).chain(70..71).collect();
    let dense: RoaringBitmap = (0..5000).map(|block| 10 + 3 * block).collect();
    Target::new("have-page", Form::Bytes, RoundTrip::Exact)
        .seed("runs", page_to_bytes(&runs))
        .seed("dense", page_to_bytes(&dense))
        .cases(1000)
        .run(|bytes| {
            let bits = page_from_bytes(bytes)?;
            // Rows are written one by one, so any page may stand beside any prefix. What they are put
            // together to is a map all the same.
            for contiguous in [5, 1 << 16] {
                let pages = BTreeMap::from([0, 1].map(|page| (page, bits.clone())));
                let map = HaveMap::from_pages(contiguous, pages);
                assert_eq!(HaveMap::decode(&map.encode()), Ok(map));
            }
            Some(page_to_bytes(&bits))
        });
}
