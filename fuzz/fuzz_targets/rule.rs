//! The expressions of program rules, read and given a value.

#![no_main]

use std::collections::HashMap;

use domain::rule::{Expression, Program, Scope, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expression::parse(text) else {
        return;
    };
    let (world, program) = (World::default(), Program::default());
    let scope = Scope {
        world: &world,
        program: &program,
        enrollment: None,
        event: None,
        events: &[],
        assigned: HashMap::from([("a".to_owned(), Some(text.to_owned()))]),
    };
    if let Ok(value) = expression.evaluate(&scope) {
        let _ = value.text();
    }
});
