//! A client's bytes in any pieces: the same messages, no panic, and each survives a round trip.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pipeline::wire::websocket::check_any_bytes(input));
