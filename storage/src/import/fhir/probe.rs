//! The parsers alone, without a database: what fuzz targets call.

use std::sync::Arc;

use super::{
    delivery::{
        blocks::{Block, Kind},
        elements,
    },
    parse,
    reference::Links,
};

/// What was found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Values read.
    pub values: u64,
    /// Resources and deletions read, bad ones included.
    pub resources: u64,
    /// Those that were put aside.
    pub bad: u64,
}

/// Parses and maps the lines of a text.
#[must_use]
pub fn read_lines(text: &[u8]) -> Found {
    let mut block = empty(Kind::Line);
    for (position, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        block.add(position, Ok(line));
    }
    found(&block)
}

/// Parses and maps the entries of a bundle or the elements of a list; `None` when the text is neither.
#[must_use]
pub fn read_bundle(mut text: &[u8]) -> Option<Found> {
    let mut block = empty(Kind::Entry);
    let mut position = 0;
    let split = elements::split(&mut text, &mut |bytes| {
        position += 1;
        block.add(position, Ok(bytes));
        Ok(())
    });
    split.ok().map(|_head| found(&block))
}

fn empty(kind: Kind) -> Block {
    Block {
        file: 0,
        first: 0,
        kind,
        bytes: Vec::new(),
        values: Vec::new(),
        links: Arc::new(Links::new()),
        stamp: None,
    }
}

fn found(block: &Block) -> Found {
    let parsed = parse::block(block, chrono_tz::Europe::Berlin, None);
    Found {
        values: parsed.values,
        resources: parsed.resources,
        bad: parsed.bad.len() as u64,
    }
}
