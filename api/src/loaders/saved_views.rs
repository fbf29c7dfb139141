//! Saved views of programs.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

use domain::access::Caller;
use storage::{
    Connection, Result,
    saved_views::{self, SavedView, ViewKind},
};

use super::{Key, many_each};

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
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.0, &self.1, self.2.id).hash(state);
    }
}

impl Key for SavedViewsOf {
    type Value = Arc<[Arc<SavedView>]>;
    const NAME: &'static str = "saved views of programs";

    fn read(conn: &mut Connection, keys: &[Self]) -> Result<HashMap<Self, Self::Value>> {
        let mut views = HashMap::new();
        // A request has one caller.
        let Some(caller) = keys.first().map(|key| Arc::clone(&key.2)) else {
            return Ok(views);
        };
        for kind in [ViewKind::EventFilter, ViewKind::WorkingList] {
            let of_kind = keys.iter().filter(|key| key.0 == kind);
            let programs: Vec<String> = of_kind.map(|key| key.1.clone()).collect();
            if programs.is_empty() {
                continue;
            }
            let wanted = saved_views::Wanted {
                programs: Some(programs),
                ..saved_views::Wanted::default()
            };
            let rows = saved_views::list(conn, kind, &caller, &wanted)?;
            views.extend(many_each(rows, |row| {
                SavedViewsOf(kind, row.program.clone(), Arc::clone(&caller))
            }));
        }
        Ok(views)
    }
}
