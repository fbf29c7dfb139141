//! The files of a delivery and the JSON values in them.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{json::remove_nul, rule::Rule};
use crate::{Error, Result};

/// One JSON value of a file.
#[derive(Debug)]
pub struct Entry {
    /// Line of the file, from 1; `None` when the value is the whole file.
    pub line: Option<i64>,
    /// Bytes read for it.
    pub bytes: u64,
    /// The value, or why there is none.
    pub value: Result<Value, Rule>,
}

/// The files below a path, in a fixed order: those that hold JSON, and those that do not.
///
/// # Errors
/// When a folder cannot be read.
pub fn find(path: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    if !path.is_dir() {
        return Ok((vec![path.to_owned()], Vec::new()));
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))? {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let kind = entry
                .file_type()
                .map_err(|error| unreadable(&folder, error))?;
            let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            match (is_hidden, kind.is_dir()) {
                (true, _) => {}
                (false, true) => folders.push(entry.path()),
                (false, false) => files.push(entry.path()),
            }
        }
    }
    files.sort();
    Ok(files.into_iter().partition(|file| is_json(file)))
}

fn is_json(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
    extension == "json" || is_lines(file)
}

fn is_lines(file: &Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_ascii_lowercase();
    extension == "ndjson" || extension == "jsonl"
}

/// Hands the values of a file to `visit`, one after the other.
///
/// A `.json` file is one value; when it is not, it is read line by line, as all others are.
///
/// # Errors
/// When the file cannot be read, or what `visit` returned.
pub fn read(path: &Path, visit: &mut impl FnMut(Entry) -> Result<()>) -> Result<()> {
    if !is_lines(path) {
        let mut bytes = Vec::new();
        open(path)?
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(path, error))?;
        let value = parse(&bytes);
        let first_line = bytes
            .split(|&byte| byte == b'\n')
            .next()
            .unwrap_or_default();
        if value.is_ok() || parse(first_line).is_err() {
            return visit(Entry {
                line: None,
                bytes: bytes.len() as u64,
                value,
            });
        }
    }
    let mut reader = BufReader::with_capacity(1 << 16, open(path)?);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if reader
            .read_until(b'\n', &mut bytes)
            .map_err(|error| unreadable(path, error))?
            == 0
        {
            break;
        }
        if !bytes.trim_ascii().is_empty() {
            visit(Entry {
                line: Some(line),
                bytes: bytes.len() as u64,
                value: parse(&bytes),
            })?;
        }
    }
    Ok(())
}

fn parse(bytes: &[u8]) -> Result<Value, Rule> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let mut value = serde_json::from_slice(bytes).map_err(|_| Rule::JsonSyntax)?;
    if bytes.windows(6).any(|escape| escape == b"\\u0000") {
        remove_nul(&mut value);
    }
    Ok(value)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        source: Arc::new(error),
    }
}
