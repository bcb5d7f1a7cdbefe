//! What a node keeps, when peers send without end.

use super::{DRIVE, World};
use crate::membership::{ISSUER_RECORDS_MAX, Inserted, Record, RecordSet, Role};

#[test]
fn of_rival_claims_only_the_lowest_is_kept() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let mut claims: Vec<Record> =
        (1..40).map(|writer| World::enter(1, &invite, writer, 0)).collect();
    claims.sort_by_key(Record::id);
    claims.reverse();
    let mut set = RecordSet::default();
    let mut before = None;
    for claim in &claims {
        assert_eq!(set.dropped_by(claim), before);
        assert_eq!(set.insert(claim.clone()), Inserted::New);
        before = Some(claim.id());
        assert_eq!(set.len(), 1);
        assert_eq!(set.insert(claim.clone()), Inserted::Known);
    }
    let lowest = claims.last().expect("some");
    assert!(set.record(&lowest.id()).is_some() && !set.is_empty());
    assert_eq!(set.insert(claims[0].clone()), Inserted::Spare);
}

#[test]
fn a_claim_that_somebody_refers_to_is_kept() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let mut claims: Vec<(u8, Record)> =
        (1..5).map(|writer| (writer, World::enter(1, &invite, writer, 0))).collect();
    claims.sort_by_key(|(_, claim)| claim.id());
    let mut set = RecordSet::default();
    set.insert(claims[0].1.clone());
    set.insert(World::admit(DRIVE, claims[1].0, Role::Writer, &[claims[2].1.id()]));
    let inserted: Vec<_> = claims.iter().map(|(_, claim)| set.insert(claim.clone())).collect();
    assert_eq!(inserted, [Inserted::Known, Inserted::New, Inserted::New, Inserted::Spare]);
}

#[test]
fn one_admin_cannot_fill_the_set() {
    let mut set = RecordSet::default();
    let signer = World::signer(1);
    let issuer = crate::membership::Issuer::new(&signer, World::drive(), &[]);
    for length in 0..=ISSUER_RECORDS_MAX {
        let cut = super::prefix(u64::try_from(length).expect("small"));
        let inserted = set.insert(issuer.remove(World::key(2), cut).expect("small"));
        let full = length == ISSUER_RECORDS_MAX;
        assert_eq!(inserted, if full { Inserted::Full } else { Inserted::New });
    }
    assert_eq!(set.insert(World::admit(2, 3, Role::Writer, &[])), Inserted::New);
}
