//! Root fields that write, each a few lines over the import. An object that breaks a rule is refused in the payload; only
//! what concerns the request itself is an error of the document.

use std::collections::{HashMap, HashSet};

use async_graphql::{Context, ID, Json, Object, Result, SimpleObject};
use serde_json::Value;
use storage::import::tracker::{self, Parameters, Payload, write};

use super::{
    at_hand::AtHand,
    context,
    error::{fail, refuse},
    event_input::EventInput,
    events::Event,
    import_report::{
        AtomicMode, BulkPayload, EventPayload, ImportReport, ImportStrategy, WriteError,
    },
    log_act,
    org_units::{self, OrgUnit},
    refresh::{self, RefreshRun},
    tokens::{self, ApiToken, NewApiToken},
    working_list,
};
use crate::guard::What;

/// Most events of one bulk mutation.
const MOST: usize = 1_000;

/// A tracked entity after it was transferred.
#[derive(SimpleObject)]
pub struct TransferPayload {
    /// The tracked entity.
    tracked_entity: ID,
    /// The program.
    program: ID,
    /// The unit that owns it now.
    owner_org_unit: AtHand<OrgUnit>,
    /// Events that moved to the lists of that unit.
    events: u64,
}

/// Entry points of all writes.
pub struct Mutation;

/// Entry points of all writes. What a caller may not write is refused by DHIS2's rules and with its codes.
#[Object]
impl Mutation {
    /// Publishes what was imported as a new data version. Returns at once, with the refresh that runs; `refreshProgress` tells
    /// how it goes. Needs the authority `F_PERFORM_MAINTENANCE`.
    async fn refresh_analytics(&self, ctx: &Context<'_>) -> Result<RefreshRun> {
        let run = refresh::start(ctx)?;
        log_act(ctx, What::default()).await?;
        Ok(run)
    }

    /// Imports a tracker payload, as `POST /api/tracker` takes it.
    async fn import_tracker(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Object with the lists trackedEntities, enrollments, events, relationships."
        )]
        payload: Json<Value>,
        #[graphql(
            default_with = "ImportStrategy::CreateAndUpdate",
            desc = "What happens to stored and to new objects."
        )]
        strategy: ImportStrategy,
        #[graphql(
            default_with = "AtomicMode::All",
            desc = "What happens to the good objects when one is refused."
        )]
        atomic: AtomicMode,
    ) -> Result<ImportReport> {
        let parameters = Parameters {
            strategy: strategy.into(),
            atomic: atomic.into(),
            ..Parameters::default()
        };
        let payload = Payload::read(payload.0.to_string().as_bytes()).map_err(fail)?;
        let run = context(ctx).write("import tracker", parameters, |conn, request| {
            tracker::import(conn, payload, request)
        });
        let report = run.await.map_err(fail)?;
        let stats = report.stats;
        let rows = stats.created + stats.updated + stats.deleted;
        let act = What {
            rows: usize::try_from(rows).ok(),
            ..What::default()
        };
        log_act(ctx, act).await?;
        Ok(report.into())
    }

    /// Creates an event. With an `id` a retry is safe: the same event again is UNCHANGED, another under the same `id` is
    /// refused with E1030.
    async fn create_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event.")] input: EventInput,
    ) -> Result<EventPayload> {
        let members = input.members();
        let run = context(ctx).write("create event", Parameters::default(), |conn, request| {
            write::create(conn, members, request)
        });
        written(ctx, run.await.map_err(fail)?).await
    }

    /// Changes an event: the members that are given. With `updatedAt` it is refused when it was changed since.
    async fn update_event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes; `id` says of which event.")] input: EventInput,
    ) -> Result<EventPayload> {
        let id = input.id.clone();
        let id = id.ok_or_else(|| refuse("input.id is required to update an event"))?;
        let seen = input
            .updated_at
            .map(|seen| (id.to_string(), seen.naive_utc()));
        let parameters = Parameters {
            last_seen: HashMap::from_iter(seen),
            ..Parameters::default()
        };
        let members = input.members();
        let run = context(ctx).write("update event", parameters, move |conn, request| {
            write::update(conn, &id, members, request)
        });
        written(ctx, run.await.map_err(fail)?).await
    }

    /// Completes events, at most 1,000. Those that cannot be are in `errors`, the others are completed.
    async fn complete_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Identifiers.")] ids: Vec<ID>,
    ) -> Result<BulkPayload> {
        bulk(ctx, ids, write::complete).await
    }

    /// Deletes events, at most 1,000. Those that cannot be are in `errors`, the others are deleted.
    async fn delete_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Identifiers.")] ids: Vec<ID>,
    ) -> Result<BulkPayload> {
        bulk(ctx, ids, write::delete).await
    }

    /// Adds a note to an event that the caller may see.
    async fn add_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The event.")] event: ID,
        #[graphql(desc = "The text.")] text: String,
        #[graphql(desc = "Identifier of the note; given, it makes a retry safe.")] id: Option<ID>,
    ) -> Result<EventPayload> {
        let request = context(ctx);
        let found = request.find_event(&event).await.map_err(fail)?;
        let (program, row) =
            found.ok_or_else(|| refuse(format!("event {} does not exist", event.as_str())))?;
        let caller = std::sync::Arc::clone(&request.caller);
        let add = request.db().run("add note", move |conn| {
            let uid = id.as_ref().map(|id| id.as_str());
            storage::events::notes::add(conn, (program.kind, row.eventid), uid, &text, &caller)
        });
        add.await.map_err(fail)?;
        Ok(EventPayload {
            event: read(ctx, &event).await?,
            outcome: Some(tracker::Outcome::Updated.into()),
            errors: vec![],
            warnings: vec![],
        })
    }

    /// Makes an API token, which is shown once. Needs the authority `CLINIGRAPH_TOKENS`, and every authority of the person.
    async fn create_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name by which the person signs in who shall act with it.")]
        username: String,
        #[graphql(desc = "What it is for, at most 100 characters.")] name: String,
        #[graphql(default = 90, desc = "Days after which it stops working, 1 to 366.")]
        expires_in_days: i32,
    ) -> Result<NewApiToken> {
        tokens::create(ctx, username, name, expires_in_days).await
    }

    /// Withdraws an API token for good: one of the caller, or with the authority `CLINIGRAPH_TOKENS` one of somebody without
    /// other authorities than the caller's.
    async fn revoke_api_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its number.")] id: ID,
    ) -> Result<ApiToken> {
        tokens::revoke(ctx, id).await
    }

    /// Makes another unit the owner of a tracked entity within a program. All its events there move to the lists of that
    /// unit at once.
    async fn transfer_ownership(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tracked entity.")] tracked_entity: ID,
        #[graphql(desc = "The program.")] program: ID,
        #[graphql(desc = "The unit that shall own it.")] to_org_unit: ID,
    ) -> Result<TransferPayload> {
        let request = context(ctx);
        let caller = std::sync::Arc::clone(&request.caller);
        let tree = std::sync::Arc::clone(&request.tree);
        let (entity, of) = (tracked_entity.clone(), program.clone());
        let unit = to_org_unit.to_string();
        let transfer = request.db().run("transfer ownership", move |conn| {
            let named = (entity.as_str(), of.as_str(), to_org_unit.as_str());
            storage::ownership::transfer(conn, &caller, &tree, named)
        });
        let transfer = transfer.await.map_err(fail)?;
        let act = What {
            subject: Some(tracked_entity.to_string()),
            program: Some(program.to_string()),
            org_unit: Some(unit),
            rows: Some(transfer.events),
            ..What::default()
        };
        log_act(ctx, act).await?;
        Ok(TransferPayload {
            tracked_entity,
            program,
            owner_org_unit: org_units::required(ctx, transfer.unit)?,
            events: transfer.events as u64,
        })
    }
}

async fn written(ctx: &Context<'_>, written: write::Written) -> Result<EventPayload> {
    let event = match written.outcome {
        Some(_) => read(ctx, &ID(written.uid)).await?,
        None => None,
    };
    Ok(EventPayload {
        event,
        outcome: written.outcome.map(Into::into),
        errors: WriteError::errors(&written.report),
        warnings: WriteError::warnings(&written.report),
    })
}

/// An event under the rules of reading.
async fn read(ctx: &Context<'_>, id: &ID) -> Result<Option<Event>> {
    working_list::event(ctx, id).await.transpose()
}

/// Writes several events; `write` refuses those that break a rule.
async fn bulk(
    ctx: &Context<'_>,
    ids: Vec<ID>,
    write: fn(
        &mut storage::Connection,
        &[&str],
        tracker::Request<'_>,
    ) -> storage::Result<tracker::ImportReport>,
) -> Result<BulkPayload> {
    if ids.len() > MOST {
        let count = ids.len();
        return Err(refuse(format!(
            "ids holds {count}, at most {MOST} are taken at once"
        )));
    }
    let asked: HashSet<String> = ids.iter().map(|id| id.to_string()).collect();
    let run = context(ctx).write(
        "write events",
        Parameters::default(),
        move |conn, request| {
            let uids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            write(conn, &uids, request)
        },
    );
    let report = run.await.map_err(fail)?;
    let reports = report.bundle_report.type_report_map.values();
    let stored = reports.flat_map(|of_type| &of_type.object_reports);
    // What program rules planned meanwhile was not asked for.
    let stored = stored.filter(|object| asked.contains(&object.uid));
    Ok(BulkPayload {
        ids: stored.map(|object| ID(object.uid.clone())).collect(),
        errors: WriteError::errors(&report),
    })
}
