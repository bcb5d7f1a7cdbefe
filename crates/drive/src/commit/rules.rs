//! The rules that a commit keeps. Who makes one looks as well: nobody would take another.

use super::Commit;

/// The rules that a commit block can be held to on its own.
pub(crate) fn check(commit: &Commit) -> Result<(), &'static str> {
    let envelope = &commit.envelope;
    let previous = envelope.ancestors.first();
    let newest_seen = envelope
        .clocks
        .iter()
        .map(|clock| clock.components.number())
        .chain(previous.map(|mark| mark.number))
        .max()
        .unwrap_or(0);
    let whole = envelope.clocks.first().is_some_and(|clock| clock.since.is_none());
    if envelope.number <= newest_seen {
        return Err("its number is not above all that was in view");
    }
    if whole && envelope.number != newest_seen + 1 {
        return Err("its number leaves a gap above all that was in view");
    }
    if previous.is_some() != (0 < envelope.count) {
        return Err("its count does not fit its ancestors");
    }
    let mut below = commit.mark.block;
    for ancestor in &envelope.ancestors {
        if below <= ancestor.block || envelope.number <= ancestor.number {
            return Err("its ancestors are not in order");
        }
        below = ancestor.block;
    }
    if envelope.clocks.iter().any(|clock| clock.components.component(&commit.writer).is_some()) {
        return Err("a clock names its own author");
    }
    if envelope.clocks.iter().any(|clock| clock.since.is_some_and(|at| commit.mark.block <= at)) {
        return Err("a clock builds on a later commit");
    }
    Ok(())
}
