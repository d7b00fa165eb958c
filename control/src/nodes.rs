//! What several nodes of one deployment share, by way of a Redis server.
//!
//! Redis is never needed: what is kept there is kept in this process or in the database too, and a
//! [`Link`] that is down says so at once instead of making a caller wait. It comes back by itself.

mod address;
mod calls;
mod customers;
mod holds;
mod link;
mod memory;
mod shared;
mod spent;
mod tiers;
mod together;

pub use address::{InvalidRedisAddress, RedisAddress};
pub use calls::{CallNews, CallsHere, CallsInRedis, KnownCall, LiveCalls, Stage};
pub use customers::remembering;
pub use link::{Link, Unavailable};
pub(crate) use memory::Memory;
pub use shared::Shared;
pub use spent::SpentEverywhere;
pub use tiers::Tier;
pub use together::Together;
