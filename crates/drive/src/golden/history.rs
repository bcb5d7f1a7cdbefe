//! A small history, block by block: every hash of a log, on a sealed and on a public drive.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use expect_test::{Expect, expect};
use ply_chunk::{CutParams, Level};
use ply_engine::MemoryEngine;
use ply_log::Signer;
use ply_types::{DriveId, LogKey, Path, ReadKey, Seed, Timestamp};

use super::check;
use crate::entry::{Attributes, Body, Entry, Stored};
use crate::host::Host;
use crate::now::now;
use crate::settings::{Access, Cutting, Settings};
use crate::transaction::Transaction;
use crate::{Drive, Replica};

/// Time stands still, and chance counts.
#[derive(Debug, Default)]
struct Still(AtomicU8);

impl Host for Still {
    fn now(&self) -> Timestamp {
        Timestamp { seconds: 1_795_000_000, nanos: 1 }
    }

    fn random(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed); 32]
    }
}

fn path(text: &str) -> Path {
    Path::parse(text.as_bytes()).unwrap()
}

/// Bytes by a recurrence, so that no library decides what they are.
fn content(length: usize) -> Vec<u8> {
    let step = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Some((*state >> 56) as u8)
    };
    std::iter::successors(Some(42_u64), |_| None)
        .flat_map(|seed| {
            let mut state = seed;
            std::iter::from_fn(move || step(&mut state)).take(length)
        })
        .collect()
}

fn drive(access: Access) -> Drive<MemoryEngine> {
    let secret = Seed::new([1; 32]);
    let settings = Settings {
        id: DriveId(Signer::new(&secret).key().0),
        name: "golden".to_owned(),
        access,
        drive_secret: Some(secret),
        install_nonce: [2; 32],
        cutting: Cutting {
            chunk: CutParams::new(1024, 2048, 4096).unwrap(),
            level: Level::DEFAULT,
        },
        invitation: None,
        addresses: Vec::new(),
        paused: false,
    };
    let engine = Arc::new(MemoryEngine::new());
    let host = Arc::new(Still::default());
    Drive::alone(Replica::open(engine, settings, &Seed::new([3; 32]), host).unwrap())
}

fn commit(drive: &Drive<MemoryEngine>, message: &str) {
    now(drive.commit(message, "golden")).unwrap().unwrap();
}

/// Three commits: one file and a directory; enough names for a checkpoint; a change and a removal.
fn write(drive: &Drive<MemoryEngine>) {
    let attributes = Attributes { mode: 0o755, ..Attributes::default() };
    now(drive.create_dir(&path("d"), &attributes, false)).unwrap().unwrap();
    now(drive.write(&path("d/large"), &content(100_000))).unwrap().unwrap();
    now(drive.hard_link(&path("d/large"), &path("second"))).unwrap().unwrap();
    commit(drive, "first");
    let mut transaction = Transaction::begin(drive.replica()).unwrap();
    for number in 0..2_000_u32 {
        let body = Body::File(Stored::Inline(number.to_le_bytes().to_vec()));
        let entry = Entry::new(body, attributes.clone());
        transaction.set(&path(&format!("d/{number:05}")), entry).unwrap();
    }
    transaction.save().unwrap();
    commit(drive, "many");
    now(drive.write(&path("d/large"), b"small")).unwrap().unwrap();
    now(drive.remove_file(&path("d/00007"))).unwrap().unwrap();
    commit(drive, "third");
}

fn describe(drive: &Drive<MemoryEngine>) -> String {
    let replica = drive.replica();
    let mut text = format!("drive {}\nwriter {}\n", replica.id(), replica.writer_key());
    let mut log = |name: &str, log: LogKey, blocks: bool| {
        let roots = replica.logs().roots(&log).unwrap();
        writeln!(text, "{name} {log}: {} blocks", roots.length()).unwrap();
        writeln!(text, "  {} bytes, root {}", roots.bytes(), roots.hash()).unwrap();
        for block in (0..roots.length()).filter(|_| blocks) {
            let bytes = replica.logs().block(&log, block).unwrap().unwrap();
            let leaf = ply_merkle::leaf_hash(&bytes);
            writeln!(text, "  {block} {leaf} {} bytes", bytes.len()).unwrap();
        }
    };
    log("metadata", replica.writer_key(), true);
    let mut layers: Vec<LogKey> =
        replica.layers().unwrap().0.into_iter().map(|head| head.log).collect();
    layers.sort_unstable();
    for layer in layers {
        log("layer", layer, false);
    }
    for entry in drive.log(usize::MAX).unwrap() {
        let (files, bytes) = (entry.files, entry.bytes);
        writeln!(text, "commit {} {files} {bytes} {}", entry.mark.id, entry.message).unwrap();
    }
    writeln!(text, "state {}", replica.state_hash()).unwrap();
    text
}

fn golden(access: Access, first: &Expect, all: &Expect) {
    let drive = drive(access);
    write(&drive);
    let replica = drive.replica();
    let block = replica.logs().block(&replica.writer_key(), 0).unwrap().unwrap();
    check(&block, first);
    all.assert_eq(&describe(&drive));
}

#[test]
fn a_sealed_drive() {
    let access = Access::Keys(vec![ReadKey::new([9; 32])]);
    golden(
        access,
        &expect![[r#"
        0ad20101000000005f835a765908087c97da68c8b4911b6632e11b18fa14eaad
        438d0780f2cbdee098c947f2ac2b5e7a7d1063b5d1237370248fd687478605bb
        0642ef1ff0ac7e56af49d6c0283c4701dc96ee071c363c199a28719b5b5ecd0a
        f0747fa7b3bbf3ad7337349c9d494a4a98dab580eb4ca3a5849550d90c8ff85f
        08d854b7229fb16ebd7c1a7d6c78506242c58809c2ff59d068428552078bb5ef
        ba192e77c31c6f63d6f401584c700aabc4dc7ea3bc391fe78caf948566724a7e
        3c8e8a91f5e1b26152135b4a5ffbe05393705c911512800301937e5166d0c557
        451aec6ff95310c69d3e92e4bc7fca9f819749efa9a29adc5cf278b43a04868c
        bc31a46ab8b9fd9cda19402f57ca2ed8701a7aa29214230c335436fc7a642b17
        f4bc72341071b9422119a62c38d73ee19992b1db864303eaf174e902fd1f6ff2
        f10c1b400ea08c1c8955cbd3dc5df5ef264fdb26fe1ac71021f4e604cf8cfb14
        78d06426712ce6e47f461b82ca8f5d5cc21e482ffec305a292ccd12db44f9da7
        bfdb62539e06cfe117388ec00f3866d2bf00ac9d443267894d61a146e39ef86f
        d8ae3edc630b307febe705ddb05e1652d44163257d04b89a546a9680fadbf094
        e1b2f815ecd2b37e6fa0a145a89845478eb0804f1cbb1a8f46b3cab580e9cc96
        e99e113374361702d0f93b715ddf38fac6ac042d5fd04e76326a8f2409f30293
        100f79e0bed1eaabfb8ca1610fe5243f6bfe572b34329b7717045def56539a2b
        adc530b956222ae4c505a403dd4f3650085614bdc739a65de4b5a4ed4f7583cd
        83f43ee7f9bed6a5e9dc5d3f868a40bf37b74865670649df1801"#]],
        &expect![[r#"
        drive 8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
        writer 4fd506ab1b6ba5bd6eed6de327dabbd7a1f525e4a3d588bb87730ea1ab98230d
        metadata 4fd506ab1b6ba5bd6eed6de327dabbd7a1f525e4a3d588bb87730ea1ab98230d: 18 blocks
          12271 bytes, root fc00053aca38a74011ab3ce9c69eeeecce5f011006b790eb65e4f0f22e55c75b
          0 acc9d15bd5c63cd55b8a08ed5974f3c00dcb5cf421281319a7b926a0f1795a19 602 bytes
          1 f197b03883497ff268fa6fc7eb48e748ebe6a59a14976eef73c40f66309d2a11 5617 bytes
          2 73cbc2846a3b7c28990e467f06350827e28702b23711616d0c15262c36e3361d 510 bytes
          3 181bb30aa79f41d3ca7c006b9935bc5321de6b5e317fa50d9d8f5c7353673517 336 bytes
          4 215a425d993d76b19442cd419c2b4c09284262013775b2f9a2023a01c54b9a62 368 bytes
          5 b6a7d93b171f8b152985bd0080e615ce3e56dd6655cfb0cdbd57874496702730 453 bytes
          6 c47532d01d96bba9287e6c01c710871a4cee98212fcc6e1e7ef64184e2e5b81b 386 bytes
          7 c9f9deef6bd5840cf9d3851001a0b3e8827f75e3468405707e228bb3a0d46429 366 bytes
          8 b0c7db4d0f2617c2cb129cbe854be748ac3501f031e6a22c4534701a455ce722 243 bytes
          9 ca3c9a8d52b61386ca90059013027c67ad6dd400f24b10c647d617d6587ce332 283 bytes
          10 cf828fd77e37ee3525685bdac22047f26dd186ebfcd352c75c62ff4aa5d8e36d 417 bytes
          11 a578185a3afb0d3c71aac1c698d1e0952a17ea3c1716819fe91302bf00d874c6 284 bytes
          12 e2decd04fb1af785081ab4787c92ecfc90e41cd32c2277a3aa208746154555c5 350 bytes
          13 122c221008fe83a639d3aba3eeb4aab7fc6f0473952ea018b33cd47631db11ef 332 bytes
          14 4e0d350c06e295f8bf9b56f3f4bd628def2b06446feef3624875caeda4317b6e 444 bytes
          15 ad741fbcb98369f285c352d2b0fde8c4ccfe6f1d56d54825ac7e971b7e3b7d03 293 bytes
          16 df9bd7a038606800d95ea0623310af36ecb866bcfa52a2b79c8ae7488d5d6383 698 bytes
          17 266c9368635432d8407023c808aa7fd9b2c3bb6f976116fc69682ccafc8bff88 289 bytes
        layer 870acd7857f2e87d1b4a8b1e092cba47205bec32e6ebc264ebbc23288fc2e1d4: 44 blocks
          103666 bytes, root 0c4f77546917c4c1911a6a124edd00e7ab366bf73c98303dabbf2f7a482fb2b7
        commit 266c9368635432d8407023c808aa7fd9b2c3bb6f976116fc69682ccafc8bff88 2002 8006 third
        commit f197b03883497ff268fa6fc7eb48e748ebe6a59a14976eef73c40f66309d2a11 2003 208000 many
        commit acc9d15bd5c63cd55b8a08ed5974f3c00dcb5cf421281319a7b926a0f1795a19 3 200000 first
        state 36bd0fb9e882b187e7c9aee7282957d4a288ba98ba7dcbc492fbbdd04593ef57
    "#]],
    );
}

#[test]
fn a_public_drive() {
    golden(
        Access::Public,
        &expect![[r#"
        0ad20101000000006ae83438adf4c8e84055ea0c2a5bd676ccdda849a1e03108
        8962b8f36f5fe698acc5c275eb6be0165401a693f521126fe533cfa8bc697eb1
        9e43ad2ba02b20ef74f2f16fc7d0ab34cd14a6d5464babb0333f81c02c53b859
        50210b2d5b72e3e3bd64d7c13fc9db6e17cd4f719da7aa8b754dcb228378a1aa
        f6d49d9f772d0bd53cf46d39a45289ffd970e58c134a38fb942599a3b0640a70
        9bd6829f3772051c43e03cdfde9f76993a3517dc3a2ff46403cc732d5035b976
        78ab3587a7539dafe83e06c45f76383447eeeac7dc12d4020001e70300005d0a
        00d412121e0a1a00006801642f6c617267651200121d0a197365636f6e641200
        12ba010a0700006c0000000012ae010a20870acd7857f2e87d1b4a8b1e092cba
        47205bec32e6ebc264ebbc23288fc2e1d4102f18d69b062220e8fc659d1fbc3e
        f758e3aace90cf57617cdef7d6e3a783882306fc4123acde3b3220003a408bc6
        fd2681263aee3952b9f09c4e7cbef29984975f72124f1274238fcdcdaecd5813
        2991c6686ca6b653fbf30af79084bca3add77cc3239ab018487be68b1c00120e
        0a0200641208080210ed03980101125c0a070051080110a40328809becaf0d30
        0138a08d064a2803002ebfb8fd672a88e8db5074255da647015c9298ff464a78
        6a7dc04712a521abe6ffa08d06005c920110010164001a06080310c09a0c3a05
        66697273744048015206676f6c64656e09007846d80704b416e33032fc512be1
        ea1af790b8261a2af91de0021801"#]],
        &expect![[r#"
        drive 8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
        writer 4fd506ab1b6ba5bd6eed6de327dabbd7a1f525e4a3d588bb87730ea1ab98230d
        metadata 4fd506ab1b6ba5bd6eed6de327dabbd7a1f525e4a3d588bb87730ea1ab98230d: 18 blocks
          11482 bytes, root 2f1e55ad288884bda4d454c1aaafd507c87a45b97ac344b4aeaa9eefd1bbe766
          0 0ab47f4b4ea4979173af25cd3c72ef945d7adef473f2fb21808f742f3ed2cc0d 558 bytes
          1 e257305dfc81b72a6d7c5e7bd129a957a04ea3c3179b880957f4ae0827d7e527 5577 bytes
          2 d1fd0ca06322a66b5b620ab83d56de088e704d480030fe82b8ea57f3f0ea13be 466 bytes
          3 6cc89fabe92a76ce173430289cb10bbe03346129fd374762b233760178c370b7 292 bytes
          4 2917958cdcfabb2ca792d63217f5b448032ca1f2a6ee2c3c2cc4462e3d8f4de7 324 bytes
          5 a3d80b9552b40da9c655c5c1c061b91004a19e471909b14b40e91496b0b88d56 409 bytes
          6 8d0269197ae05e2316f065f3787609718f1a603208399e7760693c662cecd94d 342 bytes
          7 4ba210685cbc77017cfd589f3ec0a1a31ec76b79f0ecbf61aa4b3d07bcb8db5b 322 bytes
          8 623ad47bf8e3f519fc78f7b35c3f576fb4f6aafd3fd311fe5a8fb9a42b95e614 199 bytes
          9 28923fe86225ac82f9fc528e5097635b3f6ed3ff4d63d3498cb52c20cd795a04 239 bytes
          10 cc0ab5f64a3ca16f00f9615e9c0319460d2f73f507a522fb676a1bf2464153eb 373 bytes
          11 0c30fa182f58072bdbe01b4ab1a2d7b7d08c50632ec9652f3df12f70c9c4c7f8 240 bytes
          12 9e27fc3244ba7dba745ff6e3d291d16be9709d6473b7124689604b9612e35a79 306 bytes
          13 9f6ea9b8df296da2b5436f89270364ba71c1a716a1c678827e2a3ea4a863f646 288 bytes
          14 0c0d3e2ccfb01b94a913727091da3149e689b1b8e1fc1b3e12083ae6e4e68b1e 400 bytes
          15 ea8f751bc3aff9177678f155f0b2131e643269521608da2f038d7f09811f3b9f 249 bytes
          16 4c0f7f3bcca024c55c0fa2d5113aa5a9ca304cb140a4e15ff7604905cc6d61ad 654 bytes
          17 18cb1784b064cacd6396a3aa1d21ef74ab629b4e2a7b60863074543c9f933942 244 bytes
        layer 870acd7857f2e87d1b4a8b1e092cba47205bec32e6ebc264ebbc23288fc2e1d4: 47 blocks
          101846 bytes, root e8fc659d1fbc3ef758e3aace90cf57617cdef7d6e3a783882306fc4123acde3b
        commit 18cb1784b064cacd6396a3aa1d21ef74ab629b4e2a7b60863074543c9f933942 2002 8006 third
        commit e257305dfc81b72a6d7c5e7bd129a957a04ea3c3179b880957f4ae0827d7e527 2003 208000 many
        commit 0ab47f4b4ea4979173af25cd3c72ef945d7adef473f2fb21808f742f3ed2cc0d 3 200000 first
        state ddd2bd54cd1ccba831587b724e95590c5f545fa4b5ecd9b87b2bb5845c0a6442
    "#]],
    );
}
