//! `ply chmod`, `ply chown`: attributes; content is not touched.

use ply_drive::Attributes;

use crate::context::Context;
use crate::error::CommandError;
use crate::output::apply_mode;
use crate::target::Target;

/// Arguments of `chmod`.
#[derive(Debug, clap::Args)]
pub(crate) struct Chmod {
    /// Such as 644 or u+x,go-w
    mode: String,

    /// Of what
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser(), required = true)]
    targets: Vec<Target>,
}

/// Arguments of `chown`.
#[derive(Debug, clap::Args)]
pub(crate) struct Chown {
    /// By number; either may be left out
    #[arg(value_name = "UID[:GID]", value_parser = owner)]
    owner: Owner,

    /// Of what
    #[arg(value_name = "DRIVE:/path", value_parser = Target::parser(), required = true)]
    targets: Vec<Target>,
}

/// What is to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    uid: Option<u32>,
    gid: Option<u32>,
}

fn owner(text: &str) -> Result<Owner, String> {
    let (uid, gid) = text.split_once(':').unwrap_or((text, ""));
    let number = |text: &str| match text {
        "" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| format!("'{text}' is not the number of anybody")),
    };
    let owner = Owner { uid: number(uid)?, gid: number(gid)? };
    if owner == (Owner { uid: None, gid: None }) {
        return Err("write UID, UID:GID or :GID".to_owned());
    }
    Ok(owner)
}

impl Chmod {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        for target in &self.targets {
            let drive = context.drive(&target.drive)?;
            let metadata = drive.metadata(target.path()?).await?;
            let mode = apply_mode(&self.mode, metadata.attributes.mode, metadata.kind)?;
            change(context, target, |attributes| attributes.mode = mode).await?;
        }
        Ok(())
    }
}

impl Chown {
    pub(super) async fn run(&self, context: &mut Context) -> Result<(), CommandError> {
        for target in &self.targets {
            let change_owner = |attributes: &mut Attributes| {
                attributes.uid = self.owner.uid.unwrap_or(attributes.uid);
                attributes.gid = self.owner.gid.unwrap_or(attributes.gid);
            };
            change(context, target, change_owner).await?;
        }
        Ok(())
    }
}

async fn change(
    context: &Context,
    target: &Target,
    change: impl Fn(&mut Attributes),
) -> Result<(), CommandError> {
    let path = target.now()?.path()?;
    let drive = context.drive(&target.drive)?;
    drive.set_attributes(path, change).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use ply_fuzz::{Form, RoundTrip, Target as Fuzz};

    use super::*;

    #[test]
    fn fuzz_owners() {
        Fuzz::new("argument-owner", Form::Text, RoundTrip::Settled)
            .seed("user", "1000")
            .seed("both", "0:100")
            .seed("group", ":7")
            .run(|bytes| {
                let owner = owner(std::str::from_utf8(bytes).ok()?).ok()?;
                let number = |it: Option<u32>| it.map(|it| it.to_string()).unwrap_or_default();
                Some(format!("{}:{}", number(owner.uid), number(owner.gid)).into_bytes())
            });
    }

    #[test]
    fn owners_are_numbers() {
        assert_eq!(owner("1000"), Ok(Owner { uid: Some(1000), gid: None }));
        assert_eq!(owner("0:100"), Ok(Owner { uid: Some(0), gid: Some(100) }));
        assert_eq!(owner(":7"), Ok(Owner { uid: None, gid: Some(7) }));
        for text in ["", ":", "root", "1:x", "1:2:3"] {
            assert!(owner(text).is_err(), "{text}");
        }
    }
}
