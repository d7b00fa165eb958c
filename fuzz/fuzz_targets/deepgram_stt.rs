//! A recogniser's message, in either protocol: read or refused, never a panic.
#![no_main]

use pipeline::wire::deepgram_stt::check_any_message;

libfuzzer_sys::fuzz_target!(|message: &str| check_any_message(message));
