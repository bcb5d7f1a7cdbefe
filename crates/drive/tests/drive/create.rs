//! Making a drive: what is checked before it exists.

use ply_drive::suite::Dice;
use ply_drive::{Access, CreateError, CreateOptions, Settings, Visibility};

fn options() -> CreateOptions {
    CreateOptions::new("photos", [3; 32])
}

#[test]
fn a_new_drive_has_keys_of_its_own() {
    let dice = Dice::default();
    let first = Settings::create(&options(), &dice).unwrap();
    let second = Settings::create(&options(), &dice).unwrap();
    assert_ne!(first.id, second.id);
    assert_ne!(first.access, second.access);
    assert!(matches!(&first.access, Access::Keys(keys) if keys.len() == 1));
    assert_eq!(Settings::decode(&first.encode()).unwrap(), first);
    let public = CreateOptions { visibility: Visibility::Public, ..options() };
    assert_eq!(Settings::create(&public, &dice).unwrap().access, Access::Public);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |options: CreateOptions| Settings::create(&options, &Dice::default());
    for name in ["", "-x", "a/b", "a:b", "a@b", "a\nb", &"x".repeat(65)] {
        let error = refused(CreateOptions { name: name.to_owned(), ..options() });
        assert!(matches!(error, Err(CreateError::Name { .. })), "{name:?}");
    }
    for chunk_kib in [(64, 16, 256), (16, 48, 256), (0, 64, 256), (16, 64, u32::MAX)] {
        let error = refused(CreateOptions { chunk_kib, ..options() });
        assert!(matches!(error, Err(CreateError::Cutting(_))), "{chunk_kib:?}");
    }
    for level in [0, 20, -1] {
        let error = refused(CreateOptions { level, ..options() });
        assert!(matches!(error, Err(CreateError::Level(_))), "{level}");
    }
    let small = CreateOptions { chunk_kib: (1, 2, 4), level: 19, ..options() };
    let cutting = Settings::create(&small, &Dice::default()).unwrap().cutting;
    assert_eq!((cutting.chunk.min(), cutting.level.number()), (1024, 19));
}
