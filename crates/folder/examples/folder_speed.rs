//! Imports a folder into a drive in memory, imports it again, and exports it.
//!
//! `cargo run --release -p ply-folder --example folder_speed FOLDER [DEST]`
//!
//! With `PAUSE=1` it waits for a line before the second import, so that something can be changed.

#![allow(clippy::expect_used, reason = "a measurement that fails should stop")]
#![allow(clippy::cast_precision_loss, reason = "figures for people")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ply_drive::{Access, Cutting, Host, Replica, Settings, Transaction};
use ply_engine::{Engine, MemoryEngine};
use ply_folder::{Export, Import};
use ply_log::Signer;
use ply_types::{DriveId, Path, ReadKey, Seed, Timestamp};

struct Clock;

impl Host for Clock {
    fn now(&self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp { seconds: i64::try_from(now.as_secs()).unwrap_or(0), nanos: now.subsec_nanos() }
    }

    fn random(&self) -> [u8; 32] {
        // Always the same, so that runs are alike.
        [7; 32]
    }
}

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().expect("a folder to import");
    let engine = Arc::new(MemoryEngine::new());
    let secret = Seed::new([1; 32]);
    let settings = Settings {
        id: DriveId(Signer::new(&secret).key().0),
        name: "speed".to_owned(),
        access: Access::Keys(vec![ReadKey::new([2; 32])]),
        drive_secret: Some(secret),
        install_nonce: [3; 32],
        cutting: Cutting::DEFAULT,
        invitation: None,
        addresses: Vec::new(),
        paused: false,
    };
    let replica =
        Replica::open(Arc::clone(&engine), settings, &Seed::new([4; 32]), Arc::new(Clock))
            .expect("a drive in memory");

    for what in ["import", "import again"] {
        if what == "import again" && std::env::var_os("PAUSE").is_some() {
            std::io::stdin().read_line(&mut String::new()).expect("a line");
        }
        let import = Import::new(&folder, Path::root());
        let summary = measure(what, || {
            import.run(&replica, &|_| ControlFlow::Continue(())).expect("it can be read")
        });
        let frames = engine.frame_bytes().expect("memory does not fail");
        println!(
            "  {} files, {} read ({} bytes), {} paths changed, {} warnings, {} frame bytes",
            summary.files,
            summary.read_files,
            summary.read_bytes,
            summary.changed,
            summary.warnings.count(),
            frames
        );
        measure("commit", || {
            let transaction = Transaction::begin(&replica).expect("nobody else writes");
            transaction.commit("speed", "speed").expect("a commit")
        });
    }
    if let Some(dest) = arguments.next() {
        let view = replica.view();
        let export = Export::new(Path::root(), dest);
        let summary = measure("export", || {
            export.run(&view, &|_| ControlFlow::Continue(())).expect("it can be written")
        });
        println!("  {} files, {} bytes", summary.files, summary.bytes);
    }
}

fn measure<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (start, start_cpu) = (Instant::now(), cpu_time());
    let result = run();
    let (wall, cpu) = (start.elapsed(), cpu_time().saturating_sub(start_cpu));
    println!("{what:<14} {:>7.2} s   {:>7.2} CPU s", wall.as_secs_f64(), cpu.as_secs_f64());
    result
}

/// What all threads of this process have had of the processors, in steps of 10 ms. Linux only.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = text.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
