//! Builds the crate again when the web page changed, which the embedding macro cannot notice.

use std::path::Path;

fn main() {
    // Cargo runs this script each time a watched path is missing, so watch the parent until the
    // bundle exists.
    let bundle = Path::new("../web/dist");
    let watched = if bundle.is_dir() {
        "../web/dist"
    } else {
        "../web"
    };
    println!("cargo::rerun-if-changed={watched}");
}
