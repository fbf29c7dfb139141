//! The payload of `POST /api/metadata`, until its lists are known.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::import::metadata::Payload;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(payload) = Payload::read(bytes) {
        let _ = payload.count_objects();
    }
});
