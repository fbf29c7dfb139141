//! DHIS2's `order` parameter.

#![no_main]

use domain::event::order_text;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(items) = order_text::parse(text) else {
        return;
    };
    let written: Vec<String> = items
        .iter()
        .map(|item| format!("{}:{}", item.name, item.direction.name()))
        .collect();
    assert_eq!(order_text::parse(&written.join(",")), Ok(items));
});
