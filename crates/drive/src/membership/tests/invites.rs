//! Invites: slots, confirmation, revocation.

use super::{DRIVE, World, check};
use crate::membership::{Record, Role};

/// Claims of writers 10 to 13 to slot 0 of invite 1, lowest name first, with the writers' numbers.
fn rivals(invite: &Record) -> Vec<(u8, Record)> {
    let mut claims: Vec<_> =
        (10..14).map(|writer| (writer, World::enter(1, invite, writer, 0))).collect();
    claims.sort_by_key(|(_, claim)| claim.id());
    claims
}

fn records_of(rivals: &[(u8, Record)]) -> Vec<Record> {
    rivals.iter().map(|(_, claim)| claim.clone()).collect()
}

#[test]
fn an_invite_admits_one_writer_for_each_slot() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 2);
    let first = World::enter(1, &invite, 1, 0);
    let second = World::enter(1, &invite, 2, 1);
    check(&[first.clone(), second.clone()], "1 2");
    let membership = World::evaluate(&[first, second]);
    let status = membership.writer(&World::key(1)).expect("admitted");
    assert_eq!(status.invite, Some(World::invite_key(1)));
    assert!(membership.counts(&invite.id()));
}

#[test]
fn the_lowest_name_has_the_slot() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let rivals = rivals(&invite);
    let all = records_of(&rivals);
    check(&all, &rivals[0].0.to_string());
    check(&all[1..], &rivals[1].0.to_string());
}

#[test]
fn a_confirmed_writer_keeps_its_slot_from_lower_names() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let rivals = rivals(&invite);
    let mut all = records_of(&rivals);
    all.push(World::admit(DRIVE, rivals[2].0, Role::Writer, &[]));
    check(&all, &rivals[2].0.to_string());
}

#[test]
fn a_removed_writer_does_not_free_its_slot() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let rivals = rivals(&invite);
    let mut all = records_of(&rivals);
    all.push(World::remove(DRIVE, rivals[0].0, 5, &[]));
    check(&all, &format!("{}@5", rivals[0].0));
}

#[test]
fn a_revoked_invite_keeps_only_confirmed_writers() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 4);
    let mut all = vec![
        World::enter(1, &invite, 1, 0),
        World::enter(1, &invite, 2, 1),
        World::enter(1, &invite, 3, 2),
        World::admit(DRIVE, 2, Role::Writer, &[]),
        World::revoke(DRIVE, 1, &[3], &[]),
    ];
    check(&all, "2 3");
    let membership = World::evaluate(&all);
    assert!(membership.invite_is_revoked(&World::invite_key(1)));
    assert!(!membership.invite_is_revoked(&World::invite_key(2)));
    all.push(World::revoke(DRIVE, 1, &[1], &[]));
    check(&all, "1 2 3");
    all.push(World::enter(1, &invite, 4, 3));
    check(&all, "1 2 3");
}

#[test]
fn a_revocation_by_a_writer_is_nothing() {
    let invite = World::invite(DRIVE, 1, Role::Writer, 1);
    let entered = World::enter(1, &invite, 1, 0);
    check(&[entered, World::revoke(1, 1, &[], &[])], "1");
}

#[test]
fn invited_admins_admit_and_cannot_end_their_own_invite_for_those_above() {
    let invite = World::invite(DRIVE, 1, Role::Admin, 2);
    let all = [
        World::enter(1, &invite, 1, 0),
        World::enter(1, &invite, 2, 1),
        World::admit(1, 3, Role::Writer, &[]),
    ];
    check(&all, "1a 2a 3");
    // Each revokes the invite: the lower is out, since its own word is heard after the upper's.
    let mut fight = all.to_vec();
    fight.push(World::revoke(1, 1, &[], &[]));
    fight.push(World::revoke(2, 1, &[], &[]));
    let upper_is_1 = fight[0].id() < fight[1].id();
    check(&fight, if upper_is_1 { "1a 3" } else { "2a" });
}

#[test]
fn a_removed_admins_invites_let_in_only_whom_the_remover_had_seen() {
    let admin = World::admit(DRIVE, 1, Role::Admin, &[]);
    let invite = World::invite(1, 1, Role::Writer, 3);
    let early = World::enter(1, &invite, 2, 0);
    let late = World::enter(1, &invite, 3, 1);
    let unseen = World::remove(DRIVE, 1, 5, &[early.id()]);
    let seen = World::remove(DRIVE, 1, 5, &[invite.id(), early.id()]);
    let all = [admin, early, late];
    check(&all, "1a 2 3");
    check(&[&all[..], &[seen]].concat(), "1a@5 2");
    check(&[&all[..], &[unseen]].concat(), "1a@5");
}
