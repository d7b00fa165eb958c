//! Ports for programs that must know theirs before they start.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that Linux hands out by itself, from 32768 on: nobody is given one of these between
/// our look at it and the program's bind.
const PORTS: Range<u16> = 20_000..30_000;

/// A port of loopback that nobody listens on. A process gets each once, and begins anywhere.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> =
        LazyLock::new(|| AtomicU16::new(RandomState::new().hash_one(()) as u16));
    let count = PORTS.end - PORTS.start;
    (0..count)
        .map(|_| PORTS.start + NEXT.fetch_add(1, Ordering::Relaxed) % count)
        .find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
        .expect("a free port")
}
