//! Compiles the schemas with a compiler written in Rust, so that no `protoc` is needed, and writes down
//! of each message which of its fields take memory.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::{env, fs};

const SCHEMAS: [&str; 5] = [
    "plywood/entry.proto",
    "plywood/commit.proto",
    "plywood/member.proto",
    "plywood/sync.proto",
    "plywood/local.proto",
];

/// Fields that are decoded into `Bytes`, which share what they were cut from.
const SHARED: &str = ".plywood.Blocks.blocks";

/// A string, a vector, and a `Bytes`.
const VEC_BYTES: usize = 24;
const SHARED_BYTES: usize = 32;

/// One field as far as memory is concerned.
struct Field {
    number: i32,
    name: String,
    /// What the schema calls its type.
    kind: &'static str,
    /// The message that it holds.
    message: String,
    is_repeated: bool,
}

/// Messages by name.
type Messages = BTreeMap<String, Vec<Field>>;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=plywood");
    let descriptors = protox::compile(SCHEMAS, ["."])?;
    let mut messages = Messages::new();
    for message in descriptors.file.iter().flat_map(|file| &file.message_type) {
        if !message.nested_type.is_empty() {
            return Err(format!("{} has messages inside", message.name()).into());
        }
        let fields = message.field.iter().map(|field| Field {
            number: field.number(),
            name: field.name().to_owned(),
            kind: field.r#type().as_str_name(),
            message: field.type_name().rsplit('.').next().unwrap_or_default().to_owned(),
            is_repeated: field.label().as_str_name() == "LABEL_REPEATED",
        });
        messages.insert(message.name().to_owned(), fields.collect());
    }
    let shapes = PathBuf::from(env::var("OUT_DIR")?).join("shapes.rs");
    fs::write(shapes, write_shapes(&messages)?)?;
    prost_build::Config::new().bytes([SHARED]).compile_fds(descriptors)?;
    Ok(())
}

/// What one value of a field takes where it lies, at most; what it points to comes on top.
fn inline_bytes(messages: &Messages, owner: &str, field: &Field) -> usize {
    match field.kind {
        "TYPE_BYTES" if format!(".plywood.{owner}.{}", field.name) == SHARED => SHARED_BYTES,
        "TYPE_BYTES" | "TYPE_STRING" => VEC_BYTES,
        // A tag, for it may be absent.
        "TYPE_MESSAGE" => 8 + struct_bytes(messages, &field.message),
        _ => scalar_bytes(field.kind),
    }
}

fn scalar_bytes(kind: &str) -> usize {
    match kind {
        "TYPE_DOUBLE" | "TYPE_INT64" | "TYPE_UINT64" | "TYPE_SINT64" | "TYPE_FIXED64"
        | "TYPE_SFIXED64" => 8,
        _ => 4,
    }
}

/// What a message takes without what it points to.
fn struct_bytes(messages: &Messages, name: &str) -> usize {
    let fields = messages.get(name).into_iter().flatten();
    let bytes =
        fields.map(
            |field| {
                if field.is_repeated { VEC_BYTES } else { inline_bytes(messages, name, field) }
            },
        );
    bytes.sum::<usize>().next_multiple_of(8)
}

fn write_shapes(messages: &Messages) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for (name, fields) in messages {
        let shape = name.to_uppercase();
        writeln!(text, "static {shape}: Shape = Shape(&[")?;
        for field in fields {
            let kind = match field.kind {
                "TYPE_BYTES" | "TYPE_STRING" => "Kind::Bytes".to_owned(),
                "TYPE_MESSAGE" => format!("Kind::Message(&{})", field.message.to_uppercase()),
                "TYPE_FIXED64" | "TYPE_SFIXED64" | "TYPE_DOUBLE" => "Kind::Packed(8)".to_owned(),
                "TYPE_FIXED32" | "TYPE_SFIXED32" | "TYPE_FLOAT" => "Kind::Packed(4)".to_owned(),
                _ => "Kind::Packed(1)".to_owned(),
            };
            if kind.starts_with("Kind::Packed") && !field.is_repeated {
                continue;
            }
            let item = match field.kind {
                "TYPE_MESSAGE" => struct_bytes(messages, &field.message),
                _ => inline_bytes(messages, name, field),
            };
            let item_bytes = if field.is_repeated { item } else { 0 };
            let number = field.number;
            writeln!(
                text,
                "Field {{ number: {number}, kind: {kind}, item_bytes: {item_bytes} }},"
            )?;
        }
        writeln!(text, "]);")?;
        writeln!(text, "impl Shaped for crate::{name} {{")?;
        writeln!(text, "fn shape() -> &'static Shape {{ &{shape} }}\n}}")?;
        let bytes = struct_bytes(messages, name);
        writeln!(text, "const _: () = assert!(size_of::<crate::{name}>() <= {bytes});")?;
    }
    Ok(text)
}
