//! One command for several paths: what cannot be done for one keeps nothing from the others.

use crate::context::Context;
use crate::error::CommandError;

/// How it went so far.
#[derive(Default)]
pub(super) struct Each {
    first: Option<CommandError>,
}

impl Each {
    /// Takes in how it went for one path. The first error is what the command ends with; later ones are
    /// told at once.
    pub(super) async fn take(
        &mut self,
        context: &mut Context,
        done: Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        match (done, &self.first) {
            (Ok(()), _) => Ok(()),
            (Err(CommandError::Stopped), _) => Err(CommandError::Stopped),
            (Err(error), None) => {
                self.first = Some(error);
                Ok(())
            }
            (Err(error), Some(_)) => context.warn(&error.text()).await,
        }
    }

    /// The end of the command.
    pub(super) fn end(self) -> Result<(), CommandError> {
        self.first.map_or(Ok(()), Err)
    }
}
