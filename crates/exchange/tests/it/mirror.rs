//! A node without the read key keeps everything by itself.

use ply_drive::Access;

use crate::world::{Node, meet, noise, path, until};

/// Bytes that a node holds of the layers that a reader knows.
fn holds_all(mirror: &Node, reader: &Node) -> bool {
    let (layers, _) = reader.replica.layers().unwrap();
    !layers.is_empty()
        && layers.iter().all(|head| {
            let have = mirror.replica.logs().have(&head.log).unwrap();
            have.missing(0..head.length).next().is_none()
        })
}

#[tokio::test(flavor = "multi_thread")]
async fn law_12_a_mirror_follows_by_itself_and_is_enough_for_others() {
    let owner = Node::owner(1);
    owner.put("first", &noise(1, 400_000)).await;
    let mirror = Node::joined(2, &owner, Access::Blind);
    let keeping = {
        let (exchange, id) = (mirror.exchange.clone(), mirror.id());
        tokio::spawn(async move { exchange.keep_all(id).await })
    };
    let sessions = meet(&mirror, &owner).await;
    until(|| holds_all(&mirror, &owner)).await;
    owner.put("second", &noise(2, 400_000)).await;
    until(|| holds_all(&mirror, &owner)).await;
    // The owner leaves. The mirror alone serves somebody who never met it.
    let reader = Node::reader(3, &owner);
    owner.exchange.stop(&owner.id(), None);
    for session in sessions {
        session.await.unwrap().unwrap();
    }
    let _sessions = meet(&reader, &mirror).await;
    assert_eq!(reader.drive.read(&path("second")).await.unwrap(), noise(2, 400_000));
    assert_eq!(reader.drive.read(&path("first")).await.unwrap(), noise(1, 400_000));
    assert!(mirror.drive.read(&path("first")).await.is_err());
    keeping.abort();
}
