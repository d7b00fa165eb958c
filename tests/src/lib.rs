//! What tests drive Otto with: real bytes on real sockets, and speech edges that do as they are
//! told.

pub mod caller;
pub mod dealership;
pub mod dice;
pub mod feed;
pub mod house;
pub mod plane;
pub mod postgres;
pub mod program;
pub mod redis;
pub mod shop;
pub mod vendors;

pub use postgres::port;
