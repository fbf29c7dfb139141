//! The payload of `POST /api/tracker`, until its objects are known one by one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::import::tracker::Payload;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(payload) = Payload::read(bytes) {
        let _ = payload.count_readable();
    }
});
