//! Laws of membership, over small worlds in which everybody meddles with everybody.

use ply_types::{LogKey, RecordId};
use proptest::prelude::*;
use proptest::sample::Index;

use super::model::{Model, Row};
use super::{DRIVE, World};
use crate::membership::{End, Membership, Record, RecordSet, Role, What, WriterStatus, set_hash};

/// Keys other than the drive's; few, so that they collide.
const KEYS: u8 = 5;
const INVITES: u8 = 2;

/// A record in the making. `seen` picks among the records before it.
#[derive(Clone, Debug)]
struct Step {
    by: u8,
    verb: Verb,
    seen: Vec<Index>,
}

#[derive(Clone, Debug)]
enum Verb {
    Admit(u8, Role),
    Remove(u8, u64),
    Invite(u8, Role),
    Enter { invite: Index, writer: u8, slot: u32 },
    Revoke(u8, Vec<u8>),
    Floor(u8, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 1..=KEYS;
    let role = || prop_oneof![1 => Just(Role::Writer), 2 => Just(Role::Admin)];
    let verb = prop_oneof![
        6 => (key(), role()).prop_map(|(key, role)| Verb::Admit(key, role)),
        3 => (key(), 0..6u64).prop_map(|(key, length)| Verb::Remove(key, length)),
        2 => (1..=INVITES, role()).prop_map(|(invite, role)| Verb::Invite(invite, role)),
        4 => (any::<Index>(), key(), 0..2u32)
            .prop_map(|(invite, writer, slot)| Verb::Enter { invite, writer, slot }),
        1 => (1..=INVITES, prop::collection::vec(key(), 0..2))
            .prop_map(|(invite, confirmed)| Verb::Revoke(invite, confirmed)),
        1 => (key(), 0..6u64).prop_map(|(key, length)| Verb::Floor(key, length)),
    ];
    let by = prop_oneof![2 => Just(DRIVE), 3 => key()];
    let seen = prop::collection::vec(any::<Index>(), 0..4);
    (by, verb, seen).prop_map(|(by, verb, seen)| Step { by, verb, seen })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..18)
}

fn forks() -> impl Strategy<Value = Vec<(u8, u64)>> {
    prop::collection::vec((1..=KEYS, 0..6u64), 0..3)
}

/// Signs all steps in order.
fn records(steps: &[Step]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut invites: Vec<(u8, Record)> = Vec::new();
    for Step { by, verb, seen } in steps {
        let seen: Vec<_> = seen.iter().filter(|_| !records.is_empty()).collect();
        let seen: Vec<_> = seen.iter().map(|index| index.get(&records).id()).collect();
        let record = match verb {
            Verb::Admit(writer, role) => World::admit(*by, *writer, *role, &seen),
            Verb::Remove(writer, length) => World::remove(*by, *writer, *length, &seen),
            Verb::Revoke(invite, confirmed) => World::revoke(*by, *invite, confirmed, &seen),
            Verb::Floor(writer, length) => World::floor(DRIVE, *writer, *length),
            Verb::Invite(invite, role) => {
                let record = World::invite(*by, *invite, *role, 2);
                invites.push((*invite, record.clone()));
                record
            }
            Verb::Enter { .. } if invites.is_empty() => continue,
            Verb::Enter { invite, writer, slot } => {
                let (number, invite) = invite.get(&invites);
                World::enter(*number, invite, *writer, *slot)
            }
        };
        records.push(record);
    }
    records
}

/// Names of the records that count, the invites inside self-admissions among them.
fn counting(membership: &Membership, records: &[Record]) -> Vec<RecordId> {
    let carried = records.iter().filter_map(|record| match record.what() {
        What::SelfAdmission { invite, .. } => Some(invite.id()),
        _ => None,
    });
    let all = carried.chain(records.iter().map(Record::id));
    all.filter(|id| membership.counts(id)).collect()
}

/// The end of a writer that only a floor keeps.
fn floor_end(status: &WriterStatus) -> Option<End> {
    status.floor.map(|floor| End { length: floor.length, root: Some(floor.root) })
}

fn rows(membership: &Membership) -> Vec<(LogKey, Row)> {
    let row = |(key, status): (&LogKey, &WriterStatus)| {
        let end = status.end.map(|end| (end.length, end.root.map(|root| root.0)));
        (*key, (status.role, end, status.floor.map(|floor| floor.length)))
    };
    membership.writers().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn membership_is_what_the_plain_rules_say(steps in steps(), forks in forks()) {
        let records = records(&steps);
        let membership = World::evaluate_with_forks(&records, &forks);
        let model = Model::settle(&records);
        prop_assert_eq!(rows(&membership), model.rows(&forks).into_iter().collect::<Vec<_>>());
        for record in &records {
            prop_assert_eq!(membership.counts(&record.id()), model.counts().contains(&record.id()));
        }
    }

    #[test]
    fn law_2_order_and_repetition_change_nothing(
        (records, shuffled) in steps().prop_map(|steps| records(&steps)).prop_flat_map(|records| {
            let twice = [records.clone(), records.clone()].concat();
            (Just(records), Just(twice).prop_shuffle())
        }),
        forks in forks(),
    ) {
        let twice: Vec<(u8, u64)> = forks.iter().rev().chain(&forks).copied().collect();
        let one = World::evaluate_with_forks(&records, &forks);
        let other = World::evaluate_with_forks(&shuffled, &twice);
        prop_assert_eq!(one.hash(), other.hash());
        prop_assert_eq!(one, other);
        prop_assert_eq!(set_hash(&records), set_hash(&shuffled));
    }

    #[test]
    fn law_14_a_removal_by_the_drive_is_a_cut_in_any_order(
        steps in steps(), writer in 1..=KEYS, length in 0..9u64,
    ) {
        let before = records(&steps);
        let was = World::evaluate(&before);
        let known = counting(&was, &before);
        let removal = World::remove(DRIVE, writer, length, &known);
        let mut after = before.clone();
        after.push(removal.clone());
        let mut first = vec![removal];
        first.extend(before.iter().cloned());
        let (one, other) = (World::evaluate(&after), World::evaluate(&first));
        prop_assert_eq!(&one, &other);
        let key = World::key(writer);
        if let Some(status) = one.writer(&key) {
            let floor = status.floor.map_or(0, |floor| floor.length);
            let end = status.end.expect("it ends").length;
            let is_void = !matches!(status.role, Role::Admin) && status.end == floor_end(status);
            prop_assert!(end == length.max(floor) || is_void);
        }
        // The remover named all that counted, so nobody else is touched. Had the writer been
        // removed before, the new removal might take back what the old one made void.
        let was_removed = before.iter().any(
            |it| matches!(it.what(), What::Removal { writer, .. } if *writer == key),
        );
        for other in (1..=KEYS).filter(|&other| other != writer && !was_removed) {
            prop_assert_eq!(one.writer(&World::key(other)), was.writer(&World::key(other)));
        }
    }

    #[test]
    fn a_lower_rank_changes_nothing_above_it(steps in steps(), forks in forks()) {
        let records = records(&steps);
        let with = World::evaluate_with_forks(&records, &forks);
        let admins = (1..=KEYS).map(World::key).filter_map(|key| Some((with.rank(&key)?, key)));
        let mut admins: Vec<_> = admins.collect();
        admins.sort_unstable();
        for (index, (_, silenced)) in admins.iter().enumerate() {
            let rest: Vec<Record> =
                records.iter().filter(|it| it.authority() != *silenced).cloned().collect();
            let without = World::evaluate_with_forks(&rest, &forks);
            for (rank, key) in admins.iter().take(index) {
                prop_assert_eq!(without.rank(key), Some(*rank));
                prop_assert_eq!(without.writer(key), with.writer(key));
            }
        }
    }

    #[test]
    fn dropping_spare_records_changes_nothing(
        (records, order) in steps().prop_map(|steps| records(&steps))
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        let mut set = RecordSet::default();
        // Peers offer again what was dropped before something referred to it.
        for record in order.iter().chain(&order) {
            set.insert(record.clone());
        }
        let reloaded: RecordSet = set.iter().cloned().collect();
        prop_assert_eq!(set.hash(), reloaded.hash());
        let kept = Membership::evaluate(World::drive(), set.iter(), &[]);
        prop_assert_eq!(rows(&kept), rows(&World::evaluate(&records)));
        let mut other = RecordSet::default();
        for record in records.iter().chain(&records) {
            other.insert(record.clone());
        }
        prop_assert_eq!(set.hash(), other.hash());
    }
}
