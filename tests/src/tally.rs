//! What happened in histories, so that a test which tests nothing is noticed.

use std::fmt;

/// Counts over one or many histories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Histories.
    pub histories: usize,
    /// Operations tried.
    pub operations: usize,
    /// Of these, refused as the model said.
    pub refused: usize,
    /// Of these, not possible for want of something out of reach.
    pub offline: usize,
    /// Commits made.
    pub commits: usize,
    /// Paths found in conflict by the checks of whole trees.
    pub conflicts: usize,
    /// Whole trees compared with the model.
    pub trees: usize,
    /// Trees not compared because part of them was not there.
    pub partial: usize,
    /// Roots of unions compared with those that other nodes had in the same state.
    pub roots: usize,
    /// Whole trees shown by nodes that keep little, after one question.
    pub on_demand: usize,
    /// Messages delivered.
    pub messages: usize,
    /// Connections cut with messages under way.
    pub cut: usize,
    /// Crashes.
    pub crashes: usize,
    /// Sessions delivered a second time.
    pub repeated: usize,
}

impl Tally {
    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.histories += other.histories;
        self.operations += other.operations;
        self.refused += other.refused;
        self.offline += other.offline;
        self.commits += other.commits;
        self.conflicts += other.conflicts;
        self.trees += other.trees;
        self.partial += other.partial;
        self.roots += other.roots;
        self.on_demand += other.on_demand;
        self.messages += other.messages;
        self.cut += other.cut;
        self.crashes += other.crashes;
        self.repeated += other.repeated;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} histories: {} operations ({} refused, {} offline), {} commits, {} trees compared \
             ({} partial, {} on demand), {} roots, {} conflicts seen, {} messages, \
             {} connections cut, {} crashes, {} sessions repeated",
            self.histories,
            self.operations,
            self.refused,
            self.offline,
            self.commits,
            self.trees,
            self.partial,
            self.on_demand,
            self.roots,
            self.conflicts,
            self.messages,
            self.cut,
            self.crashes,
            self.repeated,
        )
    }
}
