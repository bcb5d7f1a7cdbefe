//! One history: what happens in a world, step by step, and what is looked at after each.

mod looks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ply_types::{LogKey, PageHash, StateHash};

use crate::action::{Action, Throw};
use crate::dice::Dice;
use crate::model::{Desk, Draft, Numbers, Past};
use crate::net::{Keeping, Net, Port};
use crate::node::{Node, Outcome, act, admissions};
use crate::tally::Tally;

/// How a world is made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// What everything follows from.
    pub seed: u64,
    /// Operations.
    pub operations: usize,
}

/// A world, and everything that was ever done in it.
pub struct History {
    dice: Dice,
    nodes: Vec<Node>,
    net: Arc<Mutex<Net>>,
    writers: Vec<LogKey>,
    past: Past,
    drafts: Vec<Draft>,
    /// What each node had in view when it was last looked at.
    views: Vec<Numbers>,
    /// What every state hash that was ever seen stood for.
    states: BTreeMap<StateHash, Numbers>,
    /// The root of the union that any node showed in a state.
    roots: BTreeMap<StateHash, PageHash>,
    fresh: u64,
    log: Vec<String>,
    /// What happened.
    pub tally: Tally,
}

impl History {
    /// A world before anything happened.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let count = 2 + dice.below(5);
        // The first keeps everything, so that nothing is lost with a node that does not.
        let keeping = (0..count).map(|place| {
            let is_sparse = place != 0 && dice.percent(25);
            if is_sparse { Keeping::Sparse } else { Keeping::Everything }
        });
        let keeping = keeping.collect();
        Self::of(seed, dice, keeping)
    }

    /// A world for a script, which makes happen what shall happen.
    pub fn scripted(keeping: &[Keeping]) -> Self {
        Self::of(0, Dice::new(0), keeping.to_vec())
    }

    fn of(seed: u64, dice: Dice, keeping: Vec<Keeping>) -> Self {
        let count = keeping.len();
        let nodes: Vec<Node> = (0..count).map(|place| Node::new(seed, place)).collect();
        let replicas: Vec<_> = nodes.iter().map(Node::start).collect();
        let writers: Vec<LogKey> = replicas.iter().map(|replica| replica.writer_key()).collect();
        for replica in &replicas {
            replica.accept_records(admissions(&writers)).unwrap();
        }
        let mut order: Vec<usize> = vec![0; count];
        for (place, writer) in writers.iter().enumerate() {
            order[place] = writers.iter().filter(|other| *other < writer).count();
        }
        Self {
            net: Arc::new(Mutex::new(Net::new(replicas, keeping))),
            past: Past::new(order),
            drafts: vec![Draft::default(); count],
            views: vec![vec![0; count]; count],
            states: BTreeMap::new(),
            roots: BTreeMap::new(),
            fresh: 100,
            log: Vec::new(),
            tally: Tally { histories: 1, ..Tally::default() },
            dice,
            nodes,
            writers,
        }
    }

    /// Lives a whole history and leaves it at peace.
    pub fn live(plan: Plan) -> Tally {
        let mut history = Self::new(plan.seed);
        while history.tally.operations < plan.operations {
            for _ in 0..history.dice.below(4) {
                history.weather();
            }
            let node = history.dice.below(history.nodes.len());
            history.something(node);
            if history.dice.percent(20) {
                let node = history.dice.below(history.nodes.len());
                history.look(node);
            }
        }
        history.make_peace();
        let (messages, cut) = {
            let net = history.net();
            (net.messages, net.cut)
        };
        Tally { messages, cut, ..history.tally }
    }

    /// The network, for a moment.
    pub fn net(&self) -> MutexGuard<'_, Net> {
        self.net.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happens to the network or to a machine.
    fn weather(&mut self) {
        let count = self.nodes.len();
        let (one, other) = (self.dice.below(count), self.dice.below(count));
        let mut dice = self.dice.clone();
        match dice.weighted(&[16, 70, 4, 2, 4, 2, 3]) {
            0 => self.net().connect(one, other),
            1 => {
                for _ in 0..=dice.below(12) {
                    self.net().deliver_any(&mut dice);
                }
            }
            2 => self.net().cut_any(&mut dice),
            3 => self.net().split(&mut dice),
            4 => self.net().heal(),
            5 => self.crash(one),
            _ => {
                let repeated = self.net().repeat(&mut dice);
                self.tally.repeated += usize::from(repeated);
            }
        }
        self.dice = dice;
        let quarrels = std::mem::take(&mut self.net().quarrels);
        if !quarrels.is_empty() {
            self.fail(&format!("honest peers quarrelled: {quarrels:?}"));
        }
    }

    /// A node loses what it had in memory, and starts again.
    pub fn crash(&mut self, node: usize) {
        let before = self.net().replicas[node].state_hash();
        let replica = self.nodes[node].start();
        self.tally.crashes += 1;
        self.log.push(format!("{node} crashes"));
        if replica.state_hash() != before {
            self.fail(&format!("node {node} counts other commits after a crash"));
        }
        self.net().restart(node, replica);
    }

    /// Two nodes meet, and nobody else does.
    pub fn meet(&mut self, one: usize, other: usize) {
        let quarrels = {
            let mut net = self.net();
            net.cut_where(|_| true);
            net.connect(one, other);
            net.settle();
            net.cut_where(|_| true);
            std::mem::take(&mut net.quarrels)
        };
        if !quarrels.is_empty() {
            self.fail(&format!("honest peers quarrelled: {quarrels:?}"));
        }
        self.observe(one);
        self.observe(other);
    }

    /// Somebody does something at a node.
    fn something(&mut self, node: usize) {
        self.observe(node);
        let (there, hot) = {
            let view = self.view(node);
            let there = view.tree();
            let hot = there.iter().filter(|path| view.is_conflict(path)).cloned().collect();
            (there, hot)
        };
        self.fresh += 1;
        let (mut dice, writers) = (self.dice.clone(), self.nodes.len());
        let action = Throw { fresh: self.fresh, there, hot, writers }.action(&mut dice);
        self.dice = dice;
        self.act(node, &action);
    }

    /// Does something at a node, in the world and in the model, and compares what came of it.
    pub fn act(&mut self, node: usize, action: &Action) {
        let replica = Arc::clone(&self.net().replicas[node]);
        let port = Arc::new(Port { net: Arc::clone(&self.net), node });
        let outcome = act(&replica, port, &self.writers, action);
        self.log.push(format!("{node} {action:?} {outcome:?}"));
        self.tally.operations += 1;
        if let Outcome::Committed(number) = &outcome {
            self.committed(node, *number);
            return;
        }
        self.observe(node);
        let names = match &outcome {
            Outcome::Done(names) => names.clone(),
            Outcome::Offline => {
                self.tally.offline += 1;
                return;
            }
            _ => Vec::new(),
        };
        let draft = self.drafts[node].clone();
        let must = Desk::new(&self.past, &self.views[node], node, draft).act(action, &names);
        match (must, outcome) {
            (Ok(draft), Outcome::Done(_)) => self.drafts[node] = draft,
            (Err(_), Outcome::Refused(_)) => self.tally.refused += 1,
            (Ok(_), Outcome::Refused(why)) => {
                self.fail(&format!("{action:?} at {node} was refused: {why}"));
            }
            (_, _) => self.fail(&format!("{action:?} at {node} was not refused")),
        }
    }

    fn committed(&mut self, node: usize, number: Option<u64>) {
        let draft = std::mem::take(&mut self.drafts[node]);
        if number.is_none() != draft.is_empty() {
            self.fail(&format!("{node} committed {number:?}, and the draft must be {draft:?}"));
        }
        if let Some(number) = number {
            self.tally.commits += 1;
            // All of its view but its own commit, which is what it adds.
            let mut view = self.seen(node);
            view[node] = self.views[node][node];
            let must = self.past.commit(node, &view, &draft);
            if number != must {
                self.fail(&format!("commit {number} of {node} must have number {must}"));
            }
        }
        self.observe(node);
        let mut net = self.net();
        net.changed(node, None);
        net.speak();
    }
}
