//! The net thread and its speech edges.

pub mod edge;
