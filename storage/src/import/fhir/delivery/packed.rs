//! Reading files as they come: plain, `.gz`, members of a `.zip`. Nothing is unpacked to disk or whole into memory.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::Item;
use crate::{Error, Result};

const BUFFER: usize = 1 << 17;

/// Hands the unpacked bytes of an item to `read`.
///
/// # Errors
/// When the file cannot be read, or what `read` returned.
pub fn with_reader<T>(item: &Item, read: impl FnOnce(&mut dyn BufRead) -> Result<T>) -> Result<T> {
    let Some(member) = item.member else {
        return unpacked(&item.name, open(&item.path)?, read);
    };
    let mut archive = archive(&item.path)?;
    let file = archive
        .by_index(member)
        .map_err(|error| damaged(&item.path, error))?;
    unpacked(&item.name, file, read)
}

fn unpacked<T>(
    name: &str,
    file: impl Read,
    read: impl FnOnce(&mut dyn BufRead) -> Result<T>,
) -> Result<T> {
    if name.ends_with(".gz") {
        read(&mut BufReader::with_capacity(
            BUFFER,
            MultiGzDecoder::new(file),
        ))
    } else {
        read(&mut BufReader::with_capacity(BUFFER, file))
    }
}

/// The visible files of an archive, by name: place, name, packed size.
///
/// # Errors
/// When the archive cannot be read, or a file in it is locked.
pub fn members(path: &Path) -> Result<Vec<(usize, String, u64)>> {
    let mut archive = archive(path)?;
    let mut members = Vec::new();
    for place in 0..archive.len() {
        let file = archive
            .by_index_raw(place)
            .map_err(|error| damaged(path, error))?;
        if file.encrypted() {
            return Err(Error::Input(format!(
                "{} holds encrypted files, which are not supported",
                path.display()
            )));
        }
        let name = file.name().to_owned();
        let is_hidden = name
            .split('/')
            .any(|part| part.starts_with('.') || part == "__MACOSX");
        if file.is_file() && !is_hidden {
            members.push((place, name, file.compressed_size()));
        }
    }
    members.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(members)
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::with_capacity(BUFFER, open(path)?))
        .map_err(|error| damaged(path, error))
}

fn open(path: &Path) -> Result<File> {
    File::open(path).map_err(|error| Error::unreadable(path, error))
}

fn damaged(path: &Path, error: zip::result::ZipError) -> Error {
    Error::unreadable(path, std::io::Error::other(error))
}
