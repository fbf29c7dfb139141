//! Root fields, each a few lines.

use async_graphql::{Context, ID, Interface, Object, Result};

use super::{
    clinics::{self, Clinic},
    connection::PageArguments,
    context,
    data_version::DataVersion,
    diagnoses::{self, DiagnosisBreakdown},
    diagnosis_rows::DiagnosisLevel,
    error::{fail, refuse},
    event_aggregate::{self, EventAggregate, EventDimension, EventMeasure},
    event_filter::{EventFilter, OrgUnitScope, RequestArguments},
    event_order::EventOrder,
    events::{Event, SingleEvent, TrackerEvent},
    org_units::{self, OrgUnit, OrgUnitConnection},
    programs::Program,
    stay_filter::{DateRange, StayFilter},
    users::User,
    working_list::{self, EventConnection},
};
use crate::loaders::UserId;

/// Everything with an identifier.
#[derive(Interface)]
#[expect(
    clippy::large_enum_variant,
    reason = "one of them lives for one answer"
)]
#[graphql(field(name = "id", ty = "ID", desc = "DHIS2 identifier."))]
pub enum Node {
    /// A unit.
    OrgUnit(OrgUnit),
    /// A program.
    Program(Program),
    /// An event without registration.
    SingleEvent(SingleEvent),
    /// An event of an enrolment.
    TrackerEvent(TrackerEvent),
}

/// Entry points of all reads.
pub struct Query;

/// Entry points of all reads. Every field answers for the caller of the request only.
#[Object]
impl Query {
    /// The person who calls.
    async fn me(&self, ctx: &Context<'_>) -> Result<User> {
        let request = context(ctx);
        let user = request
            .loader
            .load_one(UserId(request.caller.id))
            .await
            .map_err(fail)?;
        user.map(User)
            .ok_or_else(|| refuse("your user was removed"))
    }

    /// An org unit, program or event by identifier; null when there is none that the caller may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "DHIS2 identifier.")] id: ID,
    ) -> Option<Result<Node>> {
        if let Some(unit) = org_unit(ctx, &id) {
            return Some(Ok(Node::OrgUnit(unit)));
        }
        if let Some(program) = program(ctx, &id).await {
            return Some(program.map(Node::Program));
        }
        let event = working_list::event(ctx, &id).await?;
        Some(event.map(|event| match event {
            Event::Single(event) => Node::SingleEvent(event),
            Event::Tracker(event) => Node::TrackerEvent(event),
        }))
    }

    /// An org unit by identifier; null when there is none.
    async fn org_unit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "DHIS2 identifier.")] id: ID,
    ) -> Option<OrgUnit> {
        org_unit(ctx, &id)
    }

    /// Org units in the caller's search and data-view scope, by name.
    #[graphql(complexity = "first.clamp(0, 1000) as usize * child_complexity")]
    async fn org_units(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name, any case.")] search: Option<String>,
        #[graphql(desc = "Depth in the tree; a root has 1.")] level: Option<i32>,
        #[graphql(desc = "The unit directly above.")] parent: Option<ID>,
        #[graphql(default = 50, desc = "Units of the page, at most 1000.")] first: i32,
        #[graphql(desc = "Cursor to start behind.")] after: Option<String>,
    ) -> Result<OrgUnitConnection> {
        org_units::list(
            ctx,
            org_units::Search {
                search,
                level,
                parent,
                first,
                after,
            },
        )
        .await
    }

    /// Programs that the caller may see, by name.
    async fn programs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Part of the name, any case.")] search: Option<String>,
    ) -> Result<Vec<Program>> {
        let request = context(ctx);
        let caller = std::sync::Arc::clone(&request.caller);
        let programs = request.db().run("programs", move |conn| {
            storage::programs::list(conn, &caller, search.as_deref())
        });
        Ok(programs
            .await
            .map_err(fail)?
            .into_iter()
            .map(Program)
            .collect())
    }

    /// A program by identifier with all that a list page needs; null when there is none that the caller may see.
    async fn program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "DHIS2 identifier.")] id: ID,
    ) -> Option<Result<Program>> {
        program(ctx, &id).await
    }

    /// A page of a program's working list. Newest first unless ordered otherwise; events without a date count as newest.
    /// The program decides the store. Without a scope: everything that the caller may see.
    #[graphql(
        complexity = "first.or(last).unwrap_or(50).clamp(0, 1000) as usize * child_complexity"
    )]
    #[expect(
        clippy::too_many_arguments,
        reason = "each argument of the field is one"
    )]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program.")] program: ID,
        #[graphql(desc = "One stage of it; all when absent.")] program_stage: Option<ID>,
        #[graphql(
            desc = "Units: the event's own for event programs, the owner's for tracker programs."
        )]
        scope: Option<OrgUnitScope>,
        #[graphql(desc = "Which events to keep.")] filter: Option<EventFilter>,
        #[graphql(desc = "Order; newest first when absent.")] order: Option<Vec<EventOrder>>,
        #[graphql(
            desc = "Events from the start of the list, at most 1000; 50 when neither is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "Events from the end of the list, at most 1000.")] last: Option<i32>,
        #[graphql(desc = "Cursor to end before.")] before: Option<String>,
    ) -> Result<EventConnection> {
        let page = PageArguments {
            first,
            after,
            last,
            before,
        };
        working_list::list(
            ctx,
            working_list::Arguments {
                request: RequestArguments {
                    program,
                    program_stage,
                    scope,
                    filter,
                    order,
                },
                page,
            },
        )
        .await
    }

    /// An event by identifier; null when there is none that the caller may see.
    async fn event(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "DHIS2 identifier.")] id: ID,
    ) -> Option<Result<Event>> {
        working_list::event(ctx, &id).await
    }

    /// Events of a program counted by group, as a list of the same arguments would show them: exact at any time. Counts by
    /// unit, month and longer, state, stage and option combination come from kept counts; the rest is read from the events.
    #[graphql(complexity = "100 + 20 * child_complexity")]
    #[expect(
        clippy::too_many_arguments,
        reason = "each argument of the field is one"
    )]
    async fn event_aggregate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program.")] program: ID,
        #[graphql(desc = "One stage of it; all when absent.")] program_stage: Option<ID>,
        #[graphql(
            desc = "Units: the event's own for event programs, the owner's for tracker programs."
        )]
        scope: Option<OrgUnitScope>,
        #[graphql(desc = "Which events to keep.")] filter: Option<EventFilter>,
        #[graphql(desc = "At most 4 dimensions; none gives one group.")] group_by: Vec<
            EventDimension,
        >,
        #[graphql(desc = "Figures beside the count, at most 8.")] measures: Option<
            Vec<EventMeasure>,
        >,
    ) -> Result<EventAggregate> {
        let request = RequestArguments {
            program,
            program_stage,
            scope,
            filter,
            order: None,
        };
        event_aggregate::answer(ctx, request, group_by, measures.unwrap_or_default()).await
    }

    /// The data version that analytics are answered from now.
    async fn data_version(&self, ctx: &Context<'_>) -> Result<DataVersion> {
        let request = context(ctx);
        let version = request
            .db()
            .run("data version", storage::analytics::version::current)
            .await
            .map_err(fail)?;
        let version = version.ok_or_else(|| {
            refuse("no data version has been published yet; run `clinigraph refresh`")
        })?;
        request.saw_data_version(version.data_version_id);
        Ok(DataVersion(version))
    }

    /// The clinics in the caller's data-view scope, by name.
    async fn clinics(&self, ctx: &Context<'_>) -> Result<Vec<Clinic>> {
        clinics::list(ctx).await
    }

    /// Diagnoses of the stays that a filter selects, by chapter, block or code: distinct patients, stays, average length
    /// of stay. Exact for every period and set of clinics.
    #[graphql(complexity = "first.clamp(0, 1000) as usize * child_complexity")]
    #[expect(
        clippy::too_many_arguments,
        reason = "each argument of the field is one"
    )]
    async fn diagnoses(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stays.")] filter: StayFilter,
        #[graphql(
            desc = "List what lies below this chapter, block or code, e.g. \"IX\", \"I10-I15\", \"I10\"."
        )]
        under: Option<String>,
        #[graphql(
            default_with = "DiagnosisLevel::Chapter",
            desc = "Level to list. CHAPTER together with `under` lists the next level below it."
        )]
        level: DiagnosisLevel,
        #[graphql(desc = "A second period to compare with.")] compare_with: Option<DateRange>,
        #[graphql(default = 100, desc = "Rows of the page, at most 1000.")] first: i32,
        #[graphql(desc = "Cursor to start behind.")] after: Option<String>,
    ) -> Result<DiagnosisBreakdown> {
        diagnoses::breakdown(
            ctx,
            diagnoses::Arguments {
                filter,
                under,
                level,
                compare_with,
                first,
                after,
            },
        )
        .await
    }
}

fn org_unit(ctx: &Context<'_>, id: &ID) -> Option<OrgUnit> {
    context(ctx).unit_by_uid(id).map(OrgUnit)
}

async fn program(ctx: &Context<'_>, id: &ID) -> Option<Result<Program>> {
    let request = context(ctx);
    let uid = id.to_string();
    let found = request.db().run("program by uid", move |conn| {
        storage::programs::by_uid(conn, &uid)
    });
    let found = found.await.map_err(fail).transpose()?;
    found
        .map(|program| {
            program
                .is_readable(&request.caller)
                .then_some(Program(program))
        })
        .transpose()
}
