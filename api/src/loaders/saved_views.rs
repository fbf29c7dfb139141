//! Saved views of programs.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use async_graphql::dataloader::Loader;
use domain::access::Caller;
use storage::{
    Error,
    saved_views::{self, SavedView, ViewKind},
};

use crate::db::Db;

/// The saved views of a program that a caller may read, by kind, identifier and person.
#[derive(Debug, Clone)]
pub struct SavedViewsOf(pub ViewKind, pub String, pub Arc<Caller>);

impl PartialEq for SavedViewsOf {
    fn eq(&self, other: &Self) -> bool {
        (self.0, &self.1, self.2.id) == (other.0, &other.1, other.2.id)
    }
}

impl Eq for SavedViewsOf {}

impl Hash for SavedViewsOf {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.0, &self.1, self.2.id).hash(state);
    }
}

impl Loader<SavedViewsOf> for Db {
    type Value = Vec<SavedView>;
    type Error = Error;

    async fn load(
        &self,
        keys: &[SavedViewsOf],
    ) -> Result<HashMap<SavedViewsOf, Vec<SavedView>>, Error> {
        let mut views: HashMap<SavedViewsOf, Vec<SavedView>> = HashMap::new();
        // A request has one caller.
        let Some(caller) = keys.first().map(|key| Arc::clone(&key.2)) else {
            return Ok(views);
        };
        for kind in [ViewKind::EventFilter, ViewKind::WorkingList] {
            let of_kind = keys.iter().filter(|key| key.0 == kind);
            let wanted = saved_views::Wanted {
                programs: Some(of_kind.map(|key| key.1.clone()).collect()),
                ..saved_views::Wanted::default()
            };
            if wanted.programs.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let reader = Arc::clone(&caller);
            let rows = self.run("saved views of programs", move |conn| {
                saved_views::list(conn, kind, &reader, &wanted)
            });
            for row in rows.await? {
                let key = SavedViewsOf(kind, row.program.clone(), Arc::clone(&caller));
                views.entry(key).or_default().push(row);
            }
        }
        Ok(views)
    }
}
