//! Changed paths, names and hexadecimal keys.

use ply_fuzz::{Form, RoundTrip, Target};
use ply_types::{LogKey, NAME_BYTES_MAX, Name, PATH_BYTES_MAX, Path};

#[test]
fn fuzz_paths() {
    Target::new("path", Form::Text, RoundTrip::Settled)
        .seed("root", "/")
        .seed("deep", "/a/b/c/d/e/f/g")
        .seed("bytes", b"/docs/B\xfccher/\xff".as_slice())
        .run(|bytes| {
            let path = Path::parse(bytes).ok()?;
            assert!(path.as_bytes().len() <= PATH_BYTES_MAX);
            let names = path.as_bytes().split(|&byte| byte == b'/').filter(|name| !name.is_empty());
            assert!(names.into_iter().all(|name| Name::parse(name).is_ok()));
            Some(path.as_bytes().to_vec())
        });
}

#[test]
fn fuzz_names() {
    Target::new("name", Form::Text, RoundTrip::Exact)
        .seed("short", "a.txt")
        .seed("longest", vec![b'n'; NAME_BYTES_MAX])
        .run(|bytes| Name::parse(bytes).ok().map(|name| name.as_bytes().to_vec()));
}

#[test]
fn fuzz_keys_in_hexadecimal() {
    Target::new("hex-key", Form::Text, RoundTrip::Settled)
        .seed("key", LogKey([0xA5; 32]).to_string())
        .run(|bytes| {
            let text = std::str::from_utf8(bytes).ok()?;
            LogKey::parse(text).ok().map(|key| key.to_string().into_bytes())
        });
}
