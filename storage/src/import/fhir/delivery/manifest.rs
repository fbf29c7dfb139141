//! The manifest of a bulk export: which files a delivery has, and how many resources are in each.

use chrono::{DateTime, Utc};

use super::{Item, beginning};
use crate::{
    Error, Result,
    import::fhir::{
        date,
        json::{Value, last_part, list, text},
    },
};

/// What a manifest says.
#[derive(Debug, Default)]
pub struct Manifest {
    /// Name of the manifest itself.
    pub name: String,
    /// The delivery holds everything until then.
    pub transaction_time: Option<DateTime<Utc>>,
    /// Files with resources and with deletions.
    pub listed: Vec<Listed>,
}

/// A file that a manifest names.
#[derive(Debug)]
pub struct Listed {
    /// Last part of its address.
    pub name: String,
    /// Resources in it; `None` when it is not stated.
    pub count: Option<u64>,
}

/// What was read of a file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// Lines that are not blank, or entries of a bundle.
    pub values: u64,
    /// Resources and deletions, bad ones included.
    pub resources: u64,
}

/// Bytes of the largest manifest.
const LARGEST: u64 = 16 << 20;

/// Finds the manifests among the items.
///
/// # Errors
/// When a file cannot be read.
pub fn find(items: &[Item]) -> Result<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for item in items.iter().filter(|item| !item.is_lines()) {
        let mut bytes = beginning(item, 1 << 14)?;
        if !bytes.windows(17).any(|part| part == b"\"transactionTime\"") {
            continue;
        }
        if bytes.len() == 1 << 14 {
            bytes = beginning(item, LARGEST)?;
        }
        if let Some(manifest) = Value::parse(&bytes).as_ref().and_then(read) {
            manifests.push(Manifest {
                name: item.name.clone(),
                ..manifest
            });
        }
    }
    Ok(manifests)
}

fn read(value: &Value<'_>) -> Option<Manifest> {
    if value.get("resourceType").is_some() || value.get("output").is_none() {
        return None;
    }
    let listed = ["output", "deleted"].into_iter().flat_map(|key| {
        list(value, key).filter_map(|file| {
            let url = text(file, "url")?;
            let url = url.split(['?', '#']).next().unwrap_or_default();
            let count = file.get("count").and_then(Value::as_f64);
            Some(Listed {
                name: last_part(url).to_owned(),
                count: count.map(|count| count as u64),
            })
        })
    });
    Some(Manifest {
        name: String::new(),
        transaction_time: text(value, "transactionTime")
            .and_then(|time| date::instant(time, chrono_tz::UTC)),
        listed: listed.collect(),
    })
}

impl Manifest {
    /// Compares the manifest with what was read of each item.
    ///
    /// # Errors
    /// [`Error::DeliveryRefused`] when a file is missing or has another number of resources.
    pub fn check(&self, items: &[Item], read: &[Read]) -> Result<()> {
        let mut wrong = Vec::new();
        for listed in &self.listed {
            match (
                self.find(listed, items).map(|place| read[place]),
                listed.count,
            ) {
                (None, Some(0)) => {}
                (None, _) => wrong.push(format!("{} is missing", listed.name)),
                (Some(read), Some(count)) if count != read.values && count != read.resources => {
                    wrong.push(format!(
                        "{} has {} resources instead of {count}",
                        listed.name, read.values
                    ));
                }
                _ => {}
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        wrong.truncate(10);
        Err(Error::DeliveryRefused(format!(
            "the delivery is not what {} says: {}",
            self.name,
            wrong.join("; ")
        )))
    }

    /// The item that is meant: exports in one delivery may call their files alike, so the nearest counts.
    fn find(&self, listed: &Listed, items: &[Item]) -> Option<usize> {
        let name = listed.name.strip_suffix(".gz").unwrap_or(&listed.name);
        let called = (0..items.len()).filter(|&place| items[place].is_called(name));
        called.max_by_key(|&place| {
            let folder = items[place].folder();
            (folder == self.folder(), folder.starts_with(self.folder()))
        })
    }

    fn folder(&self) -> &str {
        let end = self.name.rfind('/').map_or(0, |slash| slash + 1);
        &self.name[..end]
    }
}

/// When each item was made: the time of the manifest that lists it, else of the nearest one above it, else of the newest.
#[must_use]
pub fn stamps(manifests: &[Manifest], items: &[Item]) -> Vec<Option<DateTime<Utc>>> {
    let mut stamps: Vec<_> = items
        .iter()
        .map(|item| {
            let nearest = manifests.iter().max_by_key(|manifest| {
                let is_above = item.folder().starts_with(manifest.folder());
                let depth = manifest.folder().len();
                (is_above.then_some(depth), manifest.transaction_time)
            });
            nearest.and_then(|manifest| manifest.transaction_time)
        })
        .collect();
    for manifest in manifests {
        let listed = manifest.listed.iter();
        for place in listed.filter_map(|listed| manifest.find(listed, items)) {
            stamps[place] = manifest.transaction_time;
        }
    }
    stamps
}
