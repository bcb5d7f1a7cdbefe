//! What an exchange costs in round trips, over a proxy that makes each flight take 50 ms.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use ply_net::Multiaddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use crate::world::{node, say_and_hear};

const FLIGHT: Duration = Duration::from_millis(50);

/// Counts how often the direction of the traffic turns.
#[derive(Clone, Default)]
struct Turns {
    last: Arc<AtomicU8>,
    count: Arc<AtomicU32>,
}

impl Turns {
    fn seen(&self, direction: u8) {
        if self.last.swap(direction, Ordering::SeqCst) != direction {
            self.count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Passes bytes on, each [`FLIGHT`] after it came, however many are under way.
async fn delayed(
    mut from: impl tokio::io::AsyncRead + Unpin,
    mut to: impl tokio::io::AsyncWrite + Unpin + Send + 'static,
    direction: u8,
    turns: Turns,
) {
    let (sender, mut flying) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((due, bytes)) = flying.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    let mut buf = vec![0; 64 * 1024];
    while let Ok(read_bytes @ 1..) = from.read(&mut buf).await {
        turns.seen(direction);
        sender.send((Instant::now() + FLIGHT, buf[..read_bytes].to_vec())).ok();
    }
}

/// Starts a proxy before a node and gives the address that goes through it.
async fn proxy(to: &Multiaddr) -> (Multiaddr, Turns) {
    let text = to.to_string();
    let port: u16 = text.split('/').nth(4).unwrap().parse().unwrap();
    let target = SocketAddr::from(([127, 0, 0, 1], port));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let turns = Turns::default();
    let seen = turns.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(target).await.unwrap();
            client.set_nodelay(true).unwrap();
            server.set_nodelay(true).unwrap();
            let ((client_r, client_w), (server_r, server_w)) = (split(client), split(server));
            tokio::spawn(delayed(client_r, server_w, 1, seen.clone()));
            tokio::spawn(delayed(server_r, client_w, 2, seen.clone()));
        }
    });
    (text.replace(&format!("/tcp/{port}/"), &format!("/tcp/{own}/")).parse().unwrap(), turns)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_a_stream_costs_no_round_trip() {
    let (a, b) = (node(1).await, node(2).await);
    let (address, turns) = proxy(&b.address().await).await;
    let peer = b.peer();
    let _b = b.echo();
    let start = Instant::now();
    a.network.dial(address).await.unwrap();
    println!("connecting: {:?} = {:.2} RTT", start.elapsed(), rtts(start.elapsed()));
    // Identify, the first pings and the greeting of gossip have to be over.
    sleep(Duration::from_secs(1)).await;

    let mut fewest = u32::MAX;
    for _ in 0..5 {
        let turns_before = turns.count.load(Ordering::SeqCst);
        let start = Instant::now();
        let mut stream = a.network.open(peer).await.unwrap();
        say_and_hear(&mut stream, b"request").await.unwrap();
        let (took, turned) = (start.elapsed(), turns.count.load(Ordering::SeqCst) - turns_before);
        println!("open, request, reply: {took:?} = {:.2} RTT, {turned} turns", rtts(took));
        assert!(2 * FLIGHT <= took, "the proxy delays nothing");
        fewest = fewest.min(turned);
        let start = Instant::now();
        say_and_hear(&mut stream, b"another").await.unwrap();
        println!("another on it: {:?} = {:.2} RTT", start.elapsed(), rtts(start.elapsed()));
    }
    // There and back; only back, where this side was the last to send. Now and then a ping turns it too.
    assert!(fewest <= 2, "{fewest} turns");
}

fn rtts(took: Duration) -> f64 {
    took.as_secs_f64() / (2 * FLIGHT).as_secs_f64()
}
