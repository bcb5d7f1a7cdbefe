//! One decoder, tried.

#![allow(clippy::panic, reason = "it runs in tests only: a broken promise ends the test")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use allocation_counter::measure;
use data_encoding::HEXLOWER;

use crate::corpus::{self, FOUND, Kept};
use crate::dice::Dice;
use crate::mutate::{Form, mutate};
use crate::plan::Plan;

/// Cases of a bounded run.
const CASES: u64 = 4000;
/// Inputs that are changed further: the corpus, and what was accepted since.
const POOL_MAX: usize = 512;
/// Bytes of an input that a message shows.
const SHOWN_BYTES_MAX: usize = 2000;

/// What holds of an accepted input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundTrip {
    /// Its value is written as exactly these bytes: there is one encoding of each value.
    Exact,
    /// Its value is written in some form that reads back to the same form.
    Settled,
}

/// A decoder under test.
#[derive(Clone, Debug)]
pub struct Target {
    name: &'static str,
    form: Form,
    round_trip: RoundTrip,
    base_bytes: u64,
    bytes_per_byte: u64,
    cases: u64,
    seeds: Vec<Kept>,
}

impl Target {
    /// A decoder whose corpus is the folder of this name. Memory is bounded by 64 KiB and 32 bytes for
    /// each byte of input, unless [`Target::memory`] says otherwise.
    pub fn new(name: &'static str, form: Form, round_trip: RoundTrip) -> Self {
        let (base_bytes, bytes_per_byte) = (64 << 10, 32);
        Self { name, form, round_trip, base_bytes, bytes_per_byte, cases: CASES, seeds: Vec::new() }
    }

    /// Adds a valid encoding. `PLY_FUZZ_WRITE=1` writes it into the corpus under this name.
    #[must_use]
    pub fn seed(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.seeds.push(Kept { name: name.to_owned(), bytes: bytes.into() });
        self
    }

    /// Memory that one call may hold at most: so many bytes, and so many for each byte of input.
    #[must_use]
    pub fn memory(self, base_bytes: u64, bytes_per_byte: u64) -> Self {
        Self { base_bytes, bytes_per_byte, ..self }
    }

    /// Cases of a bounded run, for decoders that take long.
    #[must_use]
    pub fn cases(self, cases: u64) -> Self {
        Self { cases, ..self }
    }

    /// Runs the decoder on the corpus and on what is made of it. `again` gives what an accepted input's
    /// value is written as, and `None` for an input that is refused.
    ///
    /// # Panics
    ///
    /// When the decoder panics, takes too much memory, refuses an input of the corpus, or does not read
    /// what it wrote as it was; the message has the input in hexadecimal.
    pub fn run(self, mut again: impl FnMut(&[u8]) -> Option<Vec<u8>>) {
        let plan = Plan::from_environment();
        if plan.writes {
            self.write_corpus();
        }
        let kept = corpus::read(self.name).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let lacking = self.seeds.iter().find(|seed| kept.iter().all(|it| it.name != seed.name));
        if let Some(seed) = lacking {
            panic!("the corpus of {} lacks {}: set PLY_FUZZ_WRITE=1 once", self.name, seed.name);
        }
        let mut pool: Vec<Vec<u8>> = Vec::new();
        for Kept { name, bytes } in self.seeds.iter().chain(&kept) {
            let is_taken = self.case(&plan, bytes, &mut again);
            assert!(is_taken || name.starts_with(FOUND), "{} refuses its {name}", self.name);
            pool.push(bytes.clone());
        }
        assert!(!pool.is_empty(), "{} has no corpus", self.name);

        let own = pool.len();
        let mut dice = Dice::new(plan.seed);
        let (mut cases, mut accepted) = (0, 0_u64);
        while plan.goes_on(cases, self.cases) {
            let (Some(from), Some(other)) = (dice.clone_pick(&pool), dice.clone_pick(&pool)) else {
                break;
            };
            let input = mutate(self.form, &from, &other, &mut dice);
            cases += 1;
            if self.case(&plan, &input, &mut again) {
                accepted += 1;
                let place = own + dice.below(POOL_MAX);
                match pool.get_mut(place) {
                    Some(old) => *old = input,
                    None => pool.push(input),
                }
            }
        }
        println!("{}: {cases} cases, {accepted} accepted, seed {}", self.name, plan.seed);
    }

    fn write_corpus(&self) {
        for Kept { name, bytes } in &self.seeds {
            if let Err(error) = corpus::write(self.name, name, bytes) {
                panic!("the corpus of {} cannot be written: {error}", self.name);
            }
        }
    }

    /// Tries one input; whether it was accepted.
    fn case(
        &self,
        plan: &Plan,
        input: &[u8],
        again: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> bool {
        match self.check(input, again) {
            Ok(is_accepted) => is_accepted,
            Err(what) => {
                let kept = if plan.keeps_findings() { self.keep(input) } else { String::new() };
                let shown = input.get(..input.len().min(SHOWN_BYTES_MAX)).unwrap_or_default();
                let (name, length, seed) = (self.name, input.len(), plan.seed);
                panic!(
                    "{name}: {what}\nseed {seed}, {length} bytes: {}\n{kept}",
                    HEXLOWER.encode(shown)
                );
            }
        }
    }

    /// What must hold of one input; whether it was accepted.
    fn check(
        &self,
        input: &[u8],
        again: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<bool, String> {
        let Some(written) = self.measured(input, again)? else { return Ok(false) };
        if self.round_trip == RoundTrip::Exact && written != input {
            return Err(format!("is written otherwise: {}", HEXLOWER.encode(&written)));
        }
        match self.measured(&written, again)? {
            Some(second) if second == written => Ok(true),
            Some(second) => {
                let (first, second) = (HEXLOWER.encode(&written), HEXLOWER.encode(&second));
                Err(format!("is written as {first}, and that as {second}"))
            }
            None => Err(format!("what it is written as is refused: {}", HEXLOWER.encode(&written))),
        }
    }

    fn measured(
        &self,
        input: &[u8],
        again: &mut impl FnMut(&[u8]) -> Option<Vec<u8>>,
    ) -> Result<Option<Vec<u8>>, String> {
        let mut answer = Ok(None);
        let taken = measure(|| answer = catch_unwind(AssertUnwindSafe(|| again(input))));
        let answer = answer.map_err(|_| "the decoder panicked".to_owned())?;
        let most = self.base_bytes + self.bytes_per_byte * input.len() as u64;
        if most < taken.bytes_max {
            return Err(format!("took {} bytes of memory, more than {most}", taken.bytes_max));
        }
        Ok(answer)
    }

    /// Writes what broke the target into its corpus, and says where.
    fn keep(&self, input: &[u8]) -> String {
        // FNV-1a: a name, nothing more.
        let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        match corpus::write(self.name, &format!("{FOUND}-{hash:016x}"), input) {
            Ok(path) => format!("kept as {}", path.display()),
            Err(error) => format!("not kept: {error}"),
        }
    }
}

impl Dice {
    fn clone_pick(&mut self, pool: &[Vec<u8>]) -> Option<Vec<u8>> {
        self.pick(pool).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a decoder on mutations of eight bytes; the text of the panic.
    fn broken(round_trip: RoundTrip, again: impl FnMut(&[u8]) -> Option<Vec<u8>>) -> String {
        let target = Target::new("self", Form::Bytes, round_trip);
        let result = catch_unwind(AssertUnwindSafe(|| target.run(again)));
        let panic = result.expect_err("a broken decoder is found");
        panic.downcast_ref::<String>().expect("a message").clone()
    }

    #[test]
    fn a_decoder_that_is_right_passes() {
        Target::new("self", Form::Bytes, RoundTrip::Exact)
            .run(|bytes| (bytes.len() % 2 == 0).then(|| bytes.to_vec()));
    }

    #[test]
    fn each_way_to_be_wrong_is_found() {
        let panics = broken(RoundTrip::Exact, |bytes| {
            assert!(bytes.len() < 20, "too long");
            Some(bytes.to_vec())
        });
        assert!(panics.contains("the decoder panicked"), "{panics}");
        let greedy = broken(RoundTrip::Exact, |bytes| {
            let promised = usize::from(bytes.first().copied().unwrap_or(0)) << 20;
            Some(Vec::<u8>::with_capacity(promised)).map(|_| bytes.to_vec())
        });
        assert!(greedy.contains("bytes of memory"), "{greedy}");
        let loose = broken(RoundTrip::Exact, |bytes| Some(bytes.to_ascii_lowercase()));
        assert!(loose.contains("is written otherwise"), "{loose}");
        let drifting =
            broken(RoundTrip::Settled, |bytes| Some(bytes.iter().skip(1).copied().collect()));
        assert!(drifting.contains("and that as"), "{drifting}");
        let refusing = broken(RoundTrip::Settled, |_| None);
        assert!(refusing.contains("refuses its"), "{refusing}");
    }
}
