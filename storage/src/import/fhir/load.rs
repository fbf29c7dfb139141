//! Phase one: reads a delivery, parses it on several threads and copies its rows into the temporary tables.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indicatif::ProgressBar;

use super::{
    delivery::{
        Item,
        blocks::{Block, Reader},
        manifest::Read,
    },
    parse::{self, Parsed},
    settings::{FEW, Settings},
    stage::{self, Batch},
};
use crate::{Connection, Error, Result, import::BadLine};

/// Blocks that wait for a parser, and parsed ones that wait for their copy.
const QUEUE: usize = 4;

/// Bad lines that are kept; more are only counted.
const KEPT: usize = 100_000;

/// What phase one found besides the rows.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Resources of types that are not imported, by type.
    pub ignored: BTreeMap<String, u64>,
    /// Errors that the exporting system reports.
    pub export_errors: u64,
    /// Files that hold no FHIR.
    pub skipped: BTreeSet<String>,
    /// Lines put aside.
    pub bad: Vec<BadLine>,
    /// Lines put aside, by rule.
    pub rules: BTreeMap<&'static str, u64>,
    /// The delivery holds everything until then, when it says so.
    pub data_through: Option<DateTime<Utc>>,
    /// What was read of each file.
    pub read: Vec<Read>,
}

impl Loaded {
    /// Lines put aside.
    #[must_use]
    pub fn quarantined(&self) -> u64 {
        self.rules.values().sum()
    }

    /// Resources and deletions read.
    #[must_use]
    pub fn resources(&self) -> u64 {
        self.read.iter().map(|read| read.resources).sum()
    }

    /// Checks the share of bad resources.
    ///
    /// # Errors
    /// [`Error::DeliveryRefused`] when it is larger than it may be.
    pub fn check(&self, settings: &Settings) -> Result<()> {
        let (bad, all) = (self.quarantined(), self.resources().max(1));
        if settings.is_full && bad > KEPT as u64 {
            return Err(Error::DeliveryRefused(format!(
                "{bad} resources break a rule: too many to tell what a full delivery misses"
            )));
        }
        let percent = bad as f64 * 100.0 / all as f64;
        if bad < FEW || percent <= settings.max_bad {
            return Ok(());
        }
        let rules: Vec<String> = self
            .rules
            .iter()
            .map(|(rule, count)| format!("{count} {rule}"))
            .collect();
        Err(Error::DeliveryRefused(format!(
            "{bad} of {all} resources ({percent:.1} %) break a rule, more than {} %: {}",
            settings.max_bad,
            rules.join(", ")
        )))
    }

    fn note(&mut self, parsed: &mut Parsed, item: &Item) {
        let read = &mut self.read[parsed.file];
        read.values += parsed.values;
        read.resources += parsed.resources;
        for (kind, count) in std::mem::take(&mut parsed.ignored) {
            *self.ignored.entry(kind).or_default() += count;
        }
        self.export_errors += parsed.export_errors;
        if parsed.is_export_record {
            self.skipped.insert(item.name.clone());
        }
        self.data_through = self.data_through.max(parsed.data_through);
        for bad in std::mem::take(&mut parsed.bad) {
            *self.rules.entry(bad.rule.code()).or_default() += 1;
            if self.bad.len() < KEPT {
                self.bad.push(BadLine {
                    file: item.name.clone(),
                    line: bad.position,
                    resource_type: bad.kind.map(str::to_owned),
                    resource_id: bad.id,
                    rule: bad.rule.code().into(),
                    message: bad.rule.message().to_owned(),
                });
            }
        }
    }
}

/// Loads files into the temporary tables. `stamps` tells when each was made.
///
/// # Errors
/// When a file cannot be read or a statement fails.
pub fn load(
    conn: &mut Connection,
    items: &[Item],
    zone: Tz,
    stamps: &[Option<DateTime<Utc>>],
    threads: usize,
    progress: &ProgressBar,
) -> Result<Loaded> {
    stage::create(conn)?;
    progress.set_length(items.iter().map(|item| item.size).sum());
    let mut loaded = Loaded {
        read: vec![Read::default(); items.len()],
        ..Loaded::default()
    };
    let mut batch = Batch::default();
    std::thread::scope(|scope| {
        let (send_block, blocks) = sync_channel(QUEUE);
        let (send_parsed, parsed) = sync_channel(QUEUE);
        let blocks = std::sync::Arc::new(Mutex::new(blocks));
        let reader = scope.spawn(move || read(items, &send_block, progress));
        for _ in 0..threads.max(1) {
            let (blocks, send_parsed) = (std::sync::Arc::clone(&blocks), send_parsed.clone());
            scope.spawn(move || work(&blocks, &send_parsed, zone, stamps));
        }
        drop((blocks, send_parsed));
        for mut found in parsed {
            let item = &items[found.file];
            loaded.note(&mut found, item);
            batch.append(&mut found.batch);
            if batch.is_full() {
                batch.copy(conn)?;
            }
        }
        reader.join().unwrap_or_else(|_| Err(stopped()))
    })?;
    batch.copy(conn)?;
    stage::copy_bad(conn, &loaded.bad)?;
    stage::analyze(conn)?;
    Ok(loaded)
}

/// Reads the files one after the other. Ends early when nobody listens any more.
fn read(items: &[Item], blocks: &SyncSender<Block>, progress: &ProgressBar) -> Result<()> {
    let mut send = |block| blocks.send(block).map_err(|_| stopped());
    let mut reader = Reader::new(&mut send);
    for (file, item) in items.iter().enumerate() {
        progress.set_message(item.name.clone());
        reader.read(file, item)?;
        progress.inc(item.size);
    }
    Ok(())
}

/// Parses blocks until there are no more.
fn work(
    blocks: &Mutex<Receiver<Block>>,
    parsed: &SyncSender<Parsed>,
    zone: Tz,
    stamps: &[Option<DateTime<Utc>>],
) {
    loop {
        let block = match blocks.lock() {
            Ok(blocks) => blocks.recv(),
            Err(_) => return,
        };
        let Ok(block) = block else { return };
        let stamp = stamps.get(block.file).copied().flatten();
        if parsed.send(parse::block(&block, zone, stamp)).is_err() {
            return;
        }
    }
}

/// The error of a thread that had to stop, because another one failed.
fn stopped() -> Error {
    Error::Input("the reading of the delivery was stopped".to_owned())
}
