//! Compiles the schemas with a compiler written in Rust, so that no `protoc` is needed.

use std::error::Error;

const SCHEMAS: [&str; 5] = [
    "plywood/entry.proto",
    "plywood/commit.proto",
    "plywood/member.proto",
    "plywood/sync.proto",
    "plywood/local.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=plywood");
    let descriptors = protox::compile(SCHEMAS, ["."])?;
    prost_build::Config::new().bytes([".plywood.Blocks.blocks"]).compile_fds(descriptors)?;
    Ok(())
}
