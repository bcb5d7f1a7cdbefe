//! Every range of every small tree, within the whole and within every subtree that covers it.

use ply_merkle::{
    Place, SeekError, Trusted, Verified, Within, prove, seek, uncle_indices, verify, verify_seek,
};

use crate::model::{Model, store};

/// All lengths up to here are tried with all their ranges.
const LENGTH_SMALL: u64 = 40;

fn all_true(verified: &Verified, model: &Model) -> bool {
    let truth = model.nodes();
    verified.nodes().iter().all(|node| truth.get(&node.index) == Some(node))
}

#[test]
fn every_range_is_proved_within_the_whole_tree() {
    for length in 0..=LENGTH_SMALL {
        let model = Model::of_length(length);
        let nodes = model.nodes();
        for range in (0..=length).flat_map(|end| (0..=end).map(move |start| start..end)) {
            let within = Within::Tree { length };
            let proof = prove(range.clone(), within, &store(&nodes)).unwrap();
            let verified = verify(&proof, &model.leaves(&range), model.trusted()).unwrap();
            assert!(all_true(&verified, &model), "{range:?} of {length}");
            assert_eq!(verified.byte_start(), Some(model.byte_start(range.start)));
            let known: Vec<_> = verified.nodes().iter().map(|node| node.index).collect();
            for index in nodes.keys().filter(|index| {
                let span = index.span();
                range.start < span.end && span.start < range.end
            }) {
                assert!(known.contains(index), "{range:?} of {length} must give {index:?}");
            }
        }
    }
}

#[test]
fn every_range_is_proved_within_every_node_that_covers_it() {
    for length in 1..=LENGTH_SMALL {
        let model = Model::of_length(length);
        let nodes = model.nodes();
        for ancestor in nodes.values() {
            let span = ancestor.index.span();
            for range in (span.start..=span.end)
                .flat_map(|end| (span.start..=end).map(move |start| start..end))
            {
                let within = Within::Node(ancestor.index);
                let proof = prove(range.clone(), within, &store(&nodes)).unwrap();
                let leaves = model.leaves(&range);
                let verified = verify(&proof, &leaves, Trusted::Node(*ancestor)).unwrap();
                assert!(all_true(&verified, &model), "{range:?} under {ancestor:?}");
                assert_eq!(verified.byte_start(), None);
                let uncles = uncle_indices(&range, within).unwrap();
                assert!(uncles.iter().all(|uncle| ancestor.index.covers(*uncle)));
            }
        }
    }
}

#[test]
fn an_empty_range_shows_what_the_tree_grew_out_of() {
    let whole = Model::of_length(LENGTH_SMALL);
    for length in 0..=LENGTH_SMALL {
        let within = Within::Tree { length: LENGTH_SMALL };
        let proof = prove(length..length, within, &store(&whole.nodes())).unwrap();
        let verified = verify(&proof, &[], whole.trusted()).unwrap();
        let (roots, _) = Model::of_length(length).grown();
        let left: Vec<_> =
            proof.uncles.iter().take(roots.nodes().len()).map(|uncle| uncle.0).collect();
        assert!(left.iter().eq(roots.nodes().iter().map(|root| &root.hash)));
        assert!(roots.nodes().iter().all(|root| verified.nodes().contains(root)));
    }
}

#[test]
fn every_byte_is_found_and_the_find_is_proved() {
    for length in 0..=LENGTH_SMALL {
        let model = Model::of_length(length);
        let nodes = model.nodes();
        let within = Within::Tree { length };
        let places = (0..length).flat_map(|block| {
            let bytes = model.blocks[block as usize].len() as u64;
            (0..bytes).map(move |offset| Place { block, offset })
        });
        let mut end = 0;
        for (byte_offset, place) in (0..).zip(places) {
            assert_eq!(seek(byte_offset, length, &store(&nodes)).unwrap(), place);
            let range = place.block..place.block + 1;
            let proof = prove(range.clone(), within, &store(&nodes)).unwrap();
            let verified = verify(&proof, &model.leaves(&range), model.trusted()).unwrap();
            assert_eq!(verify_seek(byte_offset, &verified), Ok(place));
            let outside = [place.offset + 1, model.blocks[place.block as usize].len() as u64];
            assert!(
                byte_offset < outside[0]
                    || verify_seek(byte_offset - outside[0], &verified).is_err()
            );
            assert!(verify_seek(byte_offset - place.offset + outside[1], &verified).is_err());
            end = byte_offset + 1;
        }
        let beyond = seek(end, length, &store(&nodes));
        assert!(
            matches!(beyond, Err(SeekError::Beyond { byte_offset, bytes }) if byte_offset == bytes)
        );
    }
}

#[test]
fn a_byte_is_found_in_a_proof_of_many_blocks_too() {
    let model = Model::of_length(LENGTH_SMALL);
    let range = 10..30;
    let within = Within::Tree { length: LENGTH_SMALL };
    let proof = prove(range.clone(), within, &store(&model.nodes())).unwrap();
    let verified = verify(&proof, &model.leaves(&range), model.trusted()).unwrap();
    for byte_offset in 0..model.byte_start(LENGTH_SMALL) {
        let place = seek(byte_offset, LENGTH_SMALL, &store(&model.nodes())).unwrap();
        let expected = range.contains(&place.block).then_some(place);
        assert_eq!(verify_seek(byte_offset, &verified).ok(), expected, "byte {byte_offset}");
    }
}
