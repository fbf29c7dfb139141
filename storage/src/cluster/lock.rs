//! The lock that gives a data folder to one Clinigraph at a time.
//!
//! Owns `clinigraph.lock`. Must not know what the folder holds.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::ClusterError;

/// A data folder taken for this process, until dropped. The operating system frees it when the
/// process ends, however it ends; the pid in the file serves the message only.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    pub(super) fn take(data_dir: &Path) -> Result<Self, ClusterError> {
        let path = data_dir.join("clinigraph.lock");
        let failed = |source| ClusterError::Lock {
            path: path.clone(),
            source,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(ClusterError::InUse {
                    pid: owner(&mut file).map_or("unknown".into(), |pid| pid.to_string()),
                    data_dir: data_dir.into(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process being started holds a copy of the file for a moment.
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "cannot unlock the data folder");
        }
    }
}

fn owner(file: &mut File) -> Option<u32> {
    let mut pid = String::new();
    file.read_to_string(&mut pid).ok()?;
    pid.trim().parse().ok()
}
