//! Which objects exist, by kind and uid: those stored, those of the file, those of the file that were rejected.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, Text},
};
use serde::Deserialize;

use super::kind::{self, Kind};
use crate::{Connection, Result, import::dhis2::object::Fault};

/// `{ "id": … }`; other members are ignored.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ref {
    pub(super) id: String,
}

/// What references can lead to.
#[derive(Debug, Default)]
pub(super) struct References {
    known: HashMap<Kind, HashMap<String, i64>>,
    codes: HashMap<Kind, HashMap<String, String>>,
    rejected: HashSet<(Kind, String)>,
}

#[derive(QueryableByName)]
struct Object {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Nullable<Text>)]
    code: Option<String>,
}

impl References {
    /// Reads what is stored, one query for each kind.
    pub(super) fn load(conn: &mut Connection) -> Result<Self> {
        let mut references = References::default();
        for kind in kind::ALL {
            let (table, key) = (kind.table.name, kind.table.key);
            let objects: Vec<Object> =
                diesel::sql_query(format!("SELECT {key} AS id, uid, code FROM {table}"))
                    .load(conn)?;
            for object in objects {
                if let Some(code) = object.code.filter(|_| kind.unique_code) {
                    references.claim_code(kind, &code, &object.uid);
                }
                references.add(kind, object.uid, object.id);
            }
        }
        Ok(references)
    }

    /// Notes that an object is stored. Returns whether it is new.
    pub(super) fn add(&mut self, kind: Kind, uid: String, id: i64) -> bool {
        self.known
            .entry(kind)
            .or_default()
            .insert(uid, id)
            .is_none()
    }

    /// Notes that an object of the file cannot be stored.
    pub(super) fn reject(&mut self, kind: Kind, uid: String) {
        self.rejected.insert((kind, uid));
    }

    /// Whether an object of the file was rejected.
    pub(super) fn is_rejected(&self, kind: Kind, uid: &str) -> bool {
        self.rejected.contains(&(kind, uid.to_owned()))
    }

    /// Keeps a code for an object. False when another object has it.
    pub(super) fn claim_code(&mut self, kind: Kind, code: &str, uid: &str) -> bool {
        let codes = self.codes.entry(kind).or_default();
        codes
            .entry(code.to_owned())
            .or_insert_with(|| uid.to_owned())
            == uid
    }

    /// Key of a stored object.
    pub(super) fn id(&self, kind: Kind, uid: &str) -> Option<i64> {
        self.known.get(&kind)?.get(uid).copied()
    }

    /// Key that the reference in `member` leads to.
    pub(super) fn one(&self, kind: Kind, member: &str, reference: &Ref) -> Result<i64, Fault> {
        self.id(kind, &reference.id)
            .ok_or_else(|| self.fault(kind, member, &reference.id))
    }

    /// Like `one`, for a member that may be absent.
    pub(super) fn optional(
        &self,
        kind: Kind,
        member: &str,
        reference: Option<&Ref>,
    ) -> Result<Option<i64>, Fault> {
        reference
            .map(|reference| self.one(kind, member, reference))
            .transpose()
    }

    /// Keys that a list of references leads to, each once, in order.
    pub(super) fn many(
        &self,
        kind: Kind,
        member: &str,
        references: &[Ref],
    ) -> Result<Vec<i64>, Fault> {
        let mut seen = HashSet::new();
        let mut ids = Vec::with_capacity(references.len());
        for reference in references {
            let id = self.one(kind, member, reference)?;
            if seen.insert(id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// Why a reference leads nowhere.
    pub(super) fn fault(&self, kind: Kind, member: &str, uid: &str) -> Fault {
        let name = kind.name;
        if self.is_rejected(kind, uid) {
            Fault::new(
                "DEPENDS_ON_REJECTED",
                format!("`{member}` refers to {name} {uid}, which was rejected"),
            )
        } else {
            Fault::new(
                "UNKNOWN_REFERENCE",
                format!(
                    "`{member}` refers to {name} {uid}, which is neither in the file nor stored"
                ),
            )
        }
    }
}
