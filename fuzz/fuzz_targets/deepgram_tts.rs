//! A synthesiser's text message: read without panic; any words survive being given to it.
#![no_main]

libfuzzer_sys::fuzz_target!(|message: &str| pipeline::wire::deepgram_tts::check_any_message(message));
