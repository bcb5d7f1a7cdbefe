//! A bounded map of what was read lately.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Keeps values until their weights exceed the limit, then forgets the half that was not used since
/// the last time. Two generations instead of a list of uses: a hit costs one look-up.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    weight_max: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_weight: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Cache<K, V> {
    pub(crate) fn new(weight_max: usize) -> Self {
        let generations =
            Generations { young: HashMap::new(), old: HashMap::new(), young_weight: 0 };
        Self { generations: Mutex::new(generations), weight_max }
    }

    pub(crate) fn find(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, _)) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (value, weight) = generations.old.remove(key)?;
        generations.insert(key.clone(), value.clone(), weight, self.weight_max);
        Some(value)
    }

    pub(crate) fn insert(&self, key: K, value: V, weight: usize) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        generations.insert(key, value, weight, self.weight_max);
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn insert(&mut self, key: K, value: V, weight: usize, weight_max: usize) {
        if weight_max / 2 < self.young_weight + weight {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
        self.young_weight += weight;
        if let Some((_, replaced)) = self.young.insert(key, (value, weight)) {
            self.young_weight -= replaced;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let cache = Cache::new(20);
        cache.insert("used", 1, 1);
        for round in 0..50 {
            cache.insert("filler", round, 4);
            cache.insert(["a", "b", "c"][round % 3], round, 4);
            assert_eq!(cache.find(&"used"), Some(1), "round {round}");
        }
        let held = ["a", "b", "c"].iter().filter(|key| cache.find(key).is_some()).count();
        assert!(held < 3 || cache.generations.lock().unwrap().young_weight <= 20);
    }
}
