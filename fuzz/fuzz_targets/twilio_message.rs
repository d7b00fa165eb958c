//! A carrier's message: the fast parser and the general one agree, and neither panics.
#![no_main]

libfuzzer_sys::fuzz_target!(|message: &str| pipeline::wire::twilio::check_any_message(message));
