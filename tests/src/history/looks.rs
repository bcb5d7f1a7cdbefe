//! What is looked at in a world: views, whole trees, and peace at the end.

use std::sync::Arc;

use ply_drive::Want;
use ply_types::Path;

use super::History;
use crate::action::Action;
use crate::check::{difference, expected};
use crate::model::{Numbers, View};
use crate::net::Keeping;
use crate::node::{conflicts, tree};

/// Lines of what happened that are told when a law is broken.
const LOG_LINES: usize = 60;

impl History {
    /// Which commits a node has in view, as it says itself.
    pub(super) fn seen(&self, node: usize) -> Numbers {
        let mut numbers = vec![0; self.nodes.len()];
        for (writer, mark) in self.net().replicas[node].view().commits() {
            let author = self.writers.iter().position(|key| *key == writer).unwrap();
            numbers[author] = mark.number;
        }
        numbers
    }

    /// Looks which commits a node has in view, and whether that may be.
    pub fn observe(&mut self, node: usize) {
        let seen = self.seen(node);
        if self.views[node].iter().zip(&seen).any(|(before, now)| now < before) {
            let before = &self.views[node];
            self.fail(&format!("the view of {node} went backwards, from {before:?} to {seen:?}"));
        }
        for (author, &number) in seen.iter().enumerate().filter(|(_, number)| **number != 0) {
            let Some(view) = self.past.view_of(author, number) else {
                self.fail(&format!("{node} counts a commit {number} of {author} nobody made"));
            };
            if view.iter().zip(&seen).any(|(needed, has)| has < needed) {
                self.fail(&format!("{node} counts {number} of {author} before what it saw"));
            }
        }
        let hash = self.net().replicas[node].state_hash();
        let stood_for = self.states.entry(hash).or_insert_with(|| seen.clone());
        if *stood_for != seen {
            self.fail(&format!("one state hash for {seen:?} at {node} and another view"));
        }
        self.views[node] = seen;
    }

    pub(super) fn view(&self, node: usize) -> View<'_> {
        let (numbers, draft) = (&self.views[node], &self.drafts[node]);
        View { past: &self.past, numbers, me: node, draft }
    }

    /// Looks at the root of a node's union: one state, one root. False where the node does not know it.
    fn look_at_root(&mut self, node: usize) -> bool {
        let replica = Arc::clone(&self.net().replicas[node]);
        let Some(root) = replica.union_root(&|| true).unwrap() else { return false };
        self.tally.roots += 1;
        let known = *self.roots.entry(replica.state_hash()).or_insert(root);
        if known != root {
            self.fail(&format!("one state, and {root} is the root at {node}, {known} elsewhere"));
        }
        true
    }

    /// Compares everything that a node shows with the model. False when part of it is not there.
    pub fn look(&mut self, node: usize) -> bool {
        self.observe(node);
        let is_rooted = self.look_at_root(node);
        let replica = Arc::clone(&self.net().replicas[node]);
        let Some(found) = tree(&replica) else {
            self.tally.partial += 1;
            return false;
        };
        self.tally.trees += 1;
        self.tally.conflicts += found.iter().filter(|shown| shown.conflict).count();
        let must = expected(&self.view(node), &self.writers);
        if let Some(difference) = difference(&found, &must, &self.writers) {
            self.fail(&format!("node {node} with {:?} in view {difference}", self.views[node]));
        }
        if !is_rooted && !replica.effective().is_empty() {
            self.fail(&format!("node {node} shows everything and does not know its root"));
        }
        let in_conflict = found.iter().filter(|shown| shown.conflict).map(|shown| &shown.path);
        let listed = conflicts(&replica);
        if !in_conflict.eq(&listed) {
            self.fail(&format!("node {node} lists {listed:?} as its conflicts"));
        }
        true
    }

    /// Everybody commits, meets everybody, and shows the same.
    pub fn make_peace(&mut self) {
        self.net().heal();
        self.ask_on_demand();
        self.net().keeping.fill(Keeping::Everything);
        let count = self.nodes.len();
        for node in 0..count {
            self.exchange();
            self.act(node, &Action::Commit);
            self.exchange();
        }
        let newest = self.past.newest();
        let mut trees = Vec::new();
        for node in 0..count {
            if !self.look(node) {
                self.fail(&format!("node {node} lacks something when everything was exchanged"));
            }
            if self.views[node] != newest {
                self.fail(&format!("node {node} has {:?} of {newest:?}", self.views[node]));
            }
            let replica = Arc::clone(&self.net().replicas[node]);
            trees.push((replica.state_hash(), tree(&replica)));
        }
        if trees.windows(2).any(|pair| pair[0] != pair[1]) {
            self.fail("nodes with the same commits show different trees");
        }
    }

    /// Nodes that keep little bring no more than what a listing of everything needs, and show the
    /// same as if they had it all.
    fn ask_on_demand(&mut self) {
        self.exchange();
        for node in 0..self.nodes.len() {
            if self.net().keeping[node] == Keeping::Everything {
                continue;
            }
            {
                let mut net = self.net();
                net.cut_where(|_| true);
                net.connect(node, 0);
                net.settle();
                let _whatever = net.fetch(node, &Want::Tree(Path::root()));
            }
            if !self.look(node) {
                self.fail(&format!("node {node} asked for the tree and did not get all"));
            }
            self.tally.on_demand += 1;
        }
    }

    /// Everybody meets everybody, twice.
    fn exchange(&mut self) {
        for _ in 0..2 {
            self.net().cut_where(|_| true);
            for one in 0..self.nodes.len() {
                for other in 0..one {
                    self.net().connect(one, other);
                    self.net().settle();
                }
            }
        }
        let quarrels = std::mem::take(&mut self.net().quarrels);
        if !quarrels.is_empty() {
            self.fail(&format!("honest peers quarrelled: {quarrels:?}"));
        }
    }

    pub(super) fn fail(&self, what: &str) -> ! {
        let last = self.log.len().saturating_sub(LOG_LINES);
        panic!("{what}\nafter, among others:\n  {}", self.log[last..].join("\n  "));
    }
}
