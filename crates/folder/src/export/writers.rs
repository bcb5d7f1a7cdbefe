//! The threads that write, and the one that gives them their work.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ply_drive::{Attributes, Entry, Kind, LinkMark, PathState, View, Walk};
use ply_engine::Engine;
use ply_types::Path;

use super::directories::Directories;
use super::write::FileWriter;
use super::{Dest, ExportError, ExportSummary, Job};
use crate::progress::{Progress, Report};
use crate::warning::Warnings;
use crate::workers::{self, BATCH_BYTES, BATCH_FILES, BATCHES_WAITING};

/// A thread tells what it wrote each time it wrote so much.
const REPORT_BYTES: u64 = 4 << 20;

/// What a thread tells: things made since it told last.
type Told = Result<Done, ExportError>;

#[derive(Debug, Default)]
struct Done {
    files: u64,
    bytes: u64,
    others: u64,
    warnings: Warnings,
}

/// The walk, and what it leaves for later.
struct Feed<'export, E: Engine> {
    view: &'export View<E>,
    dest: &'export Dest,
    directories: Directories,
    batch: Vec<Job>,
    batch_bytes: u64,
    /// The first name of each mark, with what it is.
    marks: HashMap<LinkMark, (Path, Entry)>,
    /// Further names: they are made when the first ones are there.
    links: Vec<(Path, Job)>,
    summary: ExportSummary,
    progress: Progress,
    report: &'export Report<'export>,
}

/// Exports what is at the path, of which `top` is the state.
pub(super) fn run<E: Engine>(
    view: &View<E>,
    dest: &Dest,
    top: &PathState,
    progress: Progress,
    report: &Report<'_>,
) -> Result<ExportSummary, ExportError> {
    let mut feed = Feed {
        view,
        dest,
        directories: Directories::default(),
        batch: Vec::new(),
        batch_bytes: 0,
        marks: HashMap::new(),
        links: Vec::new(),
        summary: ExportSummary::default(),
        progress,
        report,
    };
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let (send, batches) = sync_channel(BATCHES_WAITING);
        let (tell, told) = channel();
        let batches = Arc::new(Mutex::new(batches));
        for _ in 0..workers::count(usize::MAX) {
            let (batches, tell) = (Arc::clone(&batches), tell.clone());
            let is_stopped = &is_stopped;
            scope.spawn(move || {
                match write(FileWriter::new(dest, view), &batches, is_stopped, &tell) {
                    // That it was stopped says nothing: whoever stopped it says why.
                    Ok(()) | Err(ExportError::Stopped) => {}
                    Err(error) => {
                        let _ = tell.send(Err(error));
                        is_stopped.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
        // Only the threads hold them now: when the threads are gone, sending and hearing ends.
        drop((batches, tell));
        let fed = feed.feed(top, &send, &told);
        if fed.is_err() {
            is_stopped.store(true, Ordering::Relaxed);
        }
        drop(send);
        let heard = told.iter().try_for_each(|report| feed.hear(report));
        if heard.is_err() {
            is_stopped.store(true, Ordering::Relaxed);
        }
        // A thread's error comes first: it may be why feeding stopped.
        heard.and(fed)
    })?;
    feed.finish()
}

impl<E: Engine> Feed<'_, E> {
    /// Walks the view, makes its directories and sends the rest to the threads.
    fn feed(
        &mut self,
        top: &PathState,
        send: &SyncSender<Vec<Job>>,
        told: &Receiver<Told>,
    ) -> Result<(), ExportError> {
        let from = self.dest.from.clone();
        if top.kind() != Some(Kind::Directory) {
            self.add(from, top);
            return self.send(send, told).map(drop);
        }
        self.directories.top(&from, attributes(top));
        let mut walk = Walk::new(self.view, from);
        while let Some(named) = walk.next()? {
            if named.state.kind() == Some(Kind::Directory) {
                self.directories.make(self.dest, &named.path, attributes(&named.state))?;
            } else {
                self.add(named.path, &named.state);
            }
            let is_full = BATCH_BYTES <= self.batch_bytes || BATCH_FILES <= self.batch.len();
            if is_full && !self.send(send, told)? {
                return Ok(());
            }
        }
        self.send(send, told).map(drop)
    }

    fn add(&mut self, path: Path, state: &PathState) {
        let Some(version) = state.shown().cloned() else { return };
        let entry = &version.entry;
        if let Some(mark) = entry.link {
            match self.marks.get(&mark) {
                // Whoever writes may give any two paths one mark. Only equal ones become one file.
                Some((first, other)) => {
                    let mtimes = (entry.attributes.mtime, other.attributes.mtime);
                    if entry.same_but_for_times(other) && mtimes.0 == mtimes.1 {
                        self.links.push((first.clone(), Job { path, version }));
                        return;
                    }
                }
                None => drop(self.marks.insert(mark, (path.clone(), entry.clone()))),
            }
        }
        self.batch_bytes += entry.size();
        self.batch.push(Job { path, version });
    }

    /// Sends the batch, and hears what was done meanwhile. Says whether anybody listens.
    fn send(
        &mut self,
        send: &SyncSender<Vec<Job>>,
        told: &Receiver<Told>,
    ) -> Result<bool, ExportError> {
        self.batch_bytes = 0;
        let is_heard = send.send(std::mem::take(&mut self.batch)).is_ok();
        told.try_iter().try_for_each(|report| self.hear(report))?;
        Ok(is_heard)
    }

    fn hear(&mut self, report: Told) -> Result<(), ExportError> {
        let done = report?;
        self.summary.files += done.files;
        self.summary.bytes += done.bytes;
        self.summary.others += done.others;
        self.summary.warnings.extend(done.warnings);
        self.progress.files_done += done.files;
        self.progress.bytes_done += done.bytes;
        self.tell()
    }

    /// Says how far it is, and hears whether it goes on.
    fn tell(&self) -> Result<(), ExportError> {
        if (self.report)(self.progress).is_break() { Err(ExportError::Stopped) } else { Ok(()) }
    }

    /// What comes when all files are there.
    fn finish(mut self) -> Result<ExportSummary, ExportError> {
        let mut writer = FileWriter::new(self.dest, self.view);
        for (first, job) in std::mem::take(&mut self.links) {
            self.tell()?;
            let mut written = 0;
            writer.link(&first, &job, &mut |bytes| {
                written += bytes;
                ControlFlow::Continue(())
            })?;
            let is_file = job.version.entry.kind() == Some(Kind::File);
            self.summary.bytes += written;
            self.summary.files += u64::from(is_file);
            self.summary.others += u64::from(!is_file);
            if is_file {
                self.progress.files_done += 1;
                self.progress.bytes_done += job.version.entry.size();
            }
        }
        self.summary.warnings.extend(std::mem::take(&mut writer.warnings));
        let made = self.directories.finish(self.dest, &mut self.summary.warnings)?;
        self.summary.directories = made;
        // All is there: whoever wants to end it now comes too late.
        let _ = (self.report)(self.progress);
        Ok(self.summary)
    }
}

fn attributes(state: &PathState) -> Option<Attributes> {
    state.shown().map(|shown| shown.entry.attributes.clone())
}

/// What one thread does.
fn write<E: Engine>(
    mut writer: FileWriter<'_, E>,
    batches: &Mutex<Receiver<Vec<Job>>>,
    is_stopped: &AtomicBool,
    tell: &Sender<Told>,
) -> Result<(), ExportError> {
    loop {
        let next = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = next else { return Ok(()) };
        let mut done = Done::default();
        for job in &batch {
            if is_stopped.load(Ordering::Relaxed) {
                return Ok(());
            }
            writer.make(job, &mut |bytes| {
                done.bytes += bytes;
                if REPORT_BYTES <= done.bytes {
                    let bytes = std::mem::take(&mut done.bytes);
                    let _ = tell.send(Ok(Done { bytes, ..Done::default() }));
                }
                if is_stopped.load(Ordering::Relaxed) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })?;
            match job.version.entry.kind() {
                Some(Kind::File) => done.files += 1,
                _ => done.others += 1,
            }
        }
        done.warnings = std::mem::take(&mut writer.warnings);
        // If nobody hears it, there was an error that counts more.
        let _ = tell.send(Ok(done));
    }
}
