//! Prints how fast one core cuts, hashes, seals and compresses generated data.
//!
//! `cargo run --release -p ply-chunk --example chunk_speed`

#![allow(clippy::expect_used, reason = "a measurement that fails should stop")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use ply_chunk::{
    CutParams, Cutter, Decoder, Encoder, Kind, Level, Opener, Sealer, hash, no_dictionaries,
};
use ply_types::ReadKey;

const MIB: usize = 1024 * 1024;

/// Input of each run.
const FILE_BYTES: usize = 4 * MIB;

const RUNS: usize = 25;

/// MiB of input a second of processor time, so that a busy machine does not count.
fn measure(what: &str, bytes: usize, mut run: impl FnMut() -> usize) {
    let mut result = run();
    let (start, start_cpu) = (Instant::now(), cpu_time());
    for _ in 0..RUNS {
        result = black_box(run());
    }
    let spent = match (start_cpu, cpu_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => start.elapsed(),
    };
    let speed = (bytes * RUNS) as f64 / MIB as f64 / spent.as_secs_f64();
    println!("{what:<28} {speed:>8.0} MiB/s   {result}");
}

/// What this thread has had of a processor; known on Linux only.
fn cpu_time() -> Option<Duration> {
    // The first number is nanoseconds; they are brought up to date when the thread yields.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = vec![0; bytes];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    noise
}

/// Half as random as noise: letters in words that repeat.
fn text(bytes: usize) -> Vec<u8> {
    let noise = noise(bytes);
    let words: Vec<&[u8]> = noise.chunks(7).take(4096).collect();
    let picks = noise.as_chunks::<2>().0.iter().map(|&pick| usize::from(u16::from_le_bytes(pick)));
    let mut text = Vec::with_capacity(bytes + 8);
    for pick in picks {
        // Low numbers far more often than high ones, as words of a language.
        text.extend_from_slice(words.get(pick * pick / (1 << 20)).copied().unwrap_or_default());
        text.push(b' ');
        if bytes <= text.len() {
            break;
        }
    }
    text.truncate(bytes);
    text
}

/// Frames each chunk and hands it to `take`.
fn encode(
    file: &[u8],
    cutter: &Cutter,
    sealer: &Sealer,
    level: i64,
    mut take: impl FnMut(Vec<u8>),
) {
    let mut encoder = Encoder::new(Level::new(level).expect("a level"));
    for chunk in cutter.pieces(file) {
        take(encoder.encode(Kind::Content, chunk, sealer, None).expect("a frame"));
    }
}

/// All frames of a file.
fn frames(file: &[u8], cutter: &Cutter, sealer: &Sealer) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    encode(file, cutter, sealer, 3, |frame| frames.push(frame));
    frames
}

/// Bytes of all frames of a file.
fn framed(file: &[u8], cutter: &Cutter, sealer: &Sealer, level: i64) -> usize {
    let mut bytes = 0;
    encode(file, cutter, sealer, level, |frame| bytes += frame.len());
    bytes
}

fn main() {
    let cutter = Cutter::new(CutParams::DEFAULT, None);
    let key = ReadKey::new([1; 32]);
    let (plain, sealed) = (Sealer::plain(), Sealer::read_key(&key));
    let (noise, text) = (noise(FILE_BYTES), text(FILE_BYTES));
    let bytes = noise.len();

    measure("cut noise (chunks)", bytes, || cutter.pieces(&noise).count());
    measure("cut text (chunks)", bytes, || cutter.pieces(&text).count());
    measure("hash chunks", bytes, || {
        cutter
            .pieces(&noise)
            .map(|chunk| hash(chunk).0.map(usize::from).iter().sum::<usize>())
            .sum()
    });
    measure("frame noise, plain", bytes, || framed(&noise, &cutter, &plain, 3));
    measure("frame noise, sealed", bytes, || framed(&noise, &cutter, &sealed, 3));
    for level in [1, 2, 3] {
        let what = format!("frame text, plain, level {level}");
        measure(&what, bytes, || framed(&text, &cutter, &plain, level));
    }
    measure("frame text, sealed, level 3", bytes, || framed(&text, &cutter, &sealed, 3));

    let mut decoder = Decoder::new();
    let mut read = |frames: &[Vec<u8>], opener: &Opener| -> usize {
        let chunk = |frame: &Vec<u8>| {
            decoder.decode(Kind::Content, frame, opener, no_dictionaries).expect("a chunk").len()
        };
        frames.iter().map(chunk).sum()
    };
    let opener = Opener::read_keys([&key]);
    let sealed_noise = frames(&noise, &cutter, &sealed);
    measure("read noise, sealed", bytes, || read(&sealed_noise, &opener));
    let plain_text = frames(&text, &cutter, &plain);
    measure("read text, plain", bytes, || read(&plain_text, &Opener::public()));
    let sealed_text = frames(&text, &cutter, &sealed);
    measure("read text, sealed", bytes, || read(&sealed_text, &opener));
}
