//! Changed greetings: what is heard is what was said, and not a byte after it is taken.

use ply_fuzz::{Form, RoundTrip, Target};
use tokio::runtime::Builder;

use super::{Greeting, hear};

#[test]
fn fuzz_greetings_of_pipes() {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let greeting = Greeting { nonce: *b"sixteen of those" }.to_bytes();
    Target::new("pipe-greeting", Form::Bytes, RoundTrip::Exact)
        .seed("alone", greeting)
        .seed("followed", [&greeting[..], b"a handshake"].concat())
        .run(|bytes| {
            let mut pipe = bytes;
            let heard = runtime.block_on(hear(&mut pipe)).ok()?;
            Some([&heard.to_bytes()[..], pipe].concat())
        });
}
