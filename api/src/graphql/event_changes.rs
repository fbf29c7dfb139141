//! What one subscriber hears: news that concern the scope, gathered, and the events read under the caller's rights.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use async_graphql::{ID, Result};
use chrono::Utc;
use domain::{
    access::{AccessLevel, Caller, OrgUnitMode},
    event::{EventKind, ListRequest},
    org_unit::Tree,
};
use storage::{
    changes::{Change, ChangeKind, Changes, Extent},
    events::{EventRow, ProgramScope},
};
use tokio::sync::broadcast;

use super::{
    error::fail,
    events::Event,
    scalars::DateTime,
    subscription::{EventChange, EventChangeKind},
};
use crate::{
    caller::RequestContext,
    db::Db,
    feed::{self, News},
    guard::{Audit, Origin, What, Who},
};

/// Events told one by one at a time; more are told as MANY.
const TOLD: usize = 200;

/// A subscriber.
pub(super) struct Follower {
    news: broadcast::Receiver<Arc<News>>,
    asked: Asked,
    db: Db,
    /// Units of the scope, by key; `None` for every unit.
    units: Option<HashSet<i64>>,
    ready: VecDeque<EventChange>,
    audit: Audit,
    who: Arc<Who>,
    origin: Arc<Origin>,
}

/// The list that a subscriber follows.
#[derive(Clone)]
struct Asked {
    program: Arc<ProgramScope>,
    caller: Arc<Caller>,
    tree: Arc<Tree>,
    request: Arc<ListRequest>,
}

/// News of a subscriber that were not told yet, one for each event, in the order of the first.
#[derive(Default)]
struct Gathered {
    changes: Vec<(Change, DateTime)>,
    places: HashMap<i64, usize>,
    many: Option<DateTime>,
}

impl Follower {
    /// A subscriber to a list.
    pub async fn new(
        context: &RequestContext,
        news: broadcast::Receiver<Arc<News>>,
        request: ListRequest,
        is_resumed: bool,
    ) -> Result<Self> {
        let program = storage::events::request::program(&request).map_err(fail)?;
        let asked = Asked {
            program: context.program_scope(program).await.map_err(fail)?,
            caller: Arc::clone(&context.caller),
            tree: Arc::clone(&context.tree),
            request: Arc::new(request),
        };
        let db = context.db().clone();
        let list = asked.clone();
        let listing = db.run("list to follow", move |conn| list.listing(conn));
        let units = listing.await.map_err(fail)?.units;
        Ok(Follower {
            news,
            asked,
            db,
            units: units.map(|units| units.into_iter().collect()),
            audit: context.shared.audit.clone(),
            who: Arc::clone(&context.who),
            origin: Arc::clone(context.origin()),
            ready: is_resumed.then(|| many(Utc::now())).into_iter().collect(),
        })
    }

    /// The next change; `None` when the server stops.
    pub async fn next(&mut self) -> Option<EventChange> {
        loop {
            if let Some(change) = self.ready.pop_front() {
                return Some(change);
            }
            let mut gathered = Gathered::default();
            let mut news = Some(feed::next(&mut self.news).await?);
            while let Some(heard) = news {
                self.gather(&heard, &mut gathered);
                news = feed::next_now(&mut self.news);
            }
            self.ready = self.read(gathered).await;
        }
    }

    fn gather(&self, news: &News, gathered: &mut Gathered) {
        match news {
            News::Access => {}
            News::Missed => gathered.many = Some(Utc::now()),
            News::Events(changes) => self.gather_changes(changes, gathered),
        }
    }

    fn gather_changes(&self, changes: &Changes, gathered: &mut Gathered) {
        if changes.store != self.asked.program.kind {
            return;
        }
        let has_stage = |stage: i64| self.asked.program.stages.iter().any(|(id, _)| *id == stage);
        match &changes.extent {
            Extent::Many(stages) => {
                if stages.iter().any(|stage| has_stage(*stage)) {
                    gathered.many = Some(changes.at);
                }
            }
            Extent::Each(each) => {
                for change in each.iter().filter(|change| has_stage(change.stage)) {
                    if let Some(kind) = self.seen(change) {
                        gathered.add(
                            Change {
                                kind,
                                ..change.clone()
                            },
                            changes.at,
                        );
                    }
                }
            }
        }
    }

    /// What a change is to this subscriber: an event that moves into the scope is new there, one that moves out is gone.
    fn seen(&self, change: &Change) -> Option<ChangeKind> {
        let combos = &self.asked.program.option_combos;
        if combos
            .as_ref()
            .is_some_and(|combos| !combos.contains(&change.option_combo))
        {
            return None;
        }
        let holds = |unit: i64| {
            let units = self.units.as_ref();
            units.is_none_or(|units| units.contains(&unit))
        };
        let is_here = holds(change.unit);
        let was_here = change.previous_unit.map_or(is_here, holds);
        if !is_here && !was_here && change.kind != ChangeKind::Deleted && self.asked.may_be_lent() {
            return Some(change.kind);
        }
        match (was_here, is_here) {
            (false, false) => None,
            (false, true) if change.kind == ChangeKind::Updated => Some(ChangeKind::Created),
            (true, false) => Some(ChangeKind::Deleted),
            _ => Some(change.kind),
        }
    }

    /// The changes with their events, read in one statement. An event that cannot be read any more has changed again, which
    /// is told next. When the database cannot be asked, the list must be read anew.
    async fn read(&self, gathered: Gathered) -> VecDeque<EventChange> {
        if let Some(at) = gathered.many {
            return [many(at)].into();
        }
        if gathered.changes.len() > TOLD {
            let at = gathered.changes.last().map_or_else(Utc::now, |(_, at)| *at);
            return [many(at)].into();
        }
        let mut events = match self.events(&gathered).await {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(%error, "changed events could not be read");
                return [many(Utc::now())].into();
            }
        };
        if let Err(error) = self.log(events.len()).await {
            tracing::error!(%error, "changed events could not be logged");
            return [many(Utc::now())].into();
        }
        let told = gathered.changes.into_iter().filter_map(|(change, at)| {
            let row = match change.kind {
                ChangeKind::Deleted => None,
                _ => Some(events.remove(&change.eventid)?),
            };
            Some(EventChange {
                kind: change.kind.into(),
                id: Some(ID(change.uid)),
                event: row.map(|row| Event::new(&self.asked.program, Arc::new(row))),
                at,
            })
        });
        told.collect()
    }

    /// Logs that events are handed out.
    async fn log(&self, rows: usize) -> storage::Result<()> {
        if rows == 0 {
            return Ok(());
        }
        let request = &self.asked.request;
        let read = What {
            operation: "eventsChanged".to_owned(),
            program: Some(self.asked.program.uid.clone()),
            org_unit: request.org_unit.clone(),
            mode: request.org_unit_mode.map(OrgUnitMode::name),
            rows: Some(rows),
            ..What::default()
        };
        self.audit.read(&self.who, &self.origin, read).await
    }

    async fn events(&self, gathered: &Gathered) -> storage::Result<HashMap<i64, EventRow>> {
        let there = gathered
            .changes
            .iter()
            .filter(|(change, _)| change.kind != ChangeKind::Deleted);
        let ids: Vec<i64> = there.map(|(change, _)| change.eventid).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let asked = self.asked.clone();
        let rows = self.db.run("changed events", move |conn| {
            let listing = asked.listing(conn)?;
            storage::events::among(conn, &listing, &ids)
        });
        let rows = rows.await?.into_iter();
        Ok(rows.map(|row| (row.eventid, row)).collect())
    }
}

impl Asked {
    /// Temporary ownerships come and go, so the list is resolved when it is read.
    fn listing(&self, conn: &mut storage::Connection) -> storage::Result<storage::events::Listing> {
        storage::events::resolve(conn, &self.program, &self.caller, &self.tree, &self.request)
    }

    /// Whether events beyond the units may be seen, which only the database can tell.
    fn may_be_lent(&self) -> bool {
        self.program.access_level == AccessLevel::Protected
            && self.program.kind == EventKind::Tracker
    }
}

impl Gathered {
    fn add(&mut self, change: Change, at: DateTime) {
        match self.places.get(&change.eventid) {
            None => {
                self.places.insert(change.eventid, self.changes.len());
                self.changes.push((change, at));
            }
            Some(&place) => {
                let before = self.changes[place].0.kind;
                let kind = together(before, change.kind);
                self.changes[place] = (Change { kind, ..change }, at);
            }
        }
    }
}

/// Two changes of one event told as one.
fn together(first: ChangeKind, second: ChangeKind) -> ChangeKind {
    match (first, second) {
        (_, ChangeKind::Deleted) => ChangeKind::Deleted,
        (ChangeKind::Created, _) => ChangeKind::Created,
        _ => ChangeKind::Updated,
    }
}

fn many(at: DateTime) -> EventChange {
    EventChange {
        kind: EventChangeKind::Many,
        id: None,
        event: None,
        at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_changes_are_told_as_what_they_come_to() {
        use ChangeKind::{Created, Deleted, Updated};
        for (first, second, both) in [
            (Created, Updated, Created),
            (Updated, Updated, Updated),
            (Updated, Deleted, Deleted),
            (Created, Deleted, Deleted),
            (Deleted, Created, Updated),
        ] {
            assert_eq!(together(first, second), both);
        }
    }
}
