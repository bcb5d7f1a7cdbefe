//! x
pub struct Export; 
pub struct ExportError; pub struct ExportSummary; pub enum Existing {}
