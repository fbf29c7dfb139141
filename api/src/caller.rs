//! What all requests share, and what one request knows of its caller.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use actix_web::HttpRequest;
use domain::{access::Caller, authority, org_unit::Tree};
use storage::{
    Error, Result,
    events::scope::{self, ProgramScope},
    org_units::{self, OrgUnit},
};

use crate::{
    analytics::Analytics,
    cache::VersionedCache,
    db::Db,
    feed::Feed,
    guard::{Attempts, Audit, CallerSettings, Door, Origin, What, Who},
    loaders::{Kept, Loaders, ProgramUid},
    oidc::Provider,
    refreshing::Refreshing,
    sessions::Sessions,
    writing::ImportMetadata,
};

/// The org units of a metadata version: all of them, since scopes need the whole tree anyway.
pub(crate) struct Places {
    tree: Arc<Tree>,
    units: HashMap<i64, Arc<OrgUnit>>,
}

impl Places {
    pub(crate) fn new(units: Vec<OrgUnit>) -> Self {
        Places {
            tree: Arc::new(org_units::tree_of(&units)),
            units: units
                .into_iter()
                .map(|unit| (unit.organisationunitid, Arc::new(unit)))
                .collect(),
        }
    }
}

/// What all requests share.
#[derive(Clone)]
pub struct Shared {
    /// The database.
    pub db: Db,
    /// Minimum number of patients behind a shown figure; 0 or 1 shows all.
    pub minimum_cell: u32,
    /// What analytics are answered from.
    pub analytics: Analytics,
    /// Refreshes that callers ask for.
    pub refreshing: Refreshing,
    /// Minimum number of events behind a shown figure of an aggregate; 0 or 1 shows all.
    pub minimum_event_cell: u32,
    /// News of changes.
    pub feed: Feed,
    /// Who read data of persons and who changed what.
    pub audit: Audit,
    /// Failed sign-ins.
    pub attempts: Attempts,
    /// The OIDC provider whose tokens are accepted; `None` for none.
    pub(crate) provider: Option<Provider>,
    trust_proxy: bool,
    origin: Arc<Origin>,
    pub(crate) import_metadata: ImportMetadata,
    pub(crate) places: Arc<VersionedCache<(), Places>>,
    pub(crate) sessions: Arc<Sessions>,
    scopes: Arc<VersionedCache<(i64, String), ProgramScope>>,
    kept: Arc<Kept>,
}

impl Shared {
    /// Shared state over a database, with empty caches. Analytics may hold `analytics_bytes` in memory.
    #[must_use]
    pub fn new(db: Db, minimum_cell: u32, minimum_event_cell: u32, analytics_bytes: usize) -> Self {
        let callers = CallerSettings::default();
        Shared {
            audit: Audit::new(db.pool().clone(), callers.audit),
            attempts: Attempts::new(callers.failed_sign_ins),
            provider: None,
            trust_proxy: callers.trust_proxy,
            origin: Arc::default(),
            analytics: Analytics::new(db.clone(), analytics_bytes),
            refreshing: Refreshing::default(),
            feed: Feed::new(db.pool().clone()),
            db,
            minimum_cell,
            minimum_event_cell,
            import_metadata: Arc::default(),
            places: Arc::default(),
            sessions: Arc::default(),
            scopes: Arc::default(),
            kept: Arc::default(),
        }
    }

    /// Hits and misses of what is kept between requests.
    #[must_use]
    pub fn lookups(&self) -> Vec<(&'static str, u64, u64)> {
        let kept = [
            ("places", self.places.lookups()),
            ("scopes", self.scopes.lookups()),
            ("import_metadata", self.import_metadata.lookups()),
            ("callers", self.sessions.lookups()),
            ("programs", self.kept.program_lookups()),
        ];
        kept.map(|(name, (hits, misses))| (name, hits, misses))
            .to_vec()
    }

    /// The same state, asked through another [`Db`]: the one that holds a request's connection.
    #[must_use]
    pub fn through(&self, db: Db) -> Self {
        Shared {
            analytics: self.analytics.through(db.clone()),
            db,
            ..self.clone()
        }
    }

    /// The same state under the settings of callers.
    ///
    /// # Errors
    /// A sentence that names the setting which is missing or wrong.
    pub fn guarded(self, callers: &CallerSettings) -> Result<Self, String> {
        Ok(Shared {
            provider: Provider::new(&callers.oidc)?,
            audit: Audit::new(self.db.pool().clone(), callers.audit),
            attempts: Attempts::new(callers.failed_sign_ins),
            trust_proxy: callers.trust_proxy,
            ..self
        })
    }

    /// Where the request comes from.
    #[must_use]
    pub fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// The same state for a request that comes through a door.
    #[must_use]
    pub fn asked_by(&self, request: &HttpRequest, door: Door) -> Self {
        Shared {
            origin: Origin::of(request, door, self.trust_proxy),
            ..self.clone()
        }
    }

    pub(crate) fn context(
        &self,
        version: i64,
        places: Arc<Places>,
        caller: Arc<Caller>,
        known_by: Option<String>,
    ) -> RequestContext {
        if caller.has_authority(authority::SERVER_TIMING) {
            self.db.show_timing();
        }
        RequestContext {
            shared: self.clone(),
            loader: Loaders::new(self.db.clone(), Arc::clone(&self.kept), version),
            metadata_version: version,
            tree: Arc::clone(&places.tree),
            places,
            who: Arc::new(Who {
                username: caller.username.clone(),
                known_by,
            }),
            caller,
            data_versions: Mutex::default(),
        }
    }

    /// Lets sessions stand for a moment while changes are heard of.
    pub fn keep_sessions(&self) {
        self.sessions.hear(&self.feed);
    }
}

/// What one request knows: the caller, the tree of the metadata version it sees, and its own loaders.
pub struct RequestContext {
    /// What all requests share.
    pub shared: Shared,
    /// Loaders of this request, so that one caller's rows never reach another.
    pub loader: Loaders,
    /// The tree of org units.
    pub tree: Arc<Tree>,
    /// The person.
    pub caller: Arc<Caller>,
    /// The person, as the audit log names them.
    pub who: Arc<Who>,
    places: Arc<Places>,
    metadata_version: i64,
    data_versions: Mutex<BTreeSet<i64>>,
}

impl RequestContext {
    /// The database.
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.shared.db
    }

    /// The unit with a key; `None` when there is none.
    #[must_use]
    pub fn unit(&self, id: i64) -> Option<Arc<OrgUnit>> {
        self.places.units.get(&id).cloned()
    }

    /// The unit with an identifier; `None` when there is none.
    #[must_use]
    pub fn unit_by_uid(&self, uid: &str) -> Option<Arc<OrgUnit>> {
        self.unit(self.tree.find(uid)?.id)
    }

    /// The version of metadata and people that the request sees.
    #[must_use]
    pub fn metadata_version(&self) -> i64 {
        self.metadata_version
    }

    /// A program as the caller may read it.
    ///
    /// # Errors
    /// [`Error::Input`] for an unknown program, [`Error::Forbidden`] when the caller may not read it.
    pub async fn program_scope(&self, program: &str) -> Result<Arc<ProgramScope>> {
        let key = (self.caller.id, program.to_owned());
        if let Some(scope) = self.shared.scopes.get(self.metadata_version, &key) {
            return Ok(scope);
        }
        let definition = self.loader.load_now(ProgramUid(program.to_owned()));
        let scope = scope::of(&self.caller, program, definition.await?)?;
        Ok(self.shared.scopes.put(self.metadata_version, key, scope))
    }

    /// Remembers which data version a field was answered from.
    pub fn saw_data_version(&self, version: i64) {
        self.data_versions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(version);
    }

    /// Whether a refresh was published between two fields of this response, which must then be answered anew.
    #[must_use]
    pub fn saw_two_data_versions(&self) -> bool {
        self.data_versions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
            > 1
    }

    /// Logs that the caller read data of persons, before they are handed out.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be logged: the data must not be handed out then.
    pub async fn log_read(&self, what: What) -> Result<()> {
        let shared = &self.shared;
        let log = shared.audit.read(&self.who, &shared.origin, what);
        log.await
    }

    /// Logs an administrative act of the caller.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it cannot be logged.
    pub async fn log_act(&self, what: What) -> Result<()> {
        let shared = &self.shared;
        let log = shared.audit.act(&self.who, &shared.origin, what);
        log.await
    }

    /// Where the request comes from.
    #[must_use]
    pub fn origin(&self) -> &Arc<Origin> {
        self.shared.origin()
    }

    /// Refuses callers without an authority of [`domain::authority`]. `what` names what needs it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] naming the authority.
    pub fn require(&self, authority: &str, what: &str) -> Result<()> {
        if self.caller.has_authority(authority) {
            return Ok(());
        }
        Err(Error::Forbidden(format!(
            "{what} needs the authority {authority}"
        )))
    }
}
