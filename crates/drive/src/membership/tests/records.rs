//! One record: what is taken, what is refused, how big it is.

use ply_proto as proto;
use ply_types::{DriveId, Epoch, Fault, LogKey, RecordId, TreeHash};
use proptest::prelude::*;

use super::{DRIVE, World};
use crate::membership::{
    CONFIRMED_MAX, FLOOR_LOGS_MAX, Prefix, RECORD_BYTES_MAX, ROTATION_KEYS_MAX, Record,
    RecordError, Role, SEALED_KEY_BYTES_MAX, SEEN_MAX, SELF_ADMISSION_BYTES_MAX, SLOTS_MAX,
    SealedKey, What,
};

/// Distinct names, as many as a record can hold.
fn full_seen() -> Vec<RecordId> {
    (0..SEEN_MAX).map(|index| RecordId([u8::try_from(index).expect("few"); 32])).collect()
}

fn parse(bytes: &[u8]) -> Result<Record, RecordError> {
    Record::parse(&World::drive(), bytes)
}

#[test]
fn a_record_reads_back_what_was_signed() {
    let record = World::admit(DRIVE, 1, Role::Admin, &[RecordId([5; 32])]);
    let read = parse(record.as_bytes()).expect("valid");
    assert_eq!(read.id(), record.id());
    assert_eq!(read.what(), &What::Admission { writer: World::key(1), role: Role::Admin });
    assert_eq!(read.seen(), [RecordId([5; 32])]);
    assert_eq!(read.issuer(), World::key(DRIVE));
    assert!(read.is_by_drive());
}

#[test]
fn the_fullest_record_of_each_kind_fits() {
    let seen = full_seen();
    let far = Prefix { length: u64::MAX, root: TreeHash([9; 32]) };
    let key = SealedKey { writer: World::key(1), sealed: vec![7; SEALED_KEY_BYTES_MAX] };
    let records = World::sign(DRIVE, &seen, |issuer| {
        let confirmed = vec![World::key(1); CONFIRMED_MAX];
        let logs = vec![(World::key(1), far); FLOOR_LOGS_MAX];
        let revocation = issuer.revoke(World::invite_key(1), &confirmed).expect("fits");
        let floor = issuer.floor(&logs).expect("fits");
        let rotation = issuer.rotate(Epoch([1; 4]), &vec![key; ROTATION_KEYS_MAX]).expect("fits");
        assert!(issuer.remove(World::key(1), far).expect("fits").seen() == seen);
        [revocation, floor, rotation].into_iter().max_by_key(|it| it.as_bytes().len()).expect("3")
    });
    assert!(records.as_bytes().len() <= RECORD_BYTES_MAX);
}

#[test]
fn the_longest_self_admission_fits() {
    let invite = World::invite(DRIVE, 1, Role::Admin, SLOTS_MAX);
    let claim = World::enter(1, &invite, 1, SLOTS_MAX - 1);
    assert!(claim.as_bytes().len() <= SELF_ADMISSION_BYTES_MAX);
    assert_eq!(claim.authority(), World::key(DRIVE));
    assert_eq!(claim.issuer(), World::invite_key(1));
}

#[test]
fn what_makes_no_sense_is_not_signed() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 2);
    let enter = |secret, slot| Record::self_admission(&secret, &invite, World::key(1), slot);
    let refused = enter(World::secret(1), 2).expect_err("no such slot");
    assert!(matches!(refused.0, RecordError::Slot { slot: 2, slots: 2 }));
    assert_eq!(refused.fault(), Fault::Invalid);
    let refused = enter(World::secret(2), 0).expect_err("another secret");
    assert!(matches!(refused.0, RecordError::WrongInvite { .. }));
    let signer = World::signer(1);
    let issuer = crate::membership::Issuer::new(&signer, World::drive(), &[]);
    let refused = issuer.floor(&[]).expect_err("not the drive");
    assert!(matches!(refused.0, RecordError::NotTheDrive { .. }));
    let refused = issuer.admit(World::key(DRIVE), Role::Writer).expect_err("not a log");
    assert!(matches!(refused.0, RecordError::DriveKey { .. }));
    for slots in [0, SLOTS_MAX + 1] {
        let refused = issuer.invite(&World::secret(1), Role::Writer, slots).expect_err("slots");
        assert!(matches!(refused.0, RecordError::Slots { .. }));
    }
    let admission = World::admit(DRIVE, 1, Role::Writer, &[]);
    let refused = Record::self_admission(&World::secret(1), &admission, World::key(2), 0);
    assert!(matches!(refused.expect_err("no invite").0, RecordError::NoInvite { .. }));
}

#[test]
fn a_record_of_another_drive_is_refused() {
    let record = World::admit(DRIVE, 1, Role::Writer, &[]);
    let refused = Record::parse(&DriveId(World::key(7).0), record.as_bytes()).expect_err("other");
    assert!(matches!(refused, RecordError::WrongDrive { .. }));
    assert_eq!(refused.fault(), Fault::Peer);
}

#[test]
fn a_self_admission_inside_a_self_admission_is_refused() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let mut outer = World::enter(1, &invite, 1, 0);
    outer.bytes = proto::encode(&proto::SignedRecord {
        record: proto::encode(&proto::Record {
            drive: World::drive().0.to_vec(),
            seen: Vec::new(),
            what: Some(proto::record::What::SelfAdmission(proto::SelfAdmission {
                writer: World::key(1).0.to_vec(),
                slot: 0,
                invite: vec![],
            })),
        }),
        issuer: World::key(1).0.to_vec(),
        signature: vec![0; 64],
    });
    assert!(parse(&outer.bytes).is_err());
}

#[test]
fn a_kind_of_later_versions_is_told_apart() {
    let bytes = proto::encode(&proto::SignedRecord {
        record: proto::encode(&proto::Record {
            drive: World::drive().0.to_vec(),
            seen: Vec::new(),
            what: None,
        }),
        issuer: World::key(1).0.to_vec(),
        signature: vec![0; 64],
    });
    assert!(matches!(parse(&bytes), Err(RecordError::Newer { .. })));
}

#[test]
fn another_signer_makes_another_record() {
    let one = World::admit(1, 3, Role::Writer, &[]);
    let two = World::admit(2, 3, Role::Writer, &[]);
    assert_ne!(one.id(), two.id());
    assert_eq!(one.id(), World::admit(1, 3, Role::Writer, &[]).id());
    assert_ne!(one.issuer(), LogKey(World::drive().0));
}

proptest! {
    #[test]
    fn bytes_from_outside_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(parse(&bytes).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused(at in any::<prop::sample::Index>(), change in 1u8..=255) {
        let invite = World::invite(DRIVE, 1, Role::Writer, 2);
        let mut bytes = World::enter(1, &invite, 1, 1).as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(parse(&bytes).is_err());
    }
}
