//! A data plane on stage: a caller's telephone on a real socket, and speech edges in the process.

pub mod audio;
pub mod phone;
pub mod speech;
pub mod stage;
