//! From a block of values to rows: pure, so that blocks can be worked on side by side.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{
    date,
    delivery::blocks::{self, Block, Kind},
    json::{Value, last_part, list, text},
    map::{self, Source, Version},
    reference::{Links, last_of_url},
    rule::Rule,
    stage::Batch,
};

/// A value that was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bad {
    /// Line, or place in the bundle or list, from 1.
    pub position: i64,
    /// Type of the resource, when it is one that is imported.
    pub kind: Option<&'static str>,
    /// Its id, when it has one.
    pub id: Option<String>,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// What a block holds.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Place of the file among those of the delivery.
    pub file: usize,
    /// Values read.
    pub values: u64,
    /// Resources and deletions read, bad ones included.
    pub resources: u64,
    /// Rows.
    pub batch: Batch,
    /// What was put aside.
    pub bad: Vec<Bad>,
    /// Resources of types that are not imported, by type.
    pub ignored: BTreeMap<String, u64>,
    /// Errors that the exporting system reports (`OperationOutcome`).
    pub export_errors: u64,
    /// Whether the file is a log or a manifest of a bulk export.
    pub is_export_record: bool,
    /// The delivery holds everything until then, when it says so.
    pub data_through: Option<DateTime<Utc>>,
}

/// Parses and maps a block. `stamp` is when the delivery was made.
#[must_use]
pub fn block(block: &Block, zone: Tz, stamp: Option<DateTime<Utc>>) -> Parsed {
    let mut parser = Parser {
        zone,
        seed: map::seed(zone),
        seq: block.first,
        stamp: block.stamp.or(stamp),
        parsed: Parsed {
            file: block.file,
            values: block.values.len() as u64,
            ..Parsed::default()
        },
    };
    for span in &block.values {
        let value = span.place.clone().and_then(|place| {
            Value::parse(block.bytes.get(place).unwrap_or_default()).ok_or(Rule::JsonSyntax)
        });
        match (value, block.kind) {
            (Err(rule), _) => {
                parser.parsed.resources += 1;
                parser.put_aside(span.position, None, None, rule);
            }
            (Ok(value), Kind::Entry) => parser.entry(&value, span.position, None, &block.links),
            (Ok(value), kind) => {
                let line = (kind == Kind::Line).then_some(span.position);
                parser.value(&value, span.position, line);
            }
        }
    }
    parser.parsed
}

struct Parser {
    zone: Tz,
    seed: u64,
    seq: i64,
    stamp: Option<DateTime<Utc>>,
    parsed: Parsed,
}

impl Parser {
    fn value(&mut self, value: &Value<'_>, position: i64, line: Option<i64>) {
        if self.is_export_record(value) {
            return;
        }
        if text(value, "resourceType") == Some("Bundle") {
            return self.bundle(value, line);
        }
        self.resource(value, position, None, &Links::new());
    }

    /// A log line or the manifest of a bulk export: not FHIR, but it tells until when the data goes.
    fn is_export_record(&mut self, value: &Value<'_>) -> bool {
        let is_log = value.get("exportId").is_some() && value.get("eventId").is_some();
        let is_manifest = value.get("transactionTime").is_some() && value.get("output").is_some();
        if value.get("resourceType").is_some() || !(is_log || is_manifest) {
            return false;
        }
        let detail = if is_log {
            value.get("eventDetail").unwrap_or(value)
        } else {
            value
        };
        let time = text(detail, "transactionTime").and_then(|time| date::instant(time, self.zone));
        self.parsed.data_through = self.parsed.data_through.max(time);
        self.parsed.is_export_record = true;
        true
    }

    /// The entries of a bundle, whatever its type. A line of NDJSON keeps its number, else entries are counted.
    fn bundle(&mut self, bundle: &Value<'_>, line: Option<i64>) {
        let links = links(bundle);
        let outer = self.stamp;
        self.stamp = blocks::stamp(bundle).or(outer);
        for (position, entry) in (1..).zip(list(bundle, "entry")) {
            self.entry(entry, position, line, &links);
        }
        self.stamp = outer;
    }

    fn entry(&mut self, entry: &Value<'_>, position: i64, line: Option<i64>, links: &Links) {
        let position = line.unwrap_or(position);
        match entry.get("resource") {
            Some(inner) if text(inner, "resourceType") == Some("Bundle") => {
                self.bundle(inner, Some(position));
            }
            Some(resource) => self.resource(resource, position, text(entry, "fullUrl"), links),
            None => self.deletion(entry),
        }
    }

    fn resource(
        &mut self,
        resource: &Value<'_>,
        position: i64,
        full_url: Option<&str>,
        links: &Links,
    ) {
        self.parsed.resources += 1;
        let Some(name) = text(resource, "resourceType").filter(|name| is_type(name)) else {
            return self.put_aside(position, None, None, Rule::NotAResource);
        };
        let Some(kind) = map::kind(name) else {
            if name == "OperationOutcome" {
                self.parsed.export_errors += errors(resource);
            }
            *self.parsed.ignored.entry(name.to_owned()).or_default() += 1;
            return;
        };
        let Some(id) = id(resource, full_url) else {
            return self.put_aside(position, Some(kind), None, Rule::MissingId);
        };
        self.seq += 1;
        let source = Source {
            seq: self.seq,
            id,
            resource,
            links,
            zone: self.zone,
            version: Version::of(resource, self.zone, self.seed),
        };
        if let Err(rule) = map::resource(&source, kind, &mut self.parsed.batch) {
            self.put_aside(position, Some(kind), Some(id), rule);
        }
    }

    /// An entry without a resource: a deletion, or nothing.
    fn deletion(&mut self, entry: &Value<'_>) {
        let request = entry.get("request").unwrap_or(&Value::Null);
        let target = text(request, "url").and_then(|url| url.rsplit_once('/'));
        let (Some("DELETE"), Some((kind, id))) = (text(request, "method"), target) else {
            return;
        };
        self.parsed.resources += 1;
        if let Some(kind) = map::kind(last_part(kind)) {
            self.seq += 1;
            let response = entry.get("response").unwrap_or(&Value::Null);
            let at = text(response, "lastModified").and_then(|time| date::instant(time, self.zone));
            let deletion = map::deletion(self.seq, kind, id, at.or(self.stamp));
            self.parsed.batch.resources.push(deletion);
        }
    }

    fn put_aside(
        &mut self,
        position: i64,
        kind: Option<&'static str>,
        id: Option<&str>,
        rule: Rule,
    ) {
        self.parsed.bad.push(Bad {
            position,
            kind,
            id: id.map(str::to_owned),
            rule,
        });
    }
}

/// How many issues of an `OperationOutcome` are errors.
fn errors(outcome: &Value<'_>) -> u64 {
    let issues = list(outcome, "issue");
    let severities = issues.filter_map(|issue| text(issue, "severity"));
    severities
        .filter(|severity| matches!(*severity, "error" | "fatal"))
        .count() as u64
}

/// Whether a text can be the name of a resource type.
fn is_type(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Ids of a bundle's resources by their `fullUrl`.
fn links(bundle: &Value<'_>) -> Arc<Links> {
    let links = list(bundle, "entry").filter_map(|entry| {
        let full_url = text(entry, "fullUrl")?;
        let id = id(entry.get("resource")?, Some(full_url))?;
        (last_of_url(full_url) != id).then(|| (full_url.to_owned(), id.to_owned()))
    });
    Arc::new(links.collect())
}

/// The id of a resource; without one, that of its `fullUrl`.
fn id<'v>(resource: &'v Value<'_>, full_url: Option<&'v str>) -> Option<&'v str> {
    text(resource, "id")
        .or_else(|| full_url.map(last_of_url))
        .filter(|id| !id.is_empty() && id.len() <= 256 && !id.contains(['/', '|', '?']))
}
