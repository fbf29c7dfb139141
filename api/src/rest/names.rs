//! Metadata as a request wants them named: identifiers stay, other schemes are looked up once for each object.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::http::StatusCode;
use domain::id_scheme::{IdScheme, Kind};
use storage::{Connection, Result};

use super::error::{Answer, Refusal};

/// Most objects that a refusal lists of each kind.
const MOST_LISTED: usize = 20;

/// The scheme of each kind; identifiers where none is set.
#[derive(Debug, Clone, Default)]
pub struct Schemes(BTreeMap<Kind, IdScheme>);

impl Schemes {
    /// The scheme of each kind that has one.
    #[must_use]
    pub fn pairs(self) -> Vec<(Kind, IdScheme)> {
        self.0.into_iter().collect()
    }

    /// Sets the scheme of a kind.
    pub fn set(&mut self, kind: Kind, scheme: IdScheme) {
        if scheme != IdScheme::Uid {
            self.0.insert(kind, scheme);
        }
    }
}

/// Objects that an answer names, by kind.
pub type Wanted = BTreeMap<Kind, BTreeSet<String>>;

/// What objects are called.
#[derive(Debug, Default)]
pub struct Names {
    schemes: Schemes,
    known: HashMap<(Kind, String), Option<String>>,
}

impl Names {
    /// Names under schemes, nothing looked up yet.
    #[must_use]
    pub fn new(schemes: Schemes) -> Self {
        Names {
            schemes,
            known: HashMap::new(),
        }
    }

    /// Whether objects of a kind have to be looked up.
    #[must_use]
    pub fn translates(&self, kind: Kind) -> bool {
        self.schemes.0.contains_key(&kind)
    }

    /// Looks objects up that are not known yet, one statement for each kind with a scheme.
    ///
    /// # Errors
    /// When a query fails.
    pub fn load(&mut self, conn: &mut Connection, wanted: &Wanted) -> Result<()> {
        for (kind, scheme) in &self.schemes.0 {
            let unknown: Vec<String> = wanted
                .get(kind)
                .into_iter()
                .flatten()
                .filter(|uid| !self.known.contains_key(&(*kind, (*uid).clone())))
                .cloned()
                .collect();
            if unknown.is_empty() {
                continue;
            }
            let found = storage::identifiers::by_uids(conn, *kind, scheme, &unknown)?;
            self.known
                .extend(unknown.into_iter().map(|uid| ((*kind, uid), None)));
            for object in found {
                self.known.insert((*kind, object.uid), object.name);
            }
        }
        Ok(())
    }

    /// What an object is called. One that was not looked up or has no such name keeps its identifier.
    #[must_use]
    pub fn of<'a>(&'a self, kind: Kind, uid: &'a str) -> &'a str {
        if !self.translates(kind) {
            return uid;
        }
        self.known
            .get(&(kind, uid.to_owned()))
            .and_then(Option::as_deref)
            .unwrap_or(uid)
    }

    /// Refuses the answer when an object has no name under its scheme.
    ///
    /// # Errors
    /// 422 that lists the objects.
    pub fn check(&self) -> Answer<()> {
        let mut missing: BTreeMap<Kind, BTreeSet<&str>> = BTreeMap::new();
        for ((kind, uid), name) in &self.known {
            if name.is_none() {
                missing.entry(*kind).or_default().insert(uid);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let lines = missing.iter().map(|(kind, uids)| {
            let listed: Vec<&str> = uids.iter().copied().take(MOST_LISTED).collect();
            let more = if uids.len() > MOST_LISTED { ",..." } else { "" };
            let scheme = self.schemes.0.get(kind).map(IdScheme::name);
            format!(
                "{}[{}]={}{more}",
                kind.name(),
                scheme.unwrap_or_default(),
                listed.join(",")
            )
        });
        let lines: Vec<String> = lines.collect();
        Err(Refusal {
            dev_message: Some(format!(
                "These metadata, listed by UID, have no identifier for the requested idScheme:\n{}",
                lines.join("\n")
            )),
            ..Refusal::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "Not all metadata has an identifier for the requested idScheme. Change the idScheme or add the missing identifiers.",
            )
        })
    }
}
