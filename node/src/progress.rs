//! How far a command is, for whoever watches a terminal.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::mpsc;

use crate::control::{Frame, Kind};

/// What takes less than this shows no progress.
const QUIET: Duration = Duration::from_secs(1);
/// Time between two reports.
const PAUSE: Duration = Duration::from_millis(100);
/// Longest label, in bytes. It is cut to the terminal's width anyway.
const LABEL_BYTES_MAX: usize = 1024;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// What was done.
    pub(crate) done: u64,
    /// What there is to do; 0 when nobody knows.
    pub(crate) total: u64,
    /// What is counted.
    pub(crate) unit: Unit,
    /// What it is.
    pub(crate) label: String,
}

/// What a report counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bytes.
    Bytes,
    /// Blocks of logs.
    Blocks,
}

impl Report {
    /// The body of a frame.
    pub(crate) fn encode(&self) -> Bytes {
        let mut body = BytesMut::new();
        body.put_u64_le(self.done);
        body.put_u64_le(self.total);
        body.put_u8(match self.unit {
            Unit::Bytes => 0,
            Unit::Blocks => 1,
        });
        let end = self.label.floor_char_boundary(LABEL_BYTES_MAX);
        body.put_slice(self.label.get(..end).unwrap_or_default().as_bytes());
        body.freeze()
    }

    /// Reads what [`Report::encode`] wrote.
    pub(crate) fn decode(mut body: Bytes) -> Option<Self> {
        let (done, total) = (body.try_get_u64_le().ok()?, body.try_get_u64_le().ok()?);
        let unit = match body.try_get_u8().ok()? {
            0 => Unit::Bytes,
            1 => Unit::Blocks,
            _ => return None,
        };
        Some(Self { done, total, unit, label: String::from_utf8_lossy(&body).into_owned() })
    }
}

/// Where reports go.
#[derive(Debug)]
pub(crate) struct Progress {
    place: Place,
    last: Option<Instant>,
}

#[derive(Debug)]
enum Place {
    Nowhere,
    Screen(Screen),
    Client(mpsc::Sender<Frame>),
}

impl Progress {
    /// Nobody watches.
    pub(crate) fn nowhere() -> Self {
        Self { place: Place::Nowhere, last: None }
    }

    /// On the terminal of this process.
    pub(crate) fn screen() -> Self {
        Self { place: Place::Screen(Screen::new()), last: None }
    }

    /// On the terminal of a client.
    pub(crate) fn client(frames: mpsc::Sender<Frame>) -> Self {
        Self { place: Place::Client(frames), last: None }
    }

    /// Reports bytes, not too often.
    pub(crate) fn report(&mut self, done: u64, total: u64, label: impl FnOnce() -> String) {
        self.count(Unit::Bytes, done, total, label);
    }

    /// Reports, not too often.
    pub(crate) fn count(
        &mut self,
        unit: Unit,
        done: u64,
        total: u64,
        label: impl FnOnce() -> String,
    ) {
        if self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        self.last = Some(Instant::now());
        match &mut self.place {
            Place::Nowhere => {}
            Place::Screen(screen) => screen.show(&Report { done, total, unit, label: label() }),
            Place::Client(frames) => {
                let body = Report { done, total, unit, label: label() }.encode();
                // A client that is behind can do without this one.
                drop(frames.try_send(Frame { kind: Kind::Progress, body }));
            }
        }
    }

    /// Leaves the terminal as it was.
    pub(crate) fn clear(&mut self) {
        if let Place::Screen(screen) = &mut self.place {
            screen.clear();
        }
    }

    /// Makes room for what the command prints.
    pub(crate) fn give_way(&mut self) {
        if let Place::Screen(screen) = &mut self.place {
            screen.give_way();
        }
    }
}

/// A bar on the standard error.
#[derive(Debug)]
pub(crate) struct Screen {
    started: Instant,
    /// Whether what the command prints comes to the same terminal.
    shares: bool,
    bar: Arc<Mutex<Bar>>,
}

/// What is shown now.
#[derive(Debug, Default)]
struct Bar {
    shown: Option<ProgressBar>,
    /// The command made itself heard, or listens: nobody has to be told that it still runs.
    heard: bool,
}

impl Screen {
    /// Nothing is shown yet. After a while that the command is silent, a clock is.
    pub(crate) fn new() -> Self {
        let bar = Arc::<Mutex<Bar>>::default();
        let waiting = Arc::clone(&bar);
        tokio::spawn(async move {
            tokio::time::sleep(QUIET).await;
            lock(&waiting).wait();
        });
        Self { started: Instant::now(), shares: std::io::stdout().is_terminal(), bar }
    }

    /// Shows a report, once the command takes its time.
    pub(crate) fn show(&mut self, report: &Report) {
        let mut bar = lock(&self.bar);
        bar.heard = true;
        if self.started.elapsed() < QUIET {
            return;
        }
        let bar = bar.shown.get_or_insert_with(ProgressBar::no_length);
        bar.disable_steady_tick();
        let template = match (report.unit, report.total) {
            (Unit::Bytes, 0) => "{spinner} {decimal_bytes} {msg}",
            (Unit::Bytes, _) => {
                "[{bar:30}] {percent:>3} % {decimal_bytes}/{decimal_total_bytes} {msg}"
            }
            (Unit::Blocks, 0) => "{spinner} {pos} blocks {msg}",
            (Unit::Blocks, _) => "[{bar:30}] {percent:>3} % {pos}/{len} blocks {msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        if report.total != 0 {
            bar.set_length(report.total);
        }
        bar.set_position(report.done);
        bar.set_message(report.label.clone());
    }

    /// Removes what was shown. The next report shows it again.
    pub(crate) fn clear(&mut self) {
        let mut bar = lock(&self.bar);
        bar.heard = true;
        if let Some(shown) = bar.shown.take() {
            shown.finish_and_clear();
        }
    }

    /// Makes room for what the command prints.
    pub(crate) fn give_way(&mut self) {
        if self.shares {
            self.clear();
        }
    }
}

impl Bar {
    /// Shows how long it takes already.
    fn wait(&mut self) {
        if !self.heard && self.shown.is_none() {
            let clock = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed}") {
                clock.set_style(style);
            }
            clock.set_elapsed(QUIET);
            clock.enable_steady_tick(PAUSE);
            self.shown = Some(clock);
        }
    }
}

fn lock(bar: &Mutex<Bar>) -> MutexGuard<'_, Bar> {
    bar.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way_through_the_socket() {
        let report =
            Report { done: 7, total: 1 << 40, unit: Unit::Blocks, label: "/Bücher".to_owned() };
        assert_eq!(Report::decode(report.encode()), Some(report));
        assert_eq!(Report::decode(Bytes::from_static(b"short")), None);
        let long =
            Report { done: 0, total: 0, unit: Unit::Bytes, label: "ü".repeat(LABEL_BYTES_MAX) };
        assert!(Report::decode(long.encode()).expect("a report").label.len() <= LABEL_BYTES_MAX);
    }
}
