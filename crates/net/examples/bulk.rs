//! How fast one stream is, and what it costs: 1 GiB between two processes over loopback.
//!
//! `cargo run --release -p ply-net --example bulk [tcp|quic] [MiB] [ROUNDS]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement may fail loudly")]

use std::time::Instant;

use futures::{AsyncReadExt, AsyncWriteExt};
use ply_net::{
    Announce, Config, Dht, Event, Events, Identity, Limits, Mdns, Multiaddr, Network, PeerId,
};
use ply_types::Seed;

const BUFFER_BYTES: usize = 256 * 1024;
const MIB: u64 = 1024 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", transport] => runtime.block_on(serve(transport)),
        words => {
            let number = |at: usize, default| {
                words.get(at).map_or(default, |text| text.parse().expect("a number"))
            };
            let transport = words.first().copied().unwrap_or("tcp");
            runtime.block_on(measure(transport, number(1, 1024), number(2, 3)));
        }
    }
}

async fn start(seed: u8, transport: &str) -> (Network, Events) {
    let address = match transport {
        "quic" => "/ip4/127.0.0.1/udp/0/quic-v1",
        _ => "/ip4/127.0.0.1/tcp/0",
    };
    let config = Config {
        identity: Identity::new(&Seed::new([seed; 32])).unwrap(),
        listen: vec![address.parse().unwrap()],
        external: Vec::new(),
        announce: Announce::Global,
        bootstrap: Vec::new(),
        mdns: Mdns::Off,
        dht: Dht::Off,
        limits: Limits::STANDARD,
    };
    Network::start(config).await.unwrap()
}

/// CPU time this process has used, in seconds.
fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u32::try_from(now.tv_sec).unwrap_or(u32::MAX);
    f64::from(seconds) + f64::from(u32::try_from(now.tv_nsec).unwrap_or_default()) / 1e9
}

/// Reads one stream to its end and answers with its own CPU time in milliseconds.
async fn serve(transport: &str) {
    let (network, mut events) = start(1, transport).await;
    let address = network.addresses().await.into_iter().next().unwrap();
    println!("{address}");
    loop {
        let Some(event) = events.next().await else { return };
        let Event::Stream(mut stream) = event else { continue };
        let before = cpu_seconds();
        let mut buffer = vec![0; BUFFER_BYTES];
        while stream.read(&mut buffer).await.unwrap() != 0 {}
        let used = format!("{:.3}", cpu_seconds() - before);
        stream.write_all(used.as_bytes()).await.unwrap();
        stream.close().await.unwrap();
    }
}

async fn measure(transport: &str, mebibytes: u64, rounds: u64) {
    let mut server = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["serve", transport])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = server.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let address: Multiaddr = line.trim().parse().unwrap();

    let (network, _events) = start(2, transport).await;
    let peer = network.dial(address).await.unwrap();
    for _ in 0..rounds {
        run(&network, peer, transport, mebibytes).await;
    }
    network.shutdown().await;
    server.kill().unwrap();
    server.wait().unwrap();
}

async fn run(network: &Network, peer: PeerId, transport: &str, mebibytes: u64) {
    let mut stream = network.open(peer).await.unwrap();
    let buffer = vec![0x5a; BUFFER_BYTES];
    let (start, before) = (Instant::now(), cpu_seconds());
    for _ in 0..mebibytes * MIB / u64::try_from(BUFFER_BYTES).unwrap() {
        stream.write_all(&buffer).await.unwrap();
    }
    stream.close().await.unwrap();
    let mut theirs = String::new();
    stream.read_to_string(&mut theirs).await.unwrap();
    let (took, ours) = (start.elapsed().as_secs_f64(), cpu_seconds() - before);
    let theirs: f64 = theirs.parse().unwrap();
    let mebibytes = f64::from(u32::try_from(mebibytes).unwrap());
    let gibibytes = mebibytes / 1024.0;
    println!(
        "{transport}: {:.0} MiB/s, CPU s/GiB: sender {:.2}, receiver {:.2}",
        mebibytes / took,
        ours / gibibytes,
        theirs / gibibytes
    );
}
