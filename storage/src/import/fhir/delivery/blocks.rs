//! Reads the files of a delivery in blocks of some values, each parsed on its own later.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read as _},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Item, beginning, elements, with_reader};
use crate::{
    Error, Result,
    import::fhir::{
        date,
        json::{Value, text},
        reference::{self, Links},
        rule::Rule,
    },
};

/// Bytes and values after which a block is full.
const BLOCK_BYTES: usize = 1 << 20;
const BLOCK_VALUES: usize = 4_000;

/// Bytes of the longest value.
const LONGEST: u64 = 256 << 20;

/// What the values of a block are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A resource or a bundle each, with its line.
    Line,
    /// Entries of a bundle.
    Entry,
    /// Resources of a list, or one alone.
    Resource,
}

/// Where a value lies in its block.
#[derive(Debug)]
pub struct Span {
    /// Line, or place in the bundle or list, from 1.
    pub position: i64,
    /// Bytes of the block, or the rule that the value breaks.
    pub place: std::result::Result<std::ops::Range<usize>, Rule>,
}

/// Some values of a file.
#[derive(Debug)]
pub struct Block {
    /// Place of the file among those of the delivery.
    pub file: usize,
    /// Position in the delivery that its first resource gets.
    pub first: i64,
    /// What the values are.
    pub kind: Kind,
    /// The values, one after the other.
    pub bytes: Vec<u8>,
    /// Where each value lies.
    pub values: Vec<Span>,
    /// Ids of resources of the bundle by `fullUrl`, where it does not end with the id.
    pub links: Arc<Links>,
    /// When the bundle was made.
    pub stamp: Option<DateTime<Utc>>,
}

/// Reads files into blocks.
pub struct Reader<'s> {
    file: usize,
    blocks: i64,
    send: &'s mut dyn FnMut(Block) -> Result<()>,
}

impl<'s> Reader<'s> {
    /// A reader that hands its blocks to `send`.
    pub fn new(send: &'s mut dyn FnMut(Block) -> Result<()>) -> Self {
        Reader {
            file: 0,
            blocks: 0,
            send,
        }
    }

    /// Reads an item, which is the `file`th of its delivery.
    ///
    /// # Errors
    /// When it cannot be read, or what `send` returned.
    pub fn read(&mut self, file: usize, item: &Item) -> Result<()> {
        self.file = file;
        if item.is_lines() || has_lines(item)? {
            return with_reader(item, |reader| self.lines(item, reader));
        }
        let (head, links) = match outline(item)? {
            Ok(outline) => outline,
            Err(rule) => {
                let mut block = self.block(Kind::Resource, Arc::default(), None);
                block.add(1, Err(rule));
                return self.send(block);
            }
        };
        let value = Value::parse(&head).unwrap_or(Value::Null);
        let kind = match (&value, text(&value, "resourceType")) {
            (Value::Array(_), _) => Kind::Resource,
            (_, Some("Bundle")) => Kind::Entry,
            _ => {
                let mut block = self.block(Kind::Resource, Arc::default(), None);
                block.add(1, Ok(&head));
                return self.send(block);
            }
        };
        let stamp = stamp(&value);
        with_reader(item, |reader| {
            self.elements(item, reader, kind, &Arc::new(links), stamp)
        })
    }

    fn lines(&mut self, item: &Item, reader: &mut dyn BufRead) -> Result<()> {
        let mut block = self.block(Kind::Line, Arc::default(), None);
        for line in 1.. {
            let start = block.bytes.len();
            let read = read_line(reader, &mut block.bytes)
                .map_err(|error| Error::unreadable(&item.path, error))?;
            match read {
                None => break,
                Some(Err(rule)) => block.values.push(Span {
                    position: line,
                    place: Err(rule),
                }),
                Some(Ok(())) if block.bytes[start..].trim_ascii().is_empty() => {
                    block.bytes.truncate(start);
                }
                Some(Ok(())) => block.values.push(Span {
                    position: line,
                    place: Ok(start..block.bytes.len()),
                }),
            }
            if block.is_full() {
                self.send(block)?;
                block = self.block(Kind::Line, Arc::default(), None);
            }
        }
        self.send(block)
    }

    /// The elements of a file that was found to be whole.
    fn elements(
        &mut self,
        item: &Item,
        reader: &mut dyn BufRead,
        kind: Kind,
        links: &Arc<Links>,
        stamp: Option<DateTime<Utc>>,
    ) -> Result<()> {
        let mut stopped = None;
        let mut block = self.block(kind, Arc::clone(links), stamp);
        let mut position = 0;
        let outcome = elements::split(reader, &mut |bytes| {
            position += 1;
            block.add(position, Ok(bytes));
            if block.is_full() {
                let next = self.block(kind, Arc::clone(links), stamp);
                if let Err(error) = self.send(std::mem::replace(&mut block, next)) {
                    stopped = Some(error);
                    return Err(io::ErrorKind::Other.into());
                }
            }
            Ok(())
        });
        match (stopped, outcome) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(Error::unreadable(&item.path, error)),
            (None, Ok(_)) => self.send(block),
        }
    }

    fn block(&mut self, kind: Kind, links: Arc<Links>, stamp: Option<DateTime<Utc>>) -> Block {
        self.blocks += 1;
        Block {
            file: self.file,
            first: self.blocks << 24,
            kind,
            bytes: Vec::new(),
            values: Vec::new(),
            links,
            stamp,
        }
    }

    fn send(&mut self, block: Block) -> Result<()> {
        if block.values.is_empty() {
            return Ok(());
        }
        (self.send)(block)
    }
}

impl Block {
    /// Adds a value, or the rule that it breaks.
    pub fn add(&mut self, position: i64, value: std::result::Result<&[u8], Rule>) {
        let start = self.bytes.len();
        let place = value.map(|bytes| {
            self.bytes.extend_from_slice(bytes);
            start..self.bytes.len()
        });
        self.values.push(Span { position, place });
    }

    fn is_full(&self) -> bool {
        self.bytes.len() >= BLOCK_BYTES || self.values.len() >= BLOCK_VALUES
    }
}

/// When a bundle was made.
#[must_use]
pub fn stamp(bundle: &Value<'_>) -> Option<DateTime<Utc>> {
    let meta = bundle.get("meta").unwrap_or(&Value::Null);
    let stamp = text(bundle, "timestamp").or_else(|| text(meta, "lastUpdated"))?;
    date::instant(stamp, chrono_tz::UTC)
}

/// Appends the next line; `None` at the end of the file, the rule when it is too long.
fn read_line(
    reader: &mut dyn BufRead,
    bytes: &mut Vec<u8>,
) -> io::Result<Option<std::result::Result<(), Rule>>> {
    let start = bytes.len();
    let count = (&mut *reader).take(LONGEST).read_until(b'\n', bytes)?;
    if (count as u64) < LONGEST || bytes.ends_with(b"\n") {
        return Ok((count > 0).then_some(Ok(())));
    }
    bytes.truncate(start);
    reader.skip_until(b'\n')?;
    Ok(Some(Err(Rule::LineTooLong)))
}

/// Whether a `.json` file holds a value in each line: its first line is one, and more follows.
fn has_lines(item: &Item) -> Result<bool> {
    let bytes = beginning(item, BLOCK_BYTES as u64)?;
    let Some(end) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Ok(false);
    };
    let (first, rest) = bytes.split_at(end);
    Ok(!rest.trim_ascii().is_empty() && Value::parse(first).is_some())
}

/// What a file says besides its elements, and the ids of its resources by `fullUrl`.
fn outline(item: &Item) -> Result<std::result::Result<(Vec<u8>, Links), Rule>> {
    let mut links = Links::new();
    let outcome = with_reader(item, |reader| {
        let head = elements::split(reader, &mut |bytes| {
            if let Some((url, id)) = serde_json::from_slice::<Entry<'_>>(bytes)
                .ok()
                .and_then(link)
            {
                links.insert(url, id);
            }
            Ok(())
        });
        match head {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(None),
            Err(error) => Err(Error::unreadable(&item.path, error)),
            Ok(head) => Ok(Some(head)),
        }
    });
    match outcome {
        Ok(Some(head)) => Ok(Ok((head, links))),
        Ok(None) => Ok(Err(Rule::JsonSyntax)),
        Err(Error::File { source, .. }) if source.kind() == io::ErrorKind::FileTooLarge => {
            Ok(Err(Rule::LineTooLong))
        }
        Err(error) => Err(error),
    }
}

/// As much of a bundle's entry as a link needs.
#[derive(Deserialize)]
struct Entry<'j> {
    #[serde(borrow, rename = "fullUrl")]
    full_url: Option<Cow<'j, str>>,
    #[serde(borrow)]
    resource: Option<Target<'j>>,
}

#[derive(Deserialize)]
struct Target<'j> {
    #[serde(borrow)]
    id: Option<Cow<'j, str>>,
}

/// The link of an entry, when the id cannot be read from its `fullUrl`.
fn link(entry: Entry<'_>) -> Option<(String, String)> {
    let (url, id) = (entry.full_url?, entry.resource?.id?);
    (reference::last_of_url(&url) != id).then(|| (url.into_owned(), id.into_owned()))
}
