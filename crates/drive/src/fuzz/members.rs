//! Membership records and tickets. What is changed lies inside of signatures and checksums; those are
//! then made anew, so that the decoders behind them are reached.

use data_encoding::BASE32_NOPAD;
use ply_fuzz::{Form, RoundTrip, Target};
use ply_log::Signer;
use ply_proto as proto;
use ply_types::{DriveId, Epoch, LogKey, ReadKey, RecordId, Seed, TreeHash};

use crate::membership::{Issuer, Prefix, Record, Role, SealedKey};
use crate::ticket::{self, TICKET_PREFIX, Ticket};

const SIGNATURE_CONTEXT: &str = "plywood 2026-11 membership record";
const CHECKSUM_CONTEXT: &str = "plywood 2026-11 ticket checksum";

fn signer() -> Signer {
    Signer::new(&Seed::new([1; 32]))
}

fn drive() -> DriveId {
    DriveId(signer().key().0)
}

fn writer() -> LogKey {
    Signer::new(&Seed::new([2; 32])).key()
}

/// A record of each kind.
fn records() -> Vec<(&'static str, Record)> {
    let signer = signer();
    let seen = [RecordId([5; 32])];
    let issuer = Issuer::new(&signer, drive(), &seen);
    let cut = Prefix { length: 9, root: TreeHash([9; 32]) };
    let secret = Seed::new([3; 32]);
    let invited = Signer::new(&secret).key();
    let sealed = SealedKey { writer: writer(), sealed: vec![7; 40] };
    let invite = issuer.invite(&secret, Role::Writer, 64);
    let issued = [
        ("admission", issuer.admit(writer(), Role::Admin)),
        ("invite", invite),
        ("removal", issuer.remove(writer(), cut)),
        ("revocation", issuer.revoke(invited, &[writer()])),
        ("floor", issuer.floor(&[(writer(), cut)])),
        ("rotation", issuer.rotate(Epoch([1; 4]), &[sealed])),
    ];
    let mut records: Vec<_> =
        issued.into_iter().map(|(name, record)| (name, record.expect("fits"))).collect();
    let plain = Issuer::new(&signer, drive(), &[]).invite(&secret, Role::Writer, 4).expect("fits");
    let entered = Record::self_admission(&secret, &plain, writer(), 3).expect("fits");
    records.push(("self-admission", entered));
    records
}

#[test]
fn fuzz_signed_records() {
    let mut target = Target::new("signed-record", Form::Message, RoundTrip::Exact);
    for (name, record) in records() {
        target = target.seed(name, record.as_bytes());
    }
    target
        .memory(64 << 10, 64)
        .run(|bytes| Record::parse(&drive(), bytes).ok().map(|record| record.as_bytes().to_vec()));
}

/// The words of a record, as its issuer signs them.
fn words(record: &Record) -> Vec<u8> {
    let signed: proto::SignedRecord =
        proto::decode("record", 1 << 20, record.as_bytes()).expect("was signed");
    signed.record
}

#[test]
fn fuzz_words_of_records() {
    let signers = [signer(), Signer::new(&Seed::new([3; 32]))];
    let mut target = Target::new("record", Form::Message, RoundTrip::Exact);
    for (name, record) in records() {
        target = target.seed(name, words(&record));
    }
    target.memory(64 << 10, 64).run(|bytes| {
        let parsed = signers.iter().find_map(|signer| {
            let signed = proto::encode(&proto::SignedRecord {
                record: bytes.to_vec(),
                issuer: signer.key().0.to_vec(),
                signature: signer.sign(SIGNATURE_CONTEXT, bytes).0.to_vec(),
            });
            Record::parse(&drive(), &signed).ok()
        });
        parsed.map(|record| words(&record))
    });
}

/// The text of a ticket with these bytes between version and checksum.
fn dressed(message: &[u8]) -> String {
    let mut bytes = [&[1], message].concat();
    let [a, b, c, d, ..] = blake3::derive_key(CHECKSUM_CONTEXT, &bytes);
    bytes.extend([a, b, c, d]);
    format!("{TICKET_PREFIX}{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

fn undressed(text: &str) -> Vec<u8> {
    let body = text.strip_prefix(TICKET_PREFIX).expect("a ticket").to_ascii_uppercase();
    let bytes = BASE32_NOPAD.decode(body.as_bytes()).expect("base 32");
    bytes[1..bytes.len() - 4].to_vec()
}

fn tickets() -> Vec<(&'static str, String)> {
    let secret = Seed::new([0xCD; 32]);
    let signer = signer();
    let invite =
        Issuer::new(&signer, drive(), &[]).invite(&secret, Role::Writer, 64).expect("fits");
    let reads = Ticket::new(drive(), ticket::Access::Read(ReadKey::new([0xAB; 32])));
    let invitation = ticket::Invitation::new(secret, invite).expect("its secret");
    let writes = reads
        .clone()
        .with_addresses(["/ip4/192.0.2.7/udp/4001/quic-v1".to_owned()])
        .with_name("photos")
        .with_invitation(invitation)
        .expect("of this drive");
    vec![
        ("public", Ticket::new(drive(), ticket::Access::Public).to_string()),
        ("blind", Ticket::new(drive(), ticket::Access::Blind).to_string()),
        ("reads", reads.to_string()),
        ("writes", writes.to_string()),
    ]
}

#[test]
fn fuzz_tickets() {
    let mut target = Target::new("ticket", Form::Message, RoundTrip::Settled);
    for (name, text) in tickets() {
        target = target.seed(name, undressed(&text));
    }
    target.memory(64 << 10, 64).run(|bytes| {
        Ticket::parse(&dressed(bytes)).ok().map(|ticket| undressed(&ticket.to_string()))
    });
}

#[test]
fn fuzz_texts_of_tickets() {
    let mut target = Target::new("ticket-text", Form::Text, RoundTrip::Settled);
    for (name, text) in tickets() {
        target = target.seed(name, text);
    }
    target.memory(64 << 10, 64).run(|bytes| {
        let text = std::str::from_utf8(bytes).ok()?;
        Ticket::parse(text).ok().map(|ticket| ticket.to_string().into_bytes())
    });
}
