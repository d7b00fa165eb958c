//! An event stream's bytes in any pieces: the same events, no panic, and each survives a round trip.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| control::llm::sse::check_any_bytes(bytes));
