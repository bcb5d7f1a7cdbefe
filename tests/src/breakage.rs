//! Deliberate breakages of the source: what each changes, and which tests must notice.
//!
//! ```text
//! why: one line that says what breaks
//! file: path of the source file
//! test: arguments of `cargo test`, one line for each run; any of them may notice
//! --- find
//! lines that are in the file once
//! --- replace
//! lines that take their place
//! ```
//!
//! `scripts/breakages` applies them one after another and runs the tests. Here they are only read.

/// One breakage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakage {
    /// What breaks.
    pub why: String,
    /// Where.
    pub file: String,
    /// Tests that must notice.
    pub tests: Vec<String>,
    /// What is there.
    pub find: String,
    /// What takes its place.
    pub replace: String,
}

/// Why a text is no breakage, or does not apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl Breakage {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |what: &str| Fault(what.to_owned());
        let (head, edit) =
            text.split_once("--- find\n").ok_or_else(|| fault("it finds nothing"))?;
        let (find, replace) =
            edit.split_once("--- replace\n").ok_or_else(|| fault("it replaces nothing"))?;
        let all = |name: &str| -> Vec<String> {
            let prefix = format!("{name}: ");
            head.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
        };
        let one = |name: &str| match all(name).as_slice() {
            [value] => Ok(value.clone()),
            values => Err(Fault(format!("{} lines with {name}", values.len()))),
        };
        let breakage = Self {
            why: one("why")?,
            file: one("file")?,
            tests: all("test"),
            find: find.to_owned(),
            replace: replace.to_owned(),
        };
        if breakage.tests.is_empty() {
            return Err(fault("no test must notice"));
        }
        if find.is_empty() || find == replace {
            return Err(fault("it changes nothing"));
        }
        Ok(breakage)
    }

    /// The source with the breakage in it. What is to be found must be there once.
    pub fn apply(&self, source: &str) -> Result<String, Fault> {
        match source.matches(&self.find).count() {
            1 => Ok(source.replacen(&self.find, &self.replace, 1)),
            count => Err(Fault(format!("what it finds is in {} {count} times", self.file))),
        }
    }
}
