//! What is loaded by which key.

use std::{collections::HashMap, sync::Arc};

use domain::event::EventKind;
use storage::{
    Connection, Result,
    data_elements::{self, DataElement, OptionSet, OptionValue},
    events::{
        lookup::{self, Enrollment},
        notes::{self, Note},
    },
    files::{self, FileResource},
    programs::{self, Column, Stage},
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
    stages: Cache<StageId>,
    stages_of: Cache<StagesOf>,
    columns: Cache<ColumnsOf>,
    elements: Cache<DataElementUid>,
    option_sets: Cache<OptionSetId>,
    options: Cache<OptionsOf>,
    option_names: Cache<OptionCode>,
    files: Cache<FileUid>,
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

/// A program stage by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StageId(pub i64);

impl Key for StageId {
    type Value = Arc<Stage>;
    const NAME: &'static str = "stages by key";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(one_each(programs::stages_by_ids(conn, &ids)?, |row| {
            StageId(row.programstageid)
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.stages)
    }
}

/// The stages of a program, by the program's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StagesOf(pub i64);

impl Key for StagesOf {
    type Value = Arc<[Arc<Stage>]>;
    const NAME: &'static str = "stages of programs";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(many_each(programs::stages_of(conn, &ids)?, |row| {
            StagesOf(row.programid.unwrap_or_default())
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.stages_of)
    }
}

/// The columns of a stage, by the stage's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnsOf(pub i64);

impl Key for ColumnsOf {
    type Value = Arc<[Arc<Column>]>;
    const NAME: &'static str = "columns of stages";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(many_each(programs::columns_of(conn, &ids)?, |row| {
            ColumnsOf(row.programstageid)
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.columns)
    }
}

/// A data element by identifier.
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

/// An option set by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionSetId(pub i64);

impl Key for OptionSetId {
    type Value = Arc<OptionSet>;
    const NAME: &'static str = "option sets by key";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(one_each(
            data_elements::option_sets_by_ids(conn, &ids)?,
            |row| OptionSetId(row.optionsetid),
        ))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.option_sets)
    }
}

/// The options of an option set, by the set's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionsOf(pub i64);

impl Key for OptionsOf {
    type Value = Arc<[Arc<OptionValue>]>;
    const NAME: &'static str = "options of sets";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        Ok(many_each(data_elements::options_of(conn, &ids)?, |row| {
            OptionsOf(row.optionsetid)
        }))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.options)
    }
}

/// An option by its set's key and its code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OptionCode(pub i64, pub String);

impl Key for OptionCode {
    type Value = Arc<OptionValue>;
    const NAME: &'static str = "option names";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let pairs: Vec<(i64, String)> = keys.iter().map(|key| (key.0, key.1.clone())).collect();
        Ok(one_each(
            data_elements::option_names(conn, &pairs)?,
            |row| OptionCode(row.optionsetid, row.code.clone()),
        ))
    }

    fn kept(kept: &Kept) -> Option<&Cache<Self>> {
        Some(&kept.option_names)
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

/// An enrolment by key.
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
