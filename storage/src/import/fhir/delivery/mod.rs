//! A delivery on disk: its files, packed or not, and the JSON values in them.

pub mod blocks;
pub mod elements;
pub mod manifest;
mod packed;

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

pub use self::packed::with_reader;
use crate::{Error, Result};

/// A file of a delivery: one on disk, or a member of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The file on disk.
    pub path: PathBuf,
    /// Its place in the archive; `None` when it is the file itself.
    pub member: Option<usize>,
    /// Name within the delivery, archives as folders.
    pub name: String,
    /// Bytes on disk.
    pub size: u64,
}

impl Item {
    /// The last part of its name, without the ending of a packed file.
    #[must_use]
    pub fn base_name(&self) -> &str {
        let name = self.name.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".gz").unwrap_or(name)
    }

    /// The folder that it lies in, with a slash at its end; empty at the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        let end = self.name.rfind('/').map_or(0, |slash| slash + 1);
        &self.name[..end]
    }

    /// Whether it is the file that a manifest names, with or without its ending.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let own = self.base_name();
        own == name || own.rsplit_once('.').is_some_and(|(stem, _)| stem == name)
    }

    /// Whether each of its lines is a value.
    #[must_use]
    pub fn is_lines(&self) -> bool {
        has_ending(self.base_name(), &["ndjson", "jsonl"])
    }
}

/// The files of a delivery in a fixed order.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Those that hold JSON.
    pub items: Vec<Item>,
    /// Names of the others.
    pub others: Vec<String>,
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    endings
        .iter()
        .any(|known| ending.eq_ignore_ascii_case(known))
}

/// Finds the files below a path. A single file is taken whatever its ending.
///
/// # Errors
/// When a folder or an archive cannot be read.
pub fn find(path: &Path) -> Result<Delivery> {
    let mut files = Vec::new();
    if path.is_dir() {
        let mut folders = vec![path.to_owned()];
        while let Some(folder) = folders.pop() {
            list(&folder, &mut folders, &mut files)?;
        }
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let mut delivery = Delivery::default();
    for file in files {
        let name = name(path, &file);
        let size = file
            .metadata()
            .map_err(|error| Error::unreadable(&file, error))?
            .len();
        if has_ending(&name, &["zip"]) {
            for (member, inner, size) in packed::members(&file)? {
                delivery.add(
                    Item {
                        path: file.clone(),
                        member: Some(member),
                        name: format!("{name}/{inner}"),
                        size,
                    },
                    false,
                );
            }
        } else {
            let item = Item {
                path: file,
                member: None,
                name,
                size,
            };
            delivery.add(item, !path.is_dir());
        }
    }
    Ok(delivery)
}

impl Delivery {
    fn add(&mut self, item: Item, is_named: bool) {
        if is_named || has_ending(item.base_name(), &["json", "ndjson", "jsonl"]) {
            self.items.push(item);
        } else {
            self.others.push(item.name);
        }
    }
}

/// The visible files and folders of a folder.
fn list(folder: &Path, folders: &mut Vec<PathBuf>, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|error| Error::unreadable(folder, error))? {
        let entry = entry.map_err(|error| Error::unreadable(folder, error))?;
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        match (is_hidden, entry.path().is_dir()) {
            (true, _) => {}
            (false, true) => folders.push(entry.path()),
            (false, false) => files.push(entry.path()),
        }
    }
    Ok(())
}

/// The name of a file within its delivery.
fn name(root: &Path, file: &Path) -> String {
    let name = match file.strip_prefix(root) {
        Ok(name) if !name.as_os_str().is_empty() => name,
        _ => file.file_name().map_or(file, Path::new),
    };
    name.display().to_string()
}

/// The SHA-256 of an item's content and of the way it is mapped, hexadecimal.
///
/// # Errors
/// When it cannot be read.
pub fn hash(item: &Item, seed: u64) -> Result<String> {
    with_reader(item, |reader| {
        let mut hasher = Sha256::new();
        hasher.update(seed.to_le_bytes());
        loop {
            let bytes = reader
                .fill_buf()
                .map_err(|error| Error::unreadable(&item.path, error))?;
            if bytes.is_empty() {
                break;
            }
            hasher.update(bytes);
            let count = bytes.len();
            reader.consume(count);
        }
        let hash = hasher.finalize();
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    })
}

/// The first bytes of an item, as many as `limit`.
///
/// # Errors
/// When it cannot be read.
pub fn beginning(item: &Item, limit: u64) -> Result<Vec<u8>> {
    with_reader(item, |reader| {
        let mut bytes = Vec::new();
        reader
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::unreadable(&item.path, error))?;
        Ok(bytes)
    })
}
