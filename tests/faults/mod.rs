//! Faults: what breaks while the program works, and what is there afterwards. `./dev faults` runs these and prints what was
//! counted before and after. They take minutes and are left out of the usual run.

mod clients;
mod clock;
mod imports;
mod refreshes;
mod writers;

use storage::{pool::connect, verify};

/// Nothing that is stored twice differs.
fn verified(url: &str) {
    let mut conn = connect(url).expect("it answers");
    for check in verify::run(&mut conn).expect("the checks run") {
        assert_eq!(check.differences, 0, "{}", check.name);
    }
}
