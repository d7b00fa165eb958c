//! Any course of a call: no retired audio, nothing heard that was not sent, one owner of the floor.
#![no_main]

use pipeline::call::check::{Operation, check_any_call};

libfuzzer_sys::fuzz_target!(|operations: Vec<Operation>| check_any_call(&operations));
