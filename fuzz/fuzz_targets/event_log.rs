//! Any text as the event log of a call: read or refused, and what was read is written and read again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| control::events::check::check_any_bytes(bytes));
