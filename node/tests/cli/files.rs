//! Files in a drive, without a node that runs.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};

use super::ply::{Ply, json, noise, words};

#[test]
fn a_file_goes_in_and_comes_out() {
    let ply = Ply::new();
    let key = ply.ok("drive create docs");
    assert_eq!(key.len(), 64, "{key}");
    assert_eq!(ply.feed(b"hello", &words("put docs:/a/b.txt -")).ok(), "");
    assert_eq!(ply.ok("cat docs:/a/b.txt"), "hello");
    assert_eq!(ply.ok(&format!("cat {}:/a/b.txt --offset 1 --length 3", &key[..8])), "ell");
    assert_eq!(ply.ok("ls docs"), "a");
    assert_eq!(ply.ok("ls -R docs"), "a\na/b.txt");
    let commit = ply.ok("commit docs -m first");
    assert_eq!(commit.len(), 64, "{commit}");
    assert!(ply.ok("log docs").contains("first"));
    assert_eq!(json(&ply.ok("log docs --json"))[0]["commit"], commit);
    assert_eq!(ply.ok("cat docs:/a/b.txt"), "hello");
    assert!(ply.run(&words("commit docs")).errors.contains("nothing to commit"));
    assert_eq!(ply.ok("cat docs:/a/b.txt --offset 99"), "");
}

#[test]
fn json_says_all_that_there_is() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(b"hello", &words("put docs:/a.txt --commit -m one")).ok();
    let rows = json(&ply.ok("ls docs --json"));
    assert_eq!(rows.len(), 1);
    let row = &rows[0];
    for (field, expected) in [("name", "a.txt"), ("path", "/a.txt"), ("kind", "file")] {
        assert_eq!(row[field], expected, "{row}");
    }
    assert_eq!((&row["size"], &row["versions"]), (&5.into(), &1.into()), "{row}");
    assert_eq!(row["conflict"], false);
    assert_eq!(row["writer"].as_str().map(str::len), Some(64));
    assert_eq!(row["hash"].as_str().map(str::len), Some(64));
    assert!(row["mtime"].as_str().expect("a time").ends_with('Z'));
    let all = json(&ply.ok("ls docs --all --json"));
    assert_eq!(all[0]["writer"], row["writer"]);
    assert!(ply.ok("ls docs --all").contains(row["writer"].as_str().expect("a writer")));
    let stat = &json(&ply.ok("stat docs:/a.txt --json"))[0];
    assert_eq!(stat["version_list"][0]["hash"], row["hash"]);
}

#[test]
fn a_file_keeps_its_mode_and_time() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let (file, copy) = (ply.place("tool"), ply.place("copy"));
    std::fs::write(&file, noise(300_000)).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o750)).expect("set");
    ply.ok("put docs:/tool tool");
    ply.ok("get docs:/tool copy");
    assert_eq!(std::fs::read(&copy).expect("a file"), noise(300_000));
    let (before, after) = (file.metadata().expect("there"), copy.metadata().expect("there"));
    assert_eq!(after.permissions().mode() & 0o7777, 0o750);
    assert_eq!(before.modified().expect("a time"), after.modified().expect("a time"));
    std::fs::create_dir(ply.place("into")).expect("made");
    ply.ok("get docs:/tool into");
    assert!(ply.place("into/tool").exists());
    let left = std::fs::read_dir(ply.place("into")).expect("a folder").count();
    assert_eq!(left, 1, "nothing unfinished is left");
}

#[test]
fn the_tree_is_changed_as_unix_does_it() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.ok("mkdir -p docs:/a/b docs:/c");
    ply.feed(b"one", &words("put docs:/a/b/one")).ok();
    ply.ok("ln -s ../one docs:/a/link");
    ply.ok("chmod 600 docs:/a/b/one");
    ply.ok("chmod u+x docs:/a/b/one");
    ply.ok("chown 7:8 docs:/a/b/one");
    let one = &json(&ply.ok("stat --json docs:/a/b/one"))[0];
    assert_eq!((&one["mode"], &one["uid"]), (&"0700".into(), &7.into()), "{one}");
    assert_eq!(json(&ply.ok("stat --json docs:/a/link"))[0]["target"], "../one");
    assert!(ply.ok("ls -l docs:/a").contains("link -> ../one"));
    ply.ok("cp -r docs:/a docs:/c");
    ply.ok("mv docs:/a/b docs:/d");
    ply.ok("commit docs");
    assert_eq!(ply.ok("ls -R docs"), "a\nc\nd\na/link\nc/a\nc/a/b\nc/a/link\nc/a/b/one\nd/one");
    assert_eq!(ply.ok("cat docs:/c/a/b/one"), "one");
    ply.fails(2, "rm docs:/c");
    ply.ok("rm -r docs:/c");
    ply.fails(3, "ls docs:/c");
    ply.fails(4, "mkdir docs:/d");
    ply.fails(2, "cp docs:/d docs:/e");
    ply.ok("discard docs");
    assert_eq!(ply.ok("cat docs:/c/a/b/one"), "one", "the removal was in the draft");
}

#[test]
fn a_folder_goes_in_and_comes_out() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let folder = ply.place("folder");
    std::fs::create_dir_all(folder.join("sub")).expect("made");
    std::fs::write(folder.join("sub/big"), noise(1 << 20)).expect("written");
    std::fs::write(folder.join("skip.o"), "x").expect("written");
    std::os::unix::fs::symlink("sub/big", folder.join("link")).expect("linked");
    let commit = ply.ok("import docs:/in folder --exclude *.o --commit -m folder");
    assert_eq!(commit.len(), 64, "{commit}");
    assert_eq!(ply.ok("ls docs:/in"), "link\nsub");
    let summary = &json(&ply.ok("import docs:/in folder --exclude *.o --json"))[0];
    assert_eq!((&summary["files"], &summary["changed"]), (&1.into(), &0.into()), "{summary}");
    ply.ok("export docs:/in out");
    assert_eq!(std::fs::read(ply.place("out/sub/big")).expect("a file"), noise(1 << 20));
    assert!(ply.place("out/link").is_symlink());
    ply.fails(4, "export docs:/in out");
    ply.ok("export docs:/in out --replace");
    ply.fails(3, "import docs missing-folder");
    ply.fails(3, "export docs:/missing out2");
}

#[test]
fn what_is_only_zeros_takes_no_room() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let holes = std::fs::File::create(ply.place("holes")).expect("a file");
    holes.set_len(64 << 20).expect("longer");
    holes.write_all_at(b"middle", 32 << 20).expect("written");
    ply.ok("put docs:/holes holes");
    ply.ok("get docs:/holes back");
    let back = std::fs::metadata(ply.place("back")).expect("a file");
    assert_eq!(back.len(), 64 << 20);
    assert!(back.blocks() * 512 < 8 << 20, "{} blocks", back.blocks());
    let same = |name: &str| std::fs::read(ply.place(name)).expect("a file");
    assert!(same("back") == same("holes"));
}

#[test]
fn several_sources_make_one_tree() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    for (folder, name) in [("one", "a"), ("two", "b")] {
        std::fs::create_dir(ply.place(folder)).expect("a folder");
        std::fs::write(ply.place(folder).join(name), name).expect("a file");
    }
    let said = ply.fails(2, "import docs one two --delete");
    assert!(said.contains("one source"), "{said}");
    let said = ply.fails(2, "import docs:/new one/a two/b");
    assert!(said.contains("not a directory"), "{said}");
    assert_eq!(ply.ok("ls docs"), "", "nothing came in");
    ply.ok("import docs:/new one two one/a");
    assert_eq!(ply.ok("ls docs:/new"), "a\nb");
    ply.ok("import docs:/new one --delete");
    assert_eq!(ply.ok("ls docs:/new"), "a");
    ply.ok("import docs:/new two/b one/a");
    assert_eq!(ply.ok("ls docs:/new"), "a\nb");
    ply.fails(2, "import docs one --exclude /a");
    assert!(ply.run(&["import", "docs", "one", "--exclude", ""]).code == 2);
}

#[test]
fn what_cannot_be_done_for_one_path_keeps_nothing_from_the_others() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.ok("mkdir docs:/there");
    let said = ply.fails(4, "mkdir docs:/a docs:/there docs:/none/below docs:/b");
    assert!(said.contains("/there") && said.contains("/none:"), "{said}");
    assert_eq!(ply.ok("ls docs"), "a\nb\nthere");
    let said = ply.fails(3, "rm -r docs:/a docs:/no docs:/nowhere docs:/b");
    assert!(said.contains("/no:") && said.contains("/nowhere"), "{said}");
    assert_eq!(ply.ok("ls docs"), "there");
}

#[test]
fn names_need_not_be_text() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    let target = OsString::from_vec(b"docs:/caf\xe9".to_vec());
    ply.feed(b"x", &["put".into(), target.clone()]).ok();
    assert_eq!(ply.run(&["cat".into(), target]).ok(), "x");
    assert_eq!(ply.ok("ls docs"), "caf\\xe9");
    assert_eq!(json(&ply.ok("ls docs --json"))[0]["name_bytes"], "636166e9");
}

#[test]
fn what_is_wrong_is_said_with_its_code() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    assert!(ply.fails(3, "ls nothing").contains("ply drive list"));
    ply.fails(3, "cat docs:/nothing");
    ply.fails(3, "cat docs:/nothing --writer abcd");
    ply.feed(b"x", &words("put docs:/a")).ok();
    assert!(ply.fails(3, "cat docs:/a --writer 0000").contains("no writer"));
    ply.fails(2, "cat docs:/a/../b");
    let long = "n".repeat(256);
    let errors = ply.fails(2, &format!("put docs:/{long}"));
    assert!(errors.contains("256 bytes"), "{errors}");
    ply.ok(&format!("mkdir docs:/{}", "n".repeat(255)));
    ply.fails(2, "cat docs:/");
    ply.fails(2, "nonsense");
    ply.fails(2, "put docs");
    ply.fails(4, "drive create docs");
    ply.fails(2, "drive create a:b");
    ply.fails(2, "resolve docs:/a --keep-both");
    ply.fails(3, "put docs:/b missing-file");
    assert!(ply.fails(1, "watch docs").contains("ply up"));
}

#[test]
fn the_node_is_verified() {
    let ply = Ply::new();
    ply.ok("drive create docs");
    ply.feed(&noise(200_000), &words("put docs:/big --commit")).ok();
    let whole = json(&ply.ok("verify --json"));
    assert_eq!(whole[0]["damaged"], 0);
    let pack = ply.home().join("store/packs/00000001.pack");
    let mut bytes = std::fs::read(&pack).expect("a pack");
    bytes[50_000] ^= 1;
    std::fs::write(&pack, bytes).expect("written");
    let ran = ply.run(&words("verify docs"));
    assert_eq!(ran.code, 5, "{ran:?}");
    let text = String::from_utf8(ran.output).expect("text");
    assert!(text.contains("docs:/big of writer"), "{text}");
    assert_eq!(ply.run(&words("cat docs:/big")).code, 5);
}

#[test]
fn help_completions_and_pages_need_no_node() {
    let ply = Ply::new();
    assert!(ply.ok("--help").contains("Exit codes"));
    assert!(ply.ok("completions bash").contains("_ply"));
    ply.ok("man pages");
    assert!(ply.place("pages/ply-put.1").exists());
    assert!(!ply.home().exists());
}
