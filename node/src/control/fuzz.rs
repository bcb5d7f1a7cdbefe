//! Changed bytes on the control socket, and changed arguments.

use bytes::BytesMut;
use ply_fuzz::{Form, RoundTrip, Target};
use tokio_util::codec::{Decoder, Encoder};

use super::frame::{BODY_BYTES_MAX, Frame, Frames, Kind};
use super::request::{Caller, Request};
use crate::progress::{Report, Unit};

fn stream(frames: impl IntoIterator<Item = Frame>) -> Vec<u8> {
    let mut stream = BytesMut::new();
    for frame in frames {
        Frames.encode(frame, &mut stream).expect("short enough");
    }
    stream.to_vec()
}

#[test]
fn fuzz_frames_of_the_socket() {
    let some = [Frame::fill(Kind::Request, b"1\0/"), Frame::bare(Kind::Start)];
    let other = [Frame::fill(Kind::Output, &[7; 2000]), Frame::fill(Kind::Exit, &[0])];
    Target::new("control-frames", Form::Bytes, RoundTrip::Exact)
        .seed("request", stream(some))
        .seed("answer", stream(other))
        .memory(4 * BODY_BYTES_MAX as u64, 32)
        .run(|bytes| {
            let mut buffer = BytesMut::from(bytes);
            let mut frames = Vec::new();
            while let Some(frame) = Frames.decode(&mut buffer).ok()? {
                assert!(frame.body.len() <= BODY_BYTES_MAX);
                frames.push(frame);
            }
            buffer.is_empty().then(|| stream(frames))
        });
}

#[test]
fn fuzz_requests() {
    let caller = Caller {
        folder: "/home/somebody".into(),
        umask: 0o22,
        uid: 1000,
        gid: 100,
        progress: true,
        colour: false,
        terminal: false,
    };
    let arguments = ["ply", "put", "", "d:/a b"].map(std::ffi::OsString::from).to_vec();
    Target::new("control-request", Form::Text, RoundTrip::Settled)
        .seed("put", Request { caller, arguments }.encode())
        .run(|bytes| Request::decode(bytes).ok().map(|request| request.encode()));
}

#[test]
fn fuzz_reports_of_progress() {
    let label = "a label".to_owned();
    let report = Report { done: 7, total: 1 << 40, unit: Unit::Blocks, label };
    Target::new("control-progress", Form::Bytes, RoundTrip::Settled)
        .seed("some", report.encode().to_vec())
        .run(|bytes| {
            let report = Report::decode(bytes::Bytes::copy_from_slice(bytes))?;
            Some(report.encode().to_vec())
        });
}
