//! What is loaded by which key.

use std::{collections::HashMap, sync::Arc};

use domain::event::EventKind;
use storage::{
    Connection, Result,
    data_elements::{self, DataElement},
    events::{
        lookup::{self, Enrollment},
        notes::{self, Note},
    },
    files::{self, FileResource},
    programs::{self, Definition},
    users::{self, User},
};

use super::{Key, many_each, one_each};
use crate::cache::VersionedCache;

/// Values that are kept while the metadata version stands; `None` for keys that have none.
type Cache<K> = VersionedCache<K, Option<<K as Key>::Value>>;

/// What is kept of metadata and people between requests.
#[derive(Default)]
pub struct Kept {
    users: Cache<UserId>,
    programs: Cache<ProgramUid>,
    elements: Cache<DataElementUid>,
    files: Cache<FileUid>,
}

impl Kept {
    /// Hits and misses of programs.
    pub(crate) fn program_lookups(&self) -> (u64, u64) {
        self.programs.lookups()
    }
}

/// A person by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

impl Key for UserId {
    type Value = Arc<User>;
    const NAME: &'static str = "users by key";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(one_each(users::by_ids(conn, &ids)?, |row| {
            UserId(row.userinfoid)
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.users)
    }
}

/// A program with all that its lists show, by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProgramUid(pub String);

impl Key for ProgramUid {
    type Value = Arc<Definition>;
    const NAME: &'static str = "programs by uid";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let uids: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(one_each(programs::definitions(conn, &uids)?, |row| {
            ProgramUid(row.program.uid.clone())
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.programs)
    }
}

/// A data element by identifier, with its options: for those that no stage of a program has.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataElementUid(pub String);

impl Key for DataElementUid {
    type Value = Arc<DataElement>;
    const NAME: &'static str = "data elements by uid";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(one_each(data_elements::by_uids(conn, &ids)?, |row| {
            DataElementUid(row.uid.clone())
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.elements)
    }
}

/// A file by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileUid(pub String);

impl Key for FileUid {
    type Value = Arc<FileResource>;
    const NAME: &'static str = "files by uid";
    const APPEARS: bool = true;

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let uids: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        Ok(one_each(files::by_uids(conn, &uids)?, |row| {
            FileUid(row.uid.clone())
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.files)
    }
}

/// The notes of an event, by kind and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NotesOf(pub EventKind, pub i64);

impl Key for NotesOf {
    type Value = Arc<[Arc<Note>]>;
    const NAME: &'static str = "notes of events";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let mut notes = HashMap::new();
        for kind in [EventKind::Single, EventKind::Tracker] {
            let of_kind = keys.iter().filter(|key| key.0 == kind);
            let events: Vec<i64> = of_kind.map(|key| key.1).collect();
            if !events.is_empty() {
                let rows = notes::of_events(conn, kind, &events)?;
                notes.extend(many_each(rows, |row| NotesOf(kind, row.eventid)));
            }
        }
        Ok(notes)
    }
}

/// An enrolment with its tracked entity, by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnrollmentId(pub i64);

impl Key for EnrollmentId {
    type Value = Arc<Enrollment>;
    const NAME: &'static str = "enrolments by key";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = lookup::enrollments_by_ids(conn, &ids)?;
        Ok(one_each(rows, |row| EnrollmentId(row.enrollmentid)))
    }
}
