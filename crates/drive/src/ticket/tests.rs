//! Tickets to text and back, and texts that are none.

use data_encoding::BASE32_NOPAD;
use ply_chunk::{CutParams, Level};
use ply_log::Signer;
use ply_proto as proto;
use ply_types::{DriveId, LogKey, ReadKey, Seed};
use proptest::prelude::*;

use super::{
    ADDRESS_BYTES_MAX, ADDRESSES_MAX, Access, Invitation, NAME_HINT_BYTES_MAX, TICKET_PREFIX,
    TICKET_TEXT_BYTES_MAX, Ticket, TicketError,
};
use crate::membership::{Issuer, Record, Role};
use crate::settings::Cutting;

fn drive(number: u8) -> (Signer, DriveId) {
    let signer = Signer::new(&Seed::new([number; 32]));
    let id = DriveId(signer.key().0);
    (signer, id)
}

fn invite(number: u8, secret: &Seed, slots: u32) -> Record {
    let (signer, id) = drive(number);
    Issuer::new(&signer, id, &[]).invite(secret, Role::Admin, slots).expect("valid")
}

fn invitation(number: u8, secret: u8, slots: u32) -> Invitation {
    let secret = Seed::new([secret; 32]);
    Invitation::new(secret.clone(), invite(number, &secret, slots)).expect("they belong together")
}

/// One of each part.
fn full() -> Ticket {
    Ticket::new(drive(1).1, Access::Read(ReadKey::new([0xab; 32])))
        .with_addresses(["/ip4/192.0.2.7/udp/4001/quic-v1".to_owned()])
        .with_name("photos")
        .with_cutting(cutting(4, 6))
        .with_invitation(invitation(1, 0xcd, 64))
        .expect("of this drive")
}

/// From 2 to the given power of KiB, give or take.
fn cutting(power: u32, level: i64) -> Cutting {
    let avg = 1024 << power;
    let chunk = CutParams::new(avg / 2, avg, avg * 2).expect("sizes that grow");
    Cutting { chunk, level: Level::new(level).expect("a level") }
}

fn access() -> impl Strategy<Value = Access> {
    prop_oneof![
        Just(Access::Public),
        Just(Access::Blind),
        any::<[u8; 32]>().prop_map(|key| Access::Read(ReadKey::new(key))),
    ]
}

prop_compose! {
    fn ticket()(
        number in 0..100u8,
        access in access(),
        invited in prop::option::of((100..=255u8, 1..=1024u32)),
        addresses in prop::collection::vec("[!-~]{1,128}", 0..=ADDRESSES_MAX),
        name in any::<String>(),
        cut in prop::option::of((1..=9u32, 1..=19i64)),
    ) -> Ticket {
        let ticket = Ticket::new(drive(number).1, access);
        let ticket = ticket.with_addresses(addresses).with_name(&name);
        let ticket = match cut {
            Some((power, level)) => ticket.with_cutting(cutting(power, level)),
            None => ticket,
        };
        match invited {
            None => ticket,
            Some((secret, slots)) => {
                ticket.with_invitation(invitation(number, secret, slots)).expect("of this drive")
            }
        }
    }
}

proptest! {
    #[test]
    fn a_ticket_reads_back_what_it_prints(ticket in ticket()) {
        let text = ticket.to_string();
        prop_assert!(text.len() <= TICKET_TEXT_BYTES_MAX);
        prop_assert_eq!(&Ticket::parse(&text).expect("valid"), &ticket);
        let shouted = format!(" \n{}\t", text.to_uppercase());
        prop_assert_eq!(&shouted.parse::<Ticket>().expect("valid"), &ticket);
    }

    #[test]
    fn a_changed_character_is_refused(
        ticket in ticket(), at in any::<prop::sample::Index>(), new in "[ -~]|\\PC",
    ) {
        let text = ticket.to_string();
        let at = at.index(text.len());
        let (before, rest) = text.split_at(at);
        let (old, after) = rest.split_at(1);
        prop_assume!(!old.eq_ignore_ascii_case(&new));
        let changed = format!("{before}{new}{after}");
        prop_assert!(Ticket::parse(&changed).is_err());
    }

    #[test]
    fn names_are_short_and_harmless(name in any::<String>()) {
        let ticket = Ticket::new(drive(1).1, Access::Blind).with_name(&name);
        let clean = ticket.name();
        prop_assert!(clean.len() <= NAME_HINT_BYTES_MAX);
        prop_assert!(!clean.chars().any(|it| it.is_control() || it == '/'));
        prop_assert!(!clean.starts_with('.') && clean.trim() == clean);
        let again = ticket.clone().with_name(clean);
        prop_assert_eq!(again.name(), clean);
    }

    #[test]
    fn texts_from_outside_never_panic(text in any::<String>(), body in "[a-z2-7]{0,200}") {
        prop_assert!(Ticket::parse(&text).is_err());
        let text = format!("{TICKET_PREFIX}{body}");
        prop_assert!(Ticket::parse(&text).is_err());
    }

    #[test]
    fn sealed_garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Ticket::parse(&sealed(&bytes)).is_err());
    }
}

/// Any bytes with a checksum that holds.
fn sealed(bytes: &[u8]) -> String {
    let mut all = bytes.to_vec();
    all.extend(&blake3::derive_key("plywood 2026-11 ticket checksum", bytes)[..4]);
    format!("{TICKET_PREFIX}{}", BASE32_NOPAD.encode(&all))
}

#[test]
fn every_single_slip_is_refused() {
    let text = full().to_string();
    for at in 0..text.len() {
        assert!(Ticket::parse(&text[..at]).is_err(), "cut at {at}");
        let deleted = format!("{}{}", &text[..at], &text[at + 1..]);
        assert!(Ticket::parse(&deleted).is_err(), "deleted {at}");
        for new in "abcdefghijklmnopqrstuvwxyz234567 019=".chars() {
            let changed = format!("{}{new}{}", &text[..at], &text[at + 1..]);
            assert!(changed == text || Ticket::parse(&changed).is_err(), "{new} at {at}");
            let added = format!("{}{new}{}", &text[..at], &text[at..]);
            assert!(added.trim() == text || Ticket::parse(&added).is_err(), "{new} before {at}");
        }
    }
}

#[test]
fn each_way_to_be_no_ticket_has_its_words() {
    let text = full().to_string();
    for no_ticket in ["", "ply", "hello world", &"a".repeat(64), "plx1abc", "pl\u{e9}1"] {
        assert!(matches!(Ticket::parse(no_ticket), Err(TicketError::NotATicket)), "{no_ticket}");
    }
    for slip in ["ply1", &text[..40], &text.replace('2', "3")] {
        assert!(matches!(Ticket::parse(slip), Err(TicketError::Mistyped)), "{slip}");
    }
    let long = format!("ply1{}", "a".repeat(TICKET_TEXT_BYTES_MAX));
    assert!(matches!(Ticket::parse(&long), Err(TicketError::TooLong { .. })));
    assert!(matches!(Ticket::parse(&sealed(&[2, 7])), Err(TicketError::Newer { version: 2 })));
    assert!(matches!(Ticket::parse(&sealed(&[0, 7])), Err(TicketError::Malformed { .. })));
    assert!(matches!(Ticket::parse(&sealed(&[1])), Err(TicketError::Malformed { .. })));
    assert!(matches!(Ticket::parse(&sealed(&[1, 0xff])), Err(TicketError::Encoding(_))));
}

#[test]
fn how_a_drive_cuts_is_checked() {
    let said = |min, avg, max, level| {
        let cutting = Some(proto::Cutting { min, avg, max, level });
        let ticket = proto::Ticket { drive: vec![1; 32], cutting, ..proto::Ticket::default() };
        Ticket::parse(&sealed(&[&[1], proto::encode(&ticket).as_slice()].concat()))
    };
    let ticket = said(1 << 20 >> 2, 1 << 20 >> 1, 1 << 20, 19).expect("as large as can be");
    assert_eq!(ticket.cutting(), cutting(9, 19));
    assert_eq!(Ticket::parse(&ticket.to_string()).expect("valid"), ticket);
    for (min, avg, max, level) in [
        (0, 0, 0, 3),
        (1024, 2048, u32::MAX, 3),
        (1024, 2048, 2 << 20, 3),
        (4096, 2048, 1024, 3),
        (1024, 3072, 4096, 3),
        (1024, 2048, 4096, 0),
        (1024, 2048, 4096, 20),
        (1024, 2048, 4096, i32::MIN),
    ] {
        let refused = said(min, avg, max, level);
        assert!(matches!(refused, Err(TicketError::Malformed { .. })), "{refused:?}");
    }
}

#[test]
fn a_ticket_that_says_nothing_of_cutting_is_of_a_drive_that_cuts_as_most() {
    let plain = Ticket::new(drive(1).1, Access::Public);
    assert_eq!(plain.cutting(), Cutting::DEFAULT);
    let text = plain.to_string();
    assert_eq!(plain.clone().with_cutting(Cutting::DEFAULT).to_string(), text);
    assert_ne!(plain.with_cutting(cutting(2, 3)).to_string(), text);
}

#[test]
fn an_invite_goes_with_its_drive_and_its_secret() {
    let mismatch = Ticket::new(drive(2).1, Access::Public).with_invitation(invitation(1, 5, 1));
    assert!(matches!(mismatch, Err(TicketError::InviteMismatch)));
    let record = invite(1, &Seed::new([5; 32]), 1);
    let mismatch = Invitation::new(Seed::new([6; 32]), record);
    assert!(matches!(mismatch, Err(TicketError::InviteMismatch)));
}

#[test]
fn an_invitation_lets_a_writer_in() {
    let ticket = Ticket::parse(&full().to_string()).expect("valid");
    let invitation = ticket.invitation().expect("there is one");
    let admission = invitation.self_admission(LogKey([9; 32]), 63).expect("a slot");
    assert_eq!(admission.authority(), LogKey(ticket.drive().0));
    assert_eq!(invitation.slots(), 64);
    assert!(invitation.self_admission(LogKey([9; 32]), 64).is_err());
}

#[test]
fn what_no_ticket_can_hold_is_left_out() {
    let addresses = (0..20).map(|index| format!("/dns/{index}"));
    let odd = ["a b".to_owned(), "x".repeat(ADDRESS_BYTES_MAX + 1), String::new()];
    let ticket = Ticket::new(drive(1).1, Access::Blind)
        .with_addresses(odd.into_iter().chain(addresses))
        .with_name(" ../my\u{202e} \u{7}dr/ive ");
    assert_eq!(ticket.addresses().len(), ADDRESSES_MAX);
    assert_eq!(ticket.addresses()[0], "/dns/0");
    assert_eq!(ticket.name(), "my drive");
}

#[test]
fn debug_shows_no_secret() {
    let text = format!("{:?}", full());
    // 0xab and 0xcd fill the two secrets.
    for secret in ["171, 171", "abab", "205, 205", "cdcd"] {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("photos"));
}
