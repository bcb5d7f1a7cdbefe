//! What every source file keeps to.

/// Longest file, in lines.
const LINES_MAX: usize = 500;
/// Longest line, in columns.
const COLUMNS_MAX: usize = 110;
/// A word of more columns than this, say a hash, may make its line longer: it cannot be broken.
const WORD_COLUMNS: usize = 60;

/// Words that say that something is not done. Split, so that this file keeps its own rule.
const UNDONE: [&str; 4] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("unimple", "mented!"),
    concat!("to", "do!("),
];

/// Folders that only the machine of a developer has.
const MACHINES: [&str; 2] = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// Every rule that a source file breaks, in words.
pub fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{path}: {what}"));
    if path.rsplit('/').next() == Some("mod.rs") {
        fault("a module is named like its folder, and is no mod.rs".to_owned());
    }
    if !text.starts_with("//!") {
        fault("it does not begin by saying what it is".to_owned());
    }
    let lines = text.lines().count();
    if LINES_MAX < lines {
        fault(format!("{lines} lines are more than {LINES_MAX}"));
    }
    let is_source = path.split('/').any(|part| part == "src");
    for (number, line) in (1..).zip(text.lines()) {
        let columns = line.chars().count();
        let words = line.split_whitespace().map(|word| word.chars().count());
        if COLUMNS_MAX < columns && words.max() <= Some(WORD_COLUMNS) {
            fault(format!("line {number} has {columns} columns"));
        }
        if let Some(word) = UNDONE.iter().find(|word| is_source && line.contains(**word)) {
            fault(format!("line {number} says {word}"));
        }
        if let Some(folder) = MACHINES.iter().find(|folder| line.contains(**folder)) {
            fault(format!("line {number} names {folder}, which only one machine has"));
        }
    }
    faults
}
