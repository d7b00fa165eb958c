//! The tools: everything a dialogue can do to the world, one file per tool.

/// A tool with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolCall {}

/// What a tool answered.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolOutcome {}
