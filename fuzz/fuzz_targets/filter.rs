//! DHIS2's `filter` parameter.

#![no_main]

use domain::{event::filter_text, uid};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for filter in filter_text::parse(text).unwrap_or_default() {
        assert!(uid::is_valid(&filter.uid));
        assert!(filter.operators.len() <= 3);
        for (operator, value) in &filter.operators {
            assert_eq!(operator.is_unary(), value.is_none());
        }
    }
});
