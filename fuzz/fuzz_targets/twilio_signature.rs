//! Any request and any claimed signature: what was signed is believed, nothing else, and no panic.
#![no_main]

use control::telephony::signature::check_any_request;

libfuzzer_sys::fuzz_target!(|request: (&str, &str, &str, &[u8])| {
    let (auth_token, claimed, url, body) = request;
    check_any_request(auth_token, claimed, url, body);
});
