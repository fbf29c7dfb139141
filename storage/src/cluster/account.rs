//! The operating system account PostgreSQL runs as: it refuses root.
//!
//! Owns the choice of the account and the ownership of files. Must not know what the files hold.

use std::fs;
use std::os::unix::fs::{MetadataExt, lchown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::{Uid, User, geteuid};

use super::binaries::Binaries;
use super::{ClusterError, at};

/// The account PostgreSQL runs as.
#[derive(Debug)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    name: String,
    /// We are root and become this account; else we already are it.
    switch: bool,
}

impl Account {
    /// For root the owner of an existing cluster, else `postgres`, else `nobody`; for anyone else
    /// that user.
    pub(super) fn for_cluster(pgdata: &Path) -> Result<Self, ClusterError> {
        let me = geteuid();
        let owner = fs::metadata(pgdata)
            .ok()
            .map(|found| (found.uid(), found.gid()));
        match owner {
            Some((uid, _)) if !me.is_root() && uid != me.as_raw() => {
                Err(ClusterError::ForeignOwner {
                    path: pgdata.into(),
                    owner: name_of(uid),
                })
            }
            _ if !me.is_root() => Ok(Self {
                uid: me.as_raw(),
                gid: nix::unistd::getegid().as_raw(),
                name: name_of(me.as_raw()),
                switch: false,
            }),
            Some((uid, gid)) if uid != 0 => Ok(Self {
                uid,
                gid,
                name: name_of(uid),
                switch: true,
            }),
            _ => ["postgres", "nobody"]
                .iter()
                .find_map(|name| User::from_name(name).ok().flatten())
                .map(|user| Self {
                    uid: user.uid.as_raw(),
                    gid: user.gid.as_raw(),
                    name: user.name,
                    switch: true,
                })
                .ok_or(ClusterError::NoAccount),
        }
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// A command of this account. It inherits nothing: our environment may hold secrets, and our
    /// current folder may be closed to it.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null());
        if self.switch {
            // Setting the user also clears the supplementary groups.
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Names the first folder on the way to `data_dir` which this account may not enter.
    pub(super) fn check_reach(
        &self,
        binaries: &Binaries,
        data_dir: &Path,
    ) -> Result<(), ClusterError> {
        let program = binaries.postgres();
        // Asked by entering it rather than by reading modes: access lists count too.
        let enters = |folder: &&Path| {
            let mut command = self.command(&program);
            command
                .arg("--version")
                .current_dir(folder)
                .stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        if !self.switch || enters(&data_dir) {
            return Ok(());
        }
        let account = self.name.clone();
        if !enters(&Path::new("/")) {
            return Err(ClusterError::NotExecutable { program, account });
        }
        let mut way: Vec<&Path> = data_dir.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|folder| !enters(folder));
        Err(ClusterError::Unreachable {
            folder: closed.unwrap_or(data_dir).into(),
            account,
        })
    }

    /// Gives one file or folder to this account.
    pub(super) fn own(&self, path: &Path) -> Result<(), ClusterError> {
        if !self.switch {
            return Ok(());
        }
        lchown(path, Some(self.uid), Some(self.gid)).map_err(at(path, change_owner))
    }

    /// Gives a cluster that root restored or copied to this account. The top folder comes last, so
    /// that an interruption leaves it to be done again.
    pub(super) fn own_tree(&self, top: &Path) -> Result<(), ClusterError> {
        let found = fs::symlink_metadata(top).map_err(at(top, change_owner))?;
        if !self.switch || found.uid() == self.uid {
            return Ok(());
        }
        tracing::info!(path = %top.display(), account = self.name, "giving the cluster to the account postgresql runs as");
        self.own_below(top)
    }

    fn own_below(&self, path: &Path) -> Result<(), ClusterError> {
        let found = fs::symlink_metadata(path).map_err(at(path, change_owner))?;
        if found.is_dir() {
            for entry in fs::read_dir(path).map_err(at(path, change_owner))? {
                self.own_below(&entry.map_err(at(path, change_owner))?.path())?;
            }
        }
        self.own(path)
    }
}

fn name_of(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

fn change_owner(path: std::path::PathBuf, source: std::io::Error) -> ClusterError {
    ClusterError::ChangeOwner { path, source }
}
