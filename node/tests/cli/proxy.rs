//! A line that is slow, not narrow: it delays what goes through, and writes down what went when.

use std::fmt;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// From the side that connected.
    There,
    Back,
}

/// Bytes that came in at one end of the line.
#[derive(Clone, Copy, Debug)]
struct Passed {
    at: Instant,
    way: Way,
    bytes: usize,
}

/// Pieces that are on the line at once, at most 64 KiB each.
const UNDER_WAY_MAX: usize = 64;

/// A line to one address.
pub(super) struct Proxy {
    port: u16,
    delay: Duration,
    log: Arc<Mutex<Vec<Passed>>>,
}

/// What went over the line in a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// In both directions.
    pub(super) bytes: usize,
    /// The longest chain of questions and answers, each sent when the one before had arrived.
    pub(super) round_trips: usize,
    pub(super) took: Duration,
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, round_trips, took } = self;
        write!(f, "{bytes} bytes, {round_trips} round trips, {} ms", took.as_millis())
    }
}

impl Proxy {
    /// Takes connections, and carries each to a port of this machine with a delay each way.
    pub(super) fn to(port: u16, delay: Duration) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let local = listener.local_addr().expect("an address").port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        thread::spawn(move || {
            for near in listener.incoming() {
                let near = near.expect("a connection");
                // Nobody listens there while the node is down: whoever dialed sees the line end.
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for end in [&near, &far] {
                    end.set_nodelay(true).expect("no delay but ours");
                }
                let copies = (near.try_clone().expect("near"), far.try_clone().expect("far"));
                carry(copies.0, far, Way::There, delay, Arc::clone(&written));
                carry(copies.1, near, Way::Back, delay, Arc::clone(&written));
            }
        });
        Self { port: local, delay, log }
    }

    /// Where to connect.
    pub(super) fn address(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}", self.port)
    }

    /// Does something, and says what went over the line meanwhile.
    pub(super) fn during<T>(&self, work: impl FnOnce() -> T) -> (T, Use) {
        let from = Instant::now();
        let result = work();
        (result, self.since(from))
    }

    /// What went over the line since then.
    pub(super) fn since(&self, from: Instant) -> Use {
        let until = Instant::now();
        let log = self.log.lock().expect("no thread panicked");
        let passed: Vec<Passed> =
            log.iter().filter(|passed| from <= passed.at && passed.at <= until).copied().collect();
        let first = |way: Way, after: Instant| {
            let mut sent = passed.iter().filter(|passed| passed.way == way);
            sent.find(|passed| after <= passed.at).map(|passed| passed.at + self.delay)
        };
        let (mut now, mut round_trips) = (from, 0);
        while let Some(asked) = first(Way::There, now)
            && let Some(answered) = first(Way::Back, asked)
            && answered <= until
        {
            (now, round_trips) = (answered, round_trips + 1);
        }
        let bytes = passed.iter().map(|passed| passed.bytes).sum();
        Use { bytes, round_trips, took: until - from }
    }
}

/// Carries bytes one way until that way ends.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    way: Way,
    delay: Duration,
    log: Arc<Mutex<Vec<Passed>>>,
) {
    let (queue, queued): (SyncSender<(Instant, Vec<u8>)>, _) = sync_channel(UNDER_WAY_MAX);
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(bytes) = from.read(&mut buffer)
            && bytes != 0
        {
            let at = Instant::now();
            log.lock().expect("no thread panicked").push(Passed { at, way, bytes });
            if queue.send((at + delay, buffer[..bytes].to_vec())).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in queued {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        // The other end may be gone already.
        drop(to.shutdown(Shutdown::Write));
    });
}
