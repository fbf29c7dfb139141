//! Program rules over HTTP: what a country's rules do to an import. The programs are brought by the test.

mod actions;
mod enrollments;
mod ground;
mod schedule;
