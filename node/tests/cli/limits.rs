//! Input that is bad, and machines that are: what is said, and that nothing is lost by it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, OFlags, mkdirat, openat};

use super::ply::{Ply, Ran, at, finish, json, noise, until, words};

/// A drive with a small file in its entry, and one in a frame.
fn with_files(ply: &Ply) {
    ply.ok("drive create d");
    ply.feed(b"small", &words("put d:/small --commit")).ok();
    ply.feed(&noise(40_000), &words("put d:/large --commit")).ok();
}

fn is_well(ply: &Ply) {
    assert_eq!(ply.ok("cat d:/small"), "small");
    assert!(ply.run(&words("cat d:/large")).output == noise(40_000));
    ply.ok("verify d");
}

/// It failed with this code, and said why: the words are in the message.
#[track_caller]
fn said(ran: &Ran, code: i32, said: &[&str]) {
    assert_eq!(ran.code, code, "{ran:?}");
    assert!(ran.errors.starts_with("ply: "), "{ran:?}");
    for word in said {
        assert!(ran.errors.contains(word), "'{word}' is not in: {}", ran.errors);
    }
}

fn pack(home: &Path) -> PathBuf {
    home.join("store/packs/00000001.pack")
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let ply = Ply::new();
    with_files(&ply);
    let format = ply.home().join("store/FORMAT");
    let known = fs::read(&format).expect("read");
    fs::write(&format, "99\n").expect("written");
    for line in ["ls d", "verify", "put d:/new", "up --no-mdns --no-dht"] {
        said(&ply.run(&words(line)), 1, &["format 99", "newer ply"]);
    }
    fs::write(&format, known).expect("written");
    is_well(&ply);
}

#[test]
fn a_name_of_256_bytes_is_refused_and_one_of_255_is_not() {
    let ply = Ply::new();
    with_files(&ply);
    let name = "n".repeat(256);
    for line in ["put d:/", "mkdir d:/", "mv d:/small d:/", "ls d:/"] {
        said(&ply.run(&words(&format!("{line}{name}"))), 2, &["255"]);
    }
    ply.feed(b"fits", &words(&format!("put d:/{}", &name[1..]))).ok();
    assert_eq!(ply.ok(&format!("cat d:/{}", &name[1..])), "fits");
    is_well(&ply);
}

/// Makes folders in folders, so deep that no path names the last.
fn make_deep(folder: &Path, depth: usize) {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY;
    let mode = Mode::RWXU;
    mkdirat(CWD, folder, mode).expect("made");
    let mut now = openat(CWD, folder, flags, Mode::empty()).expect("opened");
    for _ in 0..depth {
        mkdirat(&now, "d", mode).expect("made");
        now = openat(&now, "d", flags, Mode::empty()).expect("opened");
    }
    let flags = OFlags::CREATE | OFlags::WRONLY;
    let file = openat(&now, "file", flags, Mode::RUSR | Mode::WUSR).expect("made");
    fs::File::from(file).write_all(b"deep").expect("written");
}

/// Removes folders in folders; whoever recurses over so many might not come back.
fn remove_deep(folder: &Path) {
    let removed = Command::new("rm").arg("-rf").arg(folder).status();
    assert!(removed.expect("rm runs").success());
}

#[test]
fn folders_10_000_deep_are_refused_by_name_and_nothing_of_them_is_taken() {
    let ply = Ply::new();
    with_files(&ply);
    let source = ply.place("source");
    make_deep(&source, 10_000);
    let ran = ply.run(&words("import d:/deep source --commit"));
    said(&ran, 2, &["d/d/d", "4095"]);
    ply.fails(3, "ls d:/deep");
    let path = "/x".repeat(10_000);
    said(&ply.run(&words(&format!("mkdir d:{path}"))), 2, &["4095"]);
    is_well(&ply);
    remove_deep(&source);
}

#[test]
fn folders_as_deep_as_paths_may_be_are_taken_and_given_back() {
    let ply = Ply::new();
    ply.ok("drive create d");
    let source = ply.place("source");
    make_deep(&source, 1500);
    ply.ok("import d source --commit");
    ply.ok("verify d");
    let path = format!("cat d:{}/file", "/d".repeat(1500));
    assert_eq!(ply.ok(&path), "deep");
    ply.ok("export d out");
    remove_deep(&source);
    remove_deep(&ply.place("out"));
}

#[test]
fn a_truncated_file_of_the_home_is_named_and_nothing_is_made_up_for_it() {
    let ply = Ply::new();
    with_files(&ply);
    let rows = ply.home().join("store/rows");
    let find = |part: &str| {
        let entries = fs::read_dir(&rows).expect("listed").map(|entry| entry.expect("read").path());
        entries.into_iter().find(|path| path.to_string_lossy().contains(part)).expect(part)
    };
    let home = ply.home();
    // What the database calls its manifest changes each time it is opened.
    let victims: [(&dyn Fn() -> PathBuf, &str); 4] = [
        (&|| home.join("node.secret"), "node.secret"),
        (&|| home.join("store/FORMAT"), "FORMAT"),
        (&|| rows.join("CURRENT"), "rows"),
        (&|| find("MANIFEST"), "rows"),
    ];
    for (find, name) in victims {
        let path = find();
        let whole = fs::read(&path).expect("read");
        for part in [0, whole.len() / 2] {
            if name == "FORMAT" && part != 0 {
                continue;
            }
            fs::write(&path, &whole[..part]).expect("cut");
            let ran = ply.run(&words("cat d:/small"));
            let is_named = matches!(ran.code, 1 | 5) && ran.errors.starts_with("ply: ");
            assert!(is_named && ran.errors.contains(name), "{name} of {part} bytes: {ran:?}");
            fs::write(&path, &whole).expect("put back");
        }
        is_well(&ply);
    }
}

#[test]
fn a_pack_that_lost_its_end_is_reported_block_by_block() {
    let ply = Ply::new();
    with_files(&ply);
    let path = pack(&ply.home());
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
    let verified = ply.run(&words("verify d"));
    assert_eq!(verified.code, 5, "{verified:?}");
    let out = String::from_utf8_lossy(&verified.output).into_owned() + &verified.errors;
    assert!(out.contains("block ") && out.contains("of log "), "{out}");
    fs::write(&path, &whole).expect("put back");
    is_well(&ply);
}

fn flip(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).expect("opened");
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).expect("read");
    file.write_all_at(&[byte[0] ^ 0x10], offset).expect("written");
}

/// Where the bytes of the large file's frame lie: the longest record of the pack.
fn middle_of_the_longest_record(pack: &Path) -> u64 {
    let bytes = fs::read(pack).expect("read");
    let (mut at, mut longest) = (16, (0, 0));
    while at + 20 <= bytes.len() {
        let length: [u8; 4] = bytes[at + 4..at + 8].try_into().expect("four");
        let length = u32::from_le_bytes(length) as usize;
        longest = longest.max((length, at + 20 + length / 2));
        at += 20 + length;
    }
    longest.1 as u64
}

#[test]
fn law_1_a_flipped_byte_of_a_pack_is_found_by_verify_and_fetched_from_a_peer() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    with_files(&ours);
    let server = ours.up();
    let ticket = ours.ok("share d");
    theirs.ok(&format!("join {ticket}"));
    let node = theirs.up();
    let listening = server.lines.iter().find_map(|line| line.strip_prefix("listening "));
    let address = listening.expect("an address");
    theirs.ok(&format!("peer connect {address}"));
    theirs.ok("sync d --full --timeout 30s");
    drop(node);
    is_well(&theirs);

    let path = pack(&theirs.home());
    flip(&path, middle_of_the_longest_record(&path));
    let verified = theirs.run(&words("verify d"));
    assert_eq!(verified.code, 5, "{verified:?}");
    let out = String::from_utf8_lossy(&verified.output).into_owned();
    for word in ["d:", "block ", "of log ", "/large"] {
        assert!(out.contains(word), "'{word}' is not in: {out}");
    }
    let alone = theirs.run(&words("cat d:/large"));
    said(&alone, 5, &["'d'", "block ", "of log ", "large", "ply verify"]);
    assert!(alone.output.is_empty() && theirs.ok("cat d:/small") == "small");

    let _node = theirs.up();
    theirs.ok(&format!("peer connect {address}"));
    theirs.ok("sync d --timeout 30s");
    assert!(theirs.run(&words("cat d:/large")).output == noise(40_000), "fetched again");
    theirs.ok("verify d");
}

/// A small file system that goes when this does.
struct Mount(PathBuf);

impl Mount {
    fn new(folder: &Path, mebibytes: u32) -> Option<Self> {
        fs::create_dir(folder).expect("made");
        let options = format!("size={mebibytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "ply-cli-test"]).arg(folder);
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(Self(folder.to_owned()));
        }
        println!("skipped: cannot mount a tmpfs here, so a full disk was not tried");
        None
    }

    fn grow(&self, mebibytes: u32) {
        let options = format!("remount,size={mebibytes}m");
        let grown = Command::new("mount").args(["-o", &options]).arg(&self.0).status();
        assert!(grown.expect("mount runs").success());
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_an_import_loses_nothing() {
    let ply = Ply::new();
    let Some(mount) = Mount::new(&ply.place("small disk"), 90) else { return };
    let home = mount.0.join("home");
    let run = |line: &str, input: &[u8]| finish(at(&home, &ply.place(""), &words(line)), input);
    run("drive create d", b"").ok();
    run("put d:/before --commit", b"kept").ok();
    run("put d:/drafted", b"drafted").ok();
    let source = ply.place("source");
    fs::create_dir(&source).expect("made");
    for number in 0..70_u8 {
        let bytes: Vec<u8> = noise(1 << 20).iter().map(|byte| byte ^ number).collect();
        fs::write(source.join(format!("f{number:02}")), bytes).expect("written");
    }
    let full = run("import d:/in source --commit", b"");
    said(&full, 1, &["no space left", "small disk", "free some space"]);
    assert_eq!(run("ls d:/in", b"").code, 3, "all or nothing");
    assert_eq!(run("cat d:/before", b"").ok(), "kept");
    assert_eq!(run("cat d:/drafted", b"").ok(), "drafted");
    run("verify", b"").ok();
    mount.grow(400);
    run("import d:/in source --commit", b"").ok();
    assert_eq!(json(&run("ls d:/in --json", b"").ok()).len(), 70);
    run("verify", b"").ok();
}

#[test]
fn a_home_on_a_disk_without_any_room_is_read() {
    let ply = Ply::new();
    let Some(mount) = Mount::new(&ply.place("small disk"), 90) else { return };
    let home = mount.0.join("home");
    let run = |line: &str, input: &[u8]| finish(at(&home, &ply.place(""), &words(line)), input);
    run("drive create d", b"").ok();
    run("put d:/large --commit", &noise(100_000)).ok();
    run("put d:/drafted", b"drafted").ok();
    let mut ballast = fs::File::create(mount.0.join("ballast")).expect("a file");
    while ballast.write_all(&[1; 4096]).is_ok() {}
    for _ in 0..2 {
        assert!(run("cat d:/large", b"").output == noise(100_000));
        assert_eq!(run("cat d:/drafted", b"").ok(), "drafted");
        assert_eq!(run("ls d", b"").ok(), "drafted\nlarge");
        run("export d out --replace", b"").ok();
        for line in ["put d:/more", "commit d", "rm d:/large", "drive create e", "up"] {
            said(&run(line, b""), 1, &["no space left", "small disk", "free some space"]);
        }
    }
    ballast.set_len(0).expect("smaller");
    run("put d:/more --commit", b"more").ok();
    assert_eq!(run("ls d", b"").ok(), "drafted\nlarge\nmore");
    run("verify", b"").ok();
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_sync_is_said_and_the_rest_comes_later() {
    let (ours, theirs) = (Ply::new(), Ply::new());
    ours.ok("drive create d");
    ours.feed(&noise(100 << 20), &words("put d:/large --commit")).ok();
    let Some(mount) = Mount::new(&theirs.home(), 90) else { return };
    let ticket = ours.ok("share d");
    let node = ours.up();
    theirs.ok(&format!("join {ticket}"));
    let _their_node = theirs.up();
    theirs.ok(&format!("peer connect {}", node.address()));
    let full = theirs.run(&words("sync d --full --timeout 60s"));
    said(&full, 1, &["no space left", "free some space"]);
    assert_eq!(theirs.ok("ls d"), "large");
    let full = theirs.run(&words("get d:/large copy"));
    said(&full, 1, &["no space left", "free some space"]);
    mount.grow(400);
    theirs.ok("sync d --full --timeout 60s");
    assert!(theirs.run(&words("cat d:/large")).output == noise(100 << 20));
    theirs.ok("verify d");
}

#[test]
fn commands_beyond_what_a_node_serves_at_once_are_refused_and_it_can_still_be_stopped() {
    let ply = Ply::new();
    ply.ok("drive create d");
    let node = ply.up();
    let mut waiting: Vec<_> = (0..80)
        .map(|number| {
            // Each reads what never comes, so a place that is taken stays taken.
            let mut put = ply.command(&words(&format!("put d:/f{number} -")));
            put.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().expect("ply starts")
        })
        .collect();
    // Once 16 are refused the other 64 are served: none is still on its way to a node that goes.
    until("16 of 80 commands are refused", || {
        let over = waiting.iter_mut().map(|put| put.try_wait().expect("a child").is_some());
        16 <= over.filter(|&is_over| is_over).count()
    });
    let ran = ply.run(&words("ls d"));
    said(&ran, 1, &["64"]);
    ply.ok("down");
    node.wait();
    for put in &mut waiting {
        assert!(!put.wait().expect("it ends").success());
    }
    assert_eq!(ply.ok("ls d"), "");
}

#[test]
fn a_target_that_no_link_has_is_refused() {
    let ply = Ply::new();
    ply.ok("drive create d");
    let (long, longest) = ("x".repeat(4096), "x".repeat(4095));
    for target in ["", &long] {
        let ran = ply.run(&["ln", "-s", target, "d:/link"]);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    assert_eq!(ply.ok("ls d"), "");
    ply.run(&["ln", "-s", &longest, "d:/link"]).ok();
    ply.ok("export d out");
    let link = fs::read_link(ply.place("out/link")).expect("a link");
    assert_eq!(link, Path::new(&longest));
}
