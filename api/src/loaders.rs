//! One key and one batch for each edge under a list. All live in one loader per request.

mod saved_views;

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::dataloader::{DataLoader, Loader};
use domain::event::EventKind;
use storage::{
    Error,
    data_elements::{self, DataElement, OptionSet, OptionValue},
    events::{
        lookup::{self, Enrollment},
        notes::{self, Note},
    },
    org_units::{self, OrgUnit},
    programs::{self, Column, Stage},
    users::{self, User},
};

use crate::db::Db;
pub use saved_views::SavedViewsOf;

/// What the data loader wants to run in the background.
type Batch = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

/// The loaders of one request: keys that its fields ask for are collected and read by one statement.
///
/// async-graphql polls a list of more than 30 rows two rows at a time and yields in between, so a loader that starts when
/// it is first asked would read two rows per statement. This one waits, without a timer, until the rows stop asking.
pub struct Loaders {
    inner: DataLoader<Db>,
    asked: Arc<AtomicUsize>,
}

impl Loaders {
    /// Loaders that have read nothing yet.
    #[must_use]
    pub fn new(db: Db) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        let spawn = move |batch: Batch| {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                until_quiet(&counter).await;
                batch.await;
            })
        };
        Loaders {
            inner: DataLoader::new(db, spawn).delay(Duration::ZERO),
            asked,
        }
    }

    /// The value of a key; `None` when there is none.
    ///
    /// # Errors
    /// When the batch fails.
    pub async fn load_one<K>(&self, key: K) -> Result<Option<<Db as Loader<K>>::Value>, Error>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Db: Loader<K, Error = Error>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.load_one(key).await
    }

    /// The values of some keys; those without one are absent.
    ///
    /// # Errors
    /// When the batch fails.
    pub async fn load_many<K>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<HashMap<K, <Db as Loader<K>>::Value>, Error>
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Db: Loader<K, Error = Error>,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.load_many(keys).await
    }
}

/// Lets the other tasks of this thread run until none of them asks for more.
async fn until_quiet(asked: &AtomicUsize) {
    let mut before = asked.load(Ordering::Relaxed);
    loop {
        tokio::task::yield_now().await;
        let now = asked.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

/// An org unit by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrgUnitId(pub i64);

/// An org unit by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OrgUnitUid(pub String);

/// A person by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub i64);

/// A program stage by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StageId(pub i64);

/// The stages of a program, by the program's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StagesOf(pub i64);

/// The columns of a stage, by the stage's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnsOf(pub i64);

/// A data element by identifier.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataElementUid(pub String);

/// An option set by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionSetId(pub i64);

/// The options of an option set, by the set's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OptionsOf(pub i64);

/// An option by its set's key and its code.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OptionCode(pub i64, pub String);

/// The notes of an event, by kind and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NotesOf(pub EventKind, pub i64);

/// An enrolment by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnrollmentId(pub i64);

fn one_each<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, V> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn many_each<K: Eq + Hash, V>(rows: Vec<V>, key: impl Fn(&V) -> K) -> HashMap<K, Vec<V>> {
    let mut groups: HashMap<K, Vec<V>> = HashMap::new();
    for row in rows {
        groups.entry(key(&row)).or_default().push(row);
    }
    groups
}

impl Loader<OrgUnitId> for Db {
    type Value = OrgUnit;
    type Error = Error;

    async fn load(&self, keys: &[OrgUnitId]) -> Result<HashMap<OrgUnitId, OrgUnit>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("org units by key", move |conn| {
                org_units::by_ids(conn, &ids)
            })
            .await?;
        Ok(one_each(rows, |row| OrgUnitId(row.organisationunitid)))
    }
}

impl Loader<OrgUnitUid> for Db {
    type Value = OrgUnit;
    type Error = Error;

    async fn load(&self, keys: &[OrgUnitUid]) -> Result<HashMap<OrgUnitUid, OrgUnit>, Error> {
        let uids: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let rows = self
            .run("org units by uid", move |conn| {
                org_units::by_uids(conn, &uids)
            })
            .await?;
        Ok(one_each(rows, |row| OrgUnitUid(row.uid.clone())))
    }
}

impl Loader<UserId> for Db {
    type Value = User;
    type Error = Error;

    async fn load(&self, keys: &[UserId]) -> Result<HashMap<UserId, User>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("users by key", move |conn| users::by_ids(conn, &ids))
            .await?;
        Ok(one_each(rows, |row| UserId(row.userinfoid)))
    }
}

impl Loader<StageId> for Db {
    type Value = Stage;
    type Error = Error;

    async fn load(&self, keys: &[StageId]) -> Result<HashMap<StageId, Stage>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("stages by key", move |conn| {
                programs::stages_by_ids(conn, &ids)
            })
            .await?;
        Ok(one_each(rows, |row| StageId(row.programstageid)))
    }
}

impl Loader<StagesOf> for Db {
    type Value = Vec<Stage>;
    type Error = Error;

    async fn load(&self, keys: &[StagesOf]) -> Result<HashMap<StagesOf, Vec<Stage>>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("stages of programs", move |conn| {
                programs::stages_of(conn, &ids)
            })
            .await?;
        Ok(many_each(rows, |row| {
            StagesOf(row.programid.unwrap_or_default())
        }))
    }
}

impl Loader<ColumnsOf> for Db {
    type Value = Vec<Column>;
    type Error = Error;

    async fn load(&self, keys: &[ColumnsOf]) -> Result<HashMap<ColumnsOf, Vec<Column>>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("columns of stages", move |conn| {
                programs::columns_of(conn, &ids)
            })
            .await?;
        Ok(many_each(rows, |row| ColumnsOf(row.programstageid)))
    }
}

impl Loader<DataElementUid> for Db {
    type Value = DataElement;
    type Error = Error;

    async fn load(
        &self,
        keys: &[DataElementUid],
    ) -> Result<HashMap<DataElementUid, DataElement>, Error> {
        let uids: Vec<String> = keys.iter().map(|key| key.0.clone()).collect();
        let rows = self
            .run("data elements by uid", move |conn| {
                data_elements::by_uids(conn, &uids)
            })
            .await?;
        Ok(one_each(rows, |row| DataElementUid(row.uid.clone())))
    }
}

impl Loader<OptionSetId> for Db {
    type Value = OptionSet;
    type Error = Error;

    async fn load(&self, keys: &[OptionSetId]) -> Result<HashMap<OptionSetId, OptionSet>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("option sets by key", move |conn| {
                data_elements::option_sets_by_ids(conn, &ids)
            })
            .await?;
        Ok(one_each(rows, |row| OptionSetId(row.optionsetid)))
    }
}

impl Loader<OptionsOf> for Db {
    type Value = Vec<OptionValue>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[OptionsOf],
    ) -> Result<HashMap<OptionsOf, Vec<OptionValue>>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("options of sets", move |conn| {
                data_elements::options_of(conn, &ids)
            })
            .await?;
        Ok(many_each(rows, |row| OptionsOf(row.optionsetid)))
    }
}

impl Loader<OptionCode> for Db {
    type Value = OptionValue;
    type Error = Error;

    async fn load(&self, keys: &[OptionCode]) -> Result<HashMap<OptionCode, OptionValue>, Error> {
        let pairs: Vec<(i64, String)> = keys.iter().map(|key| (key.0, key.1.clone())).collect();
        let rows = self
            .run("option names", move |conn| {
                data_elements::option_names(conn, &pairs)
            })
            .await?;
        Ok(one_each(rows, |row| {
            OptionCode(row.optionsetid, row.code.clone())
        }))
    }
}

impl Loader<NotesOf> for Db {
    type Value = Vec<Note>;
    type Error = Error;

    async fn load(&self, keys: &[NotesOf]) -> Result<HashMap<NotesOf, Vec<Note>>, Error> {
        let mut notes = HashMap::new();
        for kind in [EventKind::Single, EventKind::Tracker] {
            let events: Vec<i64> = keys
                .iter()
                .filter(|key| key.0 == kind)
                .map(|key| key.1)
                .collect();
            if !events.is_empty() {
                let rows = self
                    .run("notes of events", move |conn| {
                        notes::of_events(conn, kind, &events)
                    })
                    .await?;
                notes.extend(many_each(rows, |row| NotesOf(kind, row.eventid)));
            }
        }
        Ok(notes)
    }
}

impl Loader<EnrollmentId> for Db {
    type Value = Enrollment;
    type Error = Error;

    async fn load(
        &self,
        keys: &[EnrollmentId],
    ) -> Result<HashMap<EnrollmentId, Enrollment>, Error> {
        let ids: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let rows = self
            .run("enrolments by key", move |conn| {
                lookup::enrollments_by_ids(conn, &ids)
            })
            .await?;
        Ok(one_each(rows, |row| EnrollmentId(row.enrollmentid)))
    }
}
