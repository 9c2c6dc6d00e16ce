#![no_main]
#[path = "../inputs.rs"]
#[allow(dead_code)]
mod inputs;
#[path = "../timed.rs"]
mod timed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| timed::within(data, inputs::dialogue));
