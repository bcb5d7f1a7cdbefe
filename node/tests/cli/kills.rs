//! `kill -9` at any instant of an import, a commit and a fetch: what was acknowledged is there, what was
//! not has left nothing behind.
//!
//! `PLY_KILLS=240` kills more often than a usual run; `scripts/kill` does.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::ply::{Daemon, Ply, json, noise, words};

/// Kills of a usual run.
const KILLS: usize = 12;
/// Files of an import.
const FILES: usize = 120;

/// What is under way when the kill comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Import,
    Commit,
    Fetch,
}

/// How it went.
#[derive(Debug, Default)]
struct Tally {
    /// Killed before it was acknowledged, and after.
    before: usize,
    after: usize,
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end.max(1)
    }
}

/// How long each phase took when it was let be, so that kills fall into it.
struct Instants {
    dice: Dice,
    spans: BTreeMap<Phase, Duration>,
}

impl Instants {
    fn of(&mut self, phase: Phase) -> Duration {
        let span = self.spans.get(&phase).copied().unwrap_or(Duration::from_millis(400));
        let micros = u64::try_from(span.as_micros()).expect("seconds");
        Duration::from_micros(self.dice.below(micros * 9 / 10))
    }

    /// What ended before its kill took less time than was thought.
    fn ended(&mut self, phase: Phase, took: Duration) {
        self.spans.insert(phase, took);
    }
}

/// Content of a file of a round: some small, some of several chunks, none twice.
fn content(round: usize, number: usize) -> Vec<u8> {
    let bytes = if number.is_multiple_of(10) { 150_000 } else { 100 + 31 * number };
    let mut content = format!("{round} {number} ").into_bytes();
    let mark = (round * 7 + number).to_le_bytes()[0];
    content.extend(noise(bytes).iter().map(|byte| byte ^ mark));
    content
}

fn name(number: usize) -> String {
    format!("d{}/f{number:03}", number % 7)
}

fn make_source(ply: &Ply, round: usize) {
    let source = ply.place(&format!("source{round}"));
    for number in 0..FILES {
        let path = source.join(name(number));
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, content(round, number)).expect("written");
    }
}

/// Runs a command until it ends or its time is up; whether it said that it was done.
fn killed(ply: &Ply, line: &str, phase: Phase, instants: &mut Instants) -> bool {
    let delay = instants.of(phase);
    let started = Instant::now();
    let mut command = ply.command(&words(line));
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("ply starts");
    let ended = wait(&mut child, delay);
    child.kill().expect("killed");
    let status = child.wait().expect("ended");
    if ended {
        assert!(status.success(), "{line}: {status}");
        instants.ended(phase, started.elapsed());
    }
    ended
}

/// Waits so long, or until the child ends; whether it did.
fn wait(child: &mut Child, delay: Duration) -> bool {
    let started = Instant::now();
    while started.elapsed() < delay {
        if child.try_wait().expect("asked").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    child.try_wait().expect("asked").is_some()
}

/// Every file of an import is there, and some of them read as they should.
fn is_whole(ply: &Ply, imported: usize) {
    let listed = ply.ok(&format!("ls -R d:/run{imported} --json"));
    let files = json(&listed).into_iter().filter(|entry| entry["kind"] == "file").count();
    assert_eq!(files, FILES, "round {imported} is not whole");
    for number in [0, 7, FILES - 1] {
        let path = format!("cat d:/run{imported}/{}", name(number));
        let read = ply.run(&words(&path));
        assert!(read.output == content(imported, number), "{path}: {}", read.errors);
    }
}

/// The world of the test: one node that writes, and one that fetches from it.
struct World {
    ours: Ply,
    theirs: Ply,
    /// Rounds whose import was acknowledged, or found whole.
    imported: Vec<usize>,
    /// Commits that were acknowledged, or found whole.
    commits: usize,
    instants: Instants,
}

impl World {
    fn new() -> Self {
        let (ours, theirs) = (Ply::new(), Ply::new());
        ours.ok("drive create d");
        let dice = Dice(0x9e37_79b9_7f4a_7c15);
        let instants = Instants { dice, spans: BTreeMap::new() };
        Self { ours, theirs, imported: Vec::new(), commits: 0, instants }
    }

    /// What a kill left is whole, and is not more than was asked for.
    fn check(&self, round: usize) {
        let verified = self.ours.run(&words("verify d"));
        assert_eq!(verified.code, 0, "round {round}: {verified:?}");
        for &imported in &self.imported {
            is_whole(&self.ours, imported);
        }
    }

    fn import(&mut self, round: usize) -> bool {
        let line = format!("import d:/run{round} source{round}");
        let done = killed(&self.ours, &line, Phase::Import, &mut self.instants);
        let seen = self.ours.run(&words(&format!("ls d:/run{round}")));
        assert!(seen.code == 0 || (seen.code == 3 && !done), "{seen:?}");
        if seen.code == 0 {
            self.imported.push(round);
        } else {
            // It resumes: the same command again, let be, does the rest.
            self.ours.ok(&line);
            self.imported.push(round);
        }
        self.check(round);
        done
    }

    fn commits_now(&self) -> usize {
        json(&self.ours.ok("log d --json")).len()
    }

    fn commit(&mut self, round: usize) -> bool {
        let done = killed(&self.ours, "commit d -m killed", Phase::Commit, &mut self.instants);
        let now = self.commits_now();
        assert!(now == self.commits + 1 || (now == self.commits && !done), "{now} commits");
        self.check(round);
        if now == self.commits {
            self.ours.ok("commit d -m again");
        }
        self.commits = self.commits_now();
        done
    }

    /// Kills the node that fetches, in the middle of it, then lets it finish.
    fn fetch(&mut self, round: usize) -> bool {
        let server = self.ours.up();
        if round == 0 {
            let ticket = self.ours.ok("share d");
            self.theirs.ok(&format!("join {ticket}"));
        }
        let delay = self.instants.of(Phase::Fetch);
        let node = self.theirs.up();
        connect(&self.theirs, &server);
        let started = Instant::now();
        let mut command = self.theirs.command(&words("sync d --full --timeout 60s"));
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut sync = command.spawn().expect("ply starts");
        let ended = wait(&mut sync, delay);
        if ended {
            self.instants.ended(Phase::Fetch, started.elapsed());
        }
        // The drop of a node is a kill: it is asked nothing.
        drop(node);
        let status = sync.wait().expect("the command ends with its node");
        assert!(!ended || status.success());
        let verified = self.theirs.run(&words("verify d"));
        assert_eq!(verified.code, 0, "round {round}, the one that fetched: {verified:?}");
        let node = self.theirs.up();
        connect(&self.theirs, &server);
        self.theirs.ok("sync d --full --timeout 60s");
        drop(node);
        drop(server);
        // With nobody in reach: all that was committed is here.
        is_whole(&self.theirs, round);
        ended
    }
}

fn connect(ply: &Ply, server: &Daemon) {
    let listening = server.lines.iter().find_map(|line| line.strip_prefix("listening "));
    ply.ok(&format!("peer connect {}", listening.expect("an address")));
}

#[test]
fn law_5_kill_9_at_any_instant_loses_nothing_that_was_acknowledged() {
    let kills = std::env::var("PLY_KILLS").ok().and_then(|it| it.parse().ok()).unwrap_or(KILLS);
    let mut world = World::new();
    let mut tallies = BTreeMap::<Phase, Tally>::new();
    let mut count = 0;
    for round in 0.. {
        make_source(&world.ours, round);
        for phase in [Phase::Import, Phase::Commit, Phase::Fetch] {
            let is_after = match phase {
                Phase::Import => world.import(round),
                Phase::Commit => world.commit(round),
                Phase::Fetch => world.fetch(round),
            };
            let tally = tallies.entry(phase).or_default();
            *if is_after { &mut tally.after } else { &mut tally.before } += 1;
            count += 1;
            println!("kill {count}: {phase:?}, acknowledged before it: {is_after}");
        }
        if kills <= count {
            break;
        }
    }
    let (before, after) =
        tallies.values().fold((0, 0), |sums, tally| (sums.0 + tally.before, sums.1 + tally.after));
    println!("{count} kills: {before} before the acknowledgement, {after} after; {tallies:?}");
    // Few kills may fall badly; of many, most must hit work under way.
    assert!(count < 100 || 4 * after <= before, "{after} of {count} came too late");
}
