//! The payload of `POST /api/tracker`, as JSON and as CSV, until its objects are known one by one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use storage::import::tracker::Payload;

fuzz_target!(|bytes: &[u8]| {
    for payload in [Payload::read(bytes), Payload::read_csv(bytes)] {
        let _ = payload.map(Payload::count_readable);
    }
});
