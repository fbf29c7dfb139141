//! Phase one: reads a delivery, maps each resource and copies it into the temporary tables.

use std::{collections::BTreeMap, path::Path};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use indicatif::ProgressBar;
use serde_json::Value;

use super::{
    date, files,
    json::{last_part, list, text},
    map::{self, Source},
    reference::Links,
    rule::Rule,
    stage::{self, Batch},
};
use crate::{
    Connection, Result,
    import::{self, BadLine},
};

/// What phase one found besides the rows.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Resources of types that are not imported, by type.
    pub ignored: BTreeMap<String, u64>,
    /// Files that hold no FHIR.
    pub skipped: Vec<String>,
    /// Lines put aside.
    pub quarantined: u64,
    /// The delivery holds everything until then, when it says so.
    pub data_through: Option<DateTime<Utc>>,
}

/// Loads the files below `path` into the temporary tables, and bad lines into the quarantine of `run`.
///
/// # Errors
/// When a file cannot be read or a statement fails.
pub fn load(
    conn: &mut Connection,
    path: &Path,
    zone: Tz,
    run: i64,
    progress: &ProgressBar,
) -> Result<Loaded> {
    stage::create(conn)?;
    let (paths, others) = files::find(path)?;
    let size = |path: &std::path::PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
    progress.set_length(paths.iter().map(size).sum());
    let mut loader = Loader {
        conn,
        zone,
        run,
        seq: 0,
        file: String::new(),
        batch: Batch::default(),
        bad: Vec::new(),
        loaded: Loaded::default(),
    };
    loader.loaded.skipped = others.iter().map(|file| name(path, file)).collect();
    for file in paths {
        loader.file = name(path, &file);
        progress.set_message(loader.file.clone());
        files::read(&file, &mut |entry| {
            progress.inc(entry.bytes);
            loader.entry(entry)
        })?;
    }
    loader.flush()?;
    stage::analyze(loader.conn)?;
    Ok(loader.loaded)
}

/// The name of a file within its delivery.
fn name(root: &Path, file: &Path) -> String {
    let name = file.strip_prefix(root).unwrap_or(file);
    let name = if name.as_os_str().is_empty() {
        file
    } else {
        name
    };
    name.display().to_string()
}

struct Loader<'a> {
    conn: &'a mut Connection,
    zone: Tz,
    run: i64,
    seq: i64,
    file: String,
    batch: Batch,
    bad: Vec<BadLine>,
    loaded: Loaded,
}

/// Where a resource stands, for the quarantine.
#[derive(Clone, Copy)]
struct Place<'a> {
    line: i64,
    links: &'a Links,
    full_url: Option<&'a str>,
}

impl Loader<'_> {
    fn entry(&mut self, entry: files::Entry) -> Result<()> {
        let line = entry.line.unwrap_or(1);
        let value = match entry.value {
            Ok(value) => value,
            Err(rule) => return self.put_aside(line, None, None, rule),
        };
        if self.is_export_record(&value) {
            return Ok(());
        }
        match &value {
            Value::Array(resources) if entry.line.is_none() => {
                for (position, resource) in (1..).zip(resources) {
                    self.value(resource, position, entry.line)?;
                }
                Ok(())
            }
            value => self.value(value, line, entry.line),
        }
    }

    /// A log line or the manifest of a bulk export: not FHIR, but it tells until when the data goes.
    fn is_export_record(&mut self, value: &Value) -> bool {
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
        self.loaded.data_through = self.loaded.data_through.max(time);
        if self.loaded.skipped.last() != Some(&self.file) {
            self.loaded.skipped.push(self.file.clone());
        }
        true
    }

    fn value(&mut self, value: &Value, position: i64, line: Option<i64>) -> Result<()> {
        if text(value, "resourceType") == Some("Bundle") {
            return self.bundle(value, line);
        }
        let links = Links::new();
        self.resource(
            value,
            Place {
                line: position,
                links: &links,
                full_url: None,
            },
        )
    }

    /// The entries of a bundle, whatever its type. A line of NDJSON keeps its number, else entries are counted.
    fn bundle(&mut self, bundle: &Value, line: Option<i64>) -> Result<()> {
        let links = links(bundle);
        for (position, entry) in (1..).zip(list(bundle, "entry")) {
            let full_url = text(entry, "fullUrl");
            let place = Place {
                line: line.unwrap_or(position),
                links: &links,
                full_url,
            };
            match entry.get("resource") {
                Some(inner) if text(inner, "resourceType") == Some("Bundle") => {
                    self.bundle(inner, line.or(Some(position)))?;
                }
                Some(resource) => self.resource(resource, place)?,
                None => self.deletion(entry, place)?,
            }
        }
        Ok(())
    }

    fn resource(&mut self, resource: &Value, place: Place<'_>) -> Result<()> {
        let Some(name) = text(resource, "resourceType").filter(|name| is_type(name)) else {
            return self.put_aside(place.line, None, None, Rule::NotAResource);
        };
        let Some(kind) = map::kind(name) else {
            *self.loaded.ignored.entry(name.to_owned()).or_default() += 1;
            return Ok(());
        };
        let Some(id) = id(resource, place.full_url) else {
            return self.put_aside(place.line, Some(kind), None, Rule::MissingId);
        };
        let source = self.source(id, resource, place.links);
        if let Err(rule) = map::resource(&source, kind, &mut self.batch) {
            return self.put_aside(place.line, Some(kind), Some(id), rule);
        }
        self.flush_when_full()
    }

    /// An entry without a resource: a deletion, or nothing.
    fn deletion(&mut self, entry: &Value, place: Place<'_>) -> Result<()> {
        let request = entry.get("request").unwrap_or(&Value::Null);
        let target = text(request, "url").and_then(|url| url.rsplit_once('/'));
        let (Some("DELETE"), Some((kind, id))) = (text(request, "method"), target) else {
            return Ok(());
        };
        if let Some(kind) = map::kind(last_part(kind)) {
            let source = self.source(id, &Value::Null, place.links);
            map::deletion(&source, kind, &mut self.batch);
        }
        self.flush_when_full()
    }

    fn source<'s>(&mut self, id: &'s str, resource: &'s Value, links: &'s Links) -> Source<'s> {
        self.seq += 1;
        Source {
            seq: self.seq,
            id,
            resource,
            links,
            zone: self.zone,
        }
    }

    fn put_aside(
        &mut self,
        line: i64,
        kind: Option<&str>,
        id: Option<&str>,
        rule: Rule,
    ) -> Result<()> {
        self.bad.push(BadLine {
            file: self.file.clone(),
            line,
            resource_type: kind.map(str::to_owned),
            resource_id: id.map(str::to_owned),
            rule: rule.code().into(),
            message: rule.message().to_owned(),
        });
        self.flush_when_full()
    }

    fn flush_when_full(&mut self) -> Result<()> {
        if self.batch.is_full() || self.bad.len() >= 1_000 {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<()> {
        import::quarantine(self.conn, self.run, &self.bad)?;
        self.loaded.quarantined += self.bad.len() as u64;
        self.bad.clear();
        self.batch.copy(self.conn)
    }
}

/// Whether a text can be the name of a resource type.
fn is_type(name: &str) -> bool {
    name.len() <= 64
        && name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// Ids of a bundle's resources by their `fullUrl`.
fn links(bundle: &Value) -> Links {
    list(bundle, "entry")
        .filter_map(|entry| {
            let full_url = text(entry, "fullUrl")?;
            Some((
                full_url.to_owned(),
                id(entry.get("resource")?, Some(full_url))?.to_owned(),
            ))
        })
        .collect()
}

/// The id of a resource; without one, that of its `fullUrl`.
fn id<'v>(resource: &'v Value, full_url: Option<&'v str>) -> Option<&'v str> {
    let from_url = |url: &'v str| {
        url.strip_prefix("urn:uuid:")
            .unwrap_or_else(|| last_part(url))
    };
    text(resource, "id")
        .or_else(|| full_url.map(from_url))
        .filter(|id| !id.is_empty() && id.len() <= 256 && !id.contains(['/', '|', '?']))
}
