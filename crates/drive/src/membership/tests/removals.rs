//! Admissions, removals, forks and floors: who stays, and up to where.

use ply_types::LogKey;

use super::{DRIVE, World, check, describe, prefix};
use crate::membership::{End, Membership, Record, Role};

#[test]
fn only_the_drive_and_its_admins_admit() {
    let records = [
        World::admit(DRIVE, 1, Role::Admin, &[]),
        World::admit(DRIVE, 2, Role::Writer, &[]),
        World::admit(1, 3, Role::Admin, &[]),
        World::admit(3, 4, Role::Writer, &[]),
        World::admit(2, 5, Role::Writer, &[]),
        World::admit(9, 6, Role::Writer, &[]),
    ];
    check(&records, "1a 2 3a 4");
    let membership = World::evaluate(&records);
    let depth = |number| membership.rank(&World::key(number)).map(|rank| rank.depth);
    assert_eq!([0, 1, 2, 3].map(depth), [Some(0), Some(1), None, Some(2)]);
    assert!(membership.is_admin(&World::key(3)) && !membership.is_admin(&World::key(2)));
    assert!(membership.wants(&World::admit(3, 7, Role::Writer, &[])));
    assert!(!membership.wants(&World::admit(2, 7, Role::Writer, &[])));
}

#[test]
fn admins_that_admit_only_each_other_are_nobody() {
    let records = [World::admit(1, 2, Role::Admin, &[]), World::admit(2, 1, Role::Admin, &[])];
    check(&records, "");
    let rooted = [
        World::admit(1, 2, Role::Admin, &[]),
        World::admit(2, 1, Role::Admin, &[]),
        World::admit(2, 2, Role::Admin, &[]),
        World::admit(DRIVE, 1, Role::Admin, &[]),
    ];
    check(&rooted, "1a 2a");
}

#[test]
fn law_14_removal_is_a_cut_whatever_comes_first() {
    let admission = World::admit(DRIVE, 1, Role::Writer, &[]);
    let removal = World::remove(DRIVE, 1, 7, &[]);
    let again = World::admit(DRIVE, 1, Role::Writer, &[removal.id()]);
    check(&[admission.clone(), removal.clone()], "1@7");
    check(&[removal.clone(), admission.clone()], "1@7");
    check(&[again, removal, admission], "1@7");
}

#[test]
fn a_writer_removed_before_it_wrote_is_not_opened() {
    let records = [World::admit(DRIVE, 1, Role::Writer, &[]), World::remove(DRIVE, 1, 0, &[])];
    let membership = World::evaluate(&records);
    assert!(!membership.admits(&World::key(1)));
    assert!(membership.writer(&World::key(1)).is_some());
    assert!(!membership.admits(&World::key(2)));
}

#[test]
fn an_admin_removes_writers_but_no_admin_above_itself() {
    let mut admins = [1, 2].map(|number| World::admit(DRIVE, number, Role::Admin, &[]));
    admins.sort_by_key(Record::id);
    let upper = if World::evaluate(&admins).rank(&World::key(1)).map(|rank| rank.record)
        == Some(admins[0].id())
    {
        1
    } else {
        2
    };
    let lower = 3 - upper;
    let mut records = admins.to_vec();
    records.push(World::admit(DRIVE, 3, Role::Writer, &[]));
    records.push(World::remove(lower, 3, 4, &[]));
    records.push(World::remove(lower, upper, 5, &[]));
    records.push(World::remove(lower, lower, 6, &[]));
    let plain = World::evaluate(&records);
    assert_eq!(plain.writer(&World::key(upper)).and_then(|status| status.end), None);
    assert_eq!(plain.writer(&World::key(lower)).and_then(|status| status.end), None);
    assert_eq!(end(&plain, 3), Some(4));
    records.push(World::remove(upper, lower, 8, &[]));
    let removed = World::evaluate(&records);
    assert_eq!(end(&removed, lower), Some(8));
    assert!(!removed.is_admin(&World::key(lower)));
    // The lower admin's removal of the writer was not seen: it is void with all else.
    assert_eq!(end(&removed, 3), None);
}

fn end(membership: &Membership, number: u8) -> Option<u64> {
    membership.writer(&World::key(number)).and_then(|status| status.end).map(|end| end.length)
}

#[test]
fn a_removed_admins_records_stay_as_far_as_the_remover_knew_them() {
    let admin = World::admit(DRIVE, 1, Role::Admin, &[]);
    let known = World::admit(1, 2, Role::Admin, &[]);
    let unknown = World::admit(1, 3, Role::Admin, &[]);
    let below_known = World::admit(2, 4, Role::Writer, &[]);
    let below_unknown = World::admit(3, 5, Role::Writer, &[]);
    let removal = World::remove(DRIVE, 1, 9, &[known.id()]);
    let all = [admin, known, unknown, below_known, below_unknown, removal];
    check(&all, "1a@9 2a 4");
    let anew = World::admit(DRIVE, 5, Role::Writer, &[]);
    check(&[&all[..], &[anew]].concat(), "1a@9 2a 4 5");
}

#[test]
fn what_the_remover_named_in_its_earlier_records_it_knew() {
    let admin = World::admit(DRIVE, 1, Role::Admin, &[]);
    let known = World::admit(1, 2, Role::Writer, &[]);
    let between = World::admit(DRIVE, 3, Role::Writer, &[known.id()]);
    let removal = World::remove(DRIVE, 1, 9, &[between.id()]);
    check(&[admin, known, between, removal], "1a@9 2 3");
}

#[test]
fn what_the_removed_named_itself_the_remover_did_not_know() {
    let admin = World::admit(DRIVE, 1, Role::Admin, &[]);
    let hidden = World::admit(1, 2, Role::Writer, &[]);
    let shown = World::admit(1, 3, Role::Writer, &[hidden.id()]);
    let removal = World::remove(DRIVE, 1, 9, &[shown.id()]);
    check(&[admin, hidden, shown, removal], "1a@9 3");
}

#[test]
fn of_concurrent_cuts_the_shortest_counts_and_a_later_one_replaces_them() {
    let writer = World::admit(DRIVE, 1, Role::Writer, &[]);
    let long = World::remove(DRIVE, 1, 9, &[]);
    let short = World::remove(DRIVE, 1, 4, &[]);
    let later = World::remove(DRIVE, 1, 7, &[long.id(), short.id()]);
    check(&[writer.clone(), long.clone(), short.clone()], "1@4");
    check(&[writer, long, later, short], "1@7");
}

#[test]
fn a_cut_from_nearer_the_drive_goes_before_a_shorter_one() {
    let records = [
        World::admit(DRIVE, 1, Role::Admin, &[]),
        World::admit(DRIVE, 2, Role::Writer, &[]),
        World::remove(1, 2, 3, &[]),
        World::remove(DRIVE, 2, 8, &[]),
    ];
    check(&records, "1a 2@8");
}

#[test]
fn a_fork_ends_its_writer_and_nobody_else() {
    let records = [
        World::admit(DRIVE, 1, Role::Admin, &[]),
        World::admit(1, 2, Role::Writer, &[]),
        World::remove(1, 2, 5, &[]),
    ];
    let membership = World::evaluate_with_forks(&records, &[(1, 8), (1, 6), (2, 7), (3, 1)]);
    assert_eq!(describe(&membership), "1a@6 2@5");
    let ends = [1, 2].map(|number| membership.writer(&World::key(number)).and_then(|it| it.end));
    let cut = prefix(5);
    assert_eq!(
        ends,
        [Some(End { length: 6, root: None }), Some(End { length: 5, root: Some(cut.root) })]
    );
    assert!(membership.is_admin(&World::key(1)));
}

#[test]
fn no_log_ends_below_its_floor() {
    let mut records = vec![
        World::admit(DRIVE, 1, Role::Admin, &[]),
        World::admit(1, 2, Role::Writer, &[]),
        World::floor(DRIVE, 1, 6),
        World::floor(DRIVE, 1, 8),
        World::floor(DRIVE, 2, 3),
    ];
    let membership = World::evaluate_with_forks(&records, &[(1, 2)]);
    assert_eq!(describe(&membership), "1a@8 2");
    assert_eq!(membership.writer(&World::key(2)).and_then(|it| it.floor), Some(prefix(3)));
    // The admission of 2 is void now; what was floored still counts.
    records.push(World::remove(DRIVE, 1, 9, &[]));
    check(&records, "1a@9 2@3");
}

#[test]
fn what_an_issuer_should_name_covers_what_it_holds_once() {
    let admin = World::admit(DRIVE, 1, Role::Admin, &[]);
    let other = World::admit(1, 2, Role::Writer, &[]);
    let void = World::admit(7, 8, Role::Writer, &[]);
    let mut records = vec![admin.clone(), other.clone(), void];
    let drive_key = LogKey(World::drive().0);
    let seen = World::evaluate(&records).seen(&records, &drive_key, Some(&World::key(1)));
    assert_eq!(seen.ids, [admin.id(), other.id()]);
    assert_eq!(seen.left_out_count, 0);
    let next = World::admit(DRIVE, 3, Role::Writer, &seen.ids);
    records.push(next.clone());
    let seen = World::evaluate(&records).seen(&records, &drive_key, None);
    assert_eq!(seen.ids, [next.id()]);
    records.push(World::remove(DRIVE, 1, 9, &seen.ids));
    check(&records, "1a@9 2 3");
}
