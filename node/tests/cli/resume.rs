//! A transfer that ends half way goes on from there.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::ply::{Daemon, Ply, noise, words};
use super::ports::port;
use super::proxy::Proxy;

/// What the transfer brings.
const CONTENT_BYTES: usize = 192 << 20;

/// What may come twice.
const RESENT_BYTES_MAX: usize = 64 << 20;

/// Proofs, lengths and encryption beside the content.
const OVERHEAD_BYTES_MAX: usize = CONTENT_BYTES / 50;

/// Which of the two is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Killed {
    Sender,
    Receiver,
}

fn up(ply: &Ply, port: u16) -> Daemon {
    ply.up_with(&format!("--listen /ip4/127.0.0.1/tcp/{port}"), Stdio::inherit())
}

/// Sends all, kills one side half way, starts it again: says how much came twice.
fn resent(killed: Killed) -> usize {
    let (ours, theirs) = (Ply::new(), Ply::new());
    let folder = ours.place("folder");
    fs::create_dir(&folder).expect("a folder");
    let block = noise(CONTENT_BYTES / 8);
    for number in 0..8_u8 {
        let content: Vec<u8> = block.iter().map(|byte| byte.wrapping_mul(2 * number + 1)).collect();
        fs::write(folder.join(number.to_string()), content).expect("a file");
    }
    ours.ok("drive create bulk");
    ours.ok(&format!("import bulk {} --commit -q", folder.display()));
    let ticket = ours.ok("share bulk");
    let (sender, receiver) = (up(&ours, 0), up(&theirs, 0));
    let sender_port = port(sender.address());
    let line = Proxy::to(sender_port, Duration::ZERO);
    let began = Instant::now();
    theirs.ok(&format!("join {ticket}"));
    theirs.ok(&format!("peer connect {}", line.address()));
    let fetching = words("sync bulk --full --timeout 60s -q");
    let mut command = theirs.command(&fetching);
    let mut fetch =
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("ply starts");
    while line.since(began).bytes < CONTENT_BYTES / 2 {
        assert!(began.elapsed() < Duration::from_mins(2), "nothing arrives");
        std::thread::sleep(Duration::from_millis(5));
    }
    let (_sender, _receiver) = match killed {
        Killed::Sender => {
            drop(sender);
            (up(&ours, sender_port), receiver)
        }
        Killed::Receiver => {
            drop(receiver);
            (sender, up(&theirs, 0))
        }
    };
    // One that goes on by itself is as good as one that is started again.
    theirs.ok(&format!("peer connect {}", line.address()));
    fetch.wait().expect("it ends");
    theirs.ok("sync bulk --full --timeout 60s -q");
    let bytes = line.since(began).bytes;
    for number in 0..8 {
        let read = theirs.run(&words(&format!("cat bulk:/{number}")));
        assert_eq!(read.code, 0, "{}", read.errors);
        let wanted = fs::read(folder.join(number.to_string())).expect("the file");
        assert!(read.output == wanted, "file {number} differs");
    }
    bytes.saturating_sub(CONTENT_BYTES)
}

#[test]
fn a_transfer_goes_on_where_the_receiver_was_killed() {
    let bytes = resent(Killed::Receiver);
    println!("receiver killed half way: {bytes} bytes more than the content");
    assert!(bytes <= RESENT_BYTES_MAX + OVERHEAD_BYTES_MAX, "{bytes} bytes too many");
}

#[test]
fn a_transfer_goes_on_where_the_sender_was_killed() {
    let bytes = resent(Killed::Sender);
    println!("sender killed half way: {bytes} bytes more than the content");
    assert!(bytes <= RESENT_BYTES_MAX + OVERHEAD_BYTES_MAX, "{bytes} bytes too many");
}
