//! A home and the commands that are run on it. Only this file touches processes.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A home that goes when it is dropped.
pub(super) struct Ply {
    folder: TempDir,
}

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) output: Vec<u8>,
    pub(super) errors: String,
}

/// A node that runs until it is dropped.
pub(super) struct Daemon {
    child: Child,
    pub(super) lines: Vec<String>,
}

impl Ply {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A place beside the home.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        at(&self.home(), self.folder.path(), arguments)
    }

    /// Runs a command with an input.
    pub(super) fn feed(&self, input: &[u8], arguments: &[impl AsRef<OsStr>]) -> Ran {
        finish(self.command(arguments), input)
    }

    /// Runs a command.
    pub(super) fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Ran {
        self.feed(b"", arguments)
    }

    /// Starts a command with the beginning of an input whose end does not come, and gives it back once
    /// it has read that: it is where it waits for the rest.
    pub(super) fn endless(&self, line: &str) -> (Child, ChildStdin) {
        let mut command = self.command(&words(line));
        let mut child =
            command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ply starts");
        // Not left with the child: who waits for a child closes its input first.
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(b"a beginning").expect("written");
        until("the beginning is read", || {
            rustix::io::ioctl_fionread(&input).expect("a pipe says what is in it") == 0
        });
        (child, input)
    }

    /// Runs a line of words; it must succeed. Gives what it printed, without the last newline.
    #[track_caller]
    pub(super) fn ok(&self, line: &str) -> String {
        self.run(&words(line)).ok()
    }

    /// Runs a line of words; it must end with this code. Gives the errors.
    #[track_caller]
    pub(super) fn fails(&self, code: i32, line: &str) -> String {
        let ran = self.run(&words(line));
        assert_eq!(ran.code, code, "{line}: {ran:?}");
        assert!(ran.errors.starts_with("ply: "), "{line}: {}", ran.errors);
        ran.errors
    }

    /// Starts the node and waits until it is ready.
    pub(super) fn up(&self) -> Daemon {
        self.up_with("--listen /ip4/127.0.0.1/tcp/0", Stdio::inherit())
    }

    /// As [`Ply::up`], with other options, and with its errors elsewhere.
    pub(super) fn up_with(&self, options: &str, errors: Stdio) -> Daemon {
        let mut arguments = words("up --no-mdns --no-dht");
        arguments.extend(options.split_whitespace());
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("ply starts");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut daemon = Daemon { child, lines: Vec::new() };
        for line in output.lines() {
            daemon.lines.push(line.expect("text"));
            if daemon.lines.last().is_some_and(|line| line == "ready") {
                return daemon;
            }
        }
        panic!("the node did not become ready: {:?}", daemon.lines);
    }
}

/// A command on a home.
pub(super) fn at(home: &Path, folder: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ply"));
    command.args(arguments).current_dir(folder);
    command.env("PLY_HOME", home).env_remove("PLY_LOG").env_remove("XDG_DATA_HOME");
    command
}

/// Feeds a command and waits for it.
pub(super) fn finish(mut command: Command, input: &[u8]) -> Ran {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("ply starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let feeding = std::thread::spawn(move || {
        // A command that ends early reads no more.
        drop(pipe.write_all(&input));
    });
    let Output { status, stdout, stderr } = child.wait_with_output().expect("ply ends");
    feeding.join().expect("fed");
    let errors = String::from_utf8_lossy(&stderr).into_owned();
    Ran { code: status.code().unwrap_or(-1), output: stdout, errors }
}

/// Sends a signal. The shell has a `kill` of its own; as a program it is not on every machine.
#[track_caller]
pub(super) fn signal(name: &str, process: u32) {
    let killed = Command::new("sh").arg("-c").arg(format!("kill -{name} {process}")).status();
    assert!(killed.expect("a shell").success(), "{name} to {process}");
}

/// Waits until something is so.
#[track_caller]
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(super) fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

impl Ran {
    #[track_caller]
    pub(super) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        let text = String::from_utf8(self.output).expect("text");
        text.strip_suffix('\n').unwrap_or(&text).to_owned()
    }
}

impl Daemon {
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first address that it listens on.
    pub(super) fn address(&self) -> &str {
        self.lines[0].strip_prefix("listening ").expect("an address")
    }

    /// Waits for the node to end; gives its exit code.
    pub(super) fn wait(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Lines of JSON.
pub(super) fn json(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect()
}

/// Bytes that do not compress and do not repeat.
pub(super) fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(&mut step).take(count).collect()
}
