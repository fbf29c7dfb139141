//! Root fields, each a few lines.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object, Result};

use super::{
    check_rows,
    clinics::{self, Clinic},
    comparison::{self, ClinicComparison},
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
    flow::{self, PatientFlow},
    org_units::{self, OrgUnit, OrgUnitConnection},
    programs::Program,
    quality::{self, DataQuality},
    report::{self, MonthlyReport},
    scalars::Month,
    stay_filter::{DateRange, StayFilter},
    tokens::{self, ApiToken},
    trend::{self, Bucket, ObservationTrend},
    users::User,
    working_list::{self, EventConnection},
};
use crate::loaders::{ProgramUid, UserId};

/// Everything with an identifier.
#[derive(Interface)]
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

    /// API tokens, newest first: the caller's own, or with the authority `CLINIGRAPH_TOKENS` those of everybody without other
    /// authorities than the caller's.
    async fn api_tokens(&self, ctx: &Context<'_>) -> Result<Vec<ApiToken>> {
        tokens::list(ctx).await
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
        check_rows(ctx, "first", Some(first))?;
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
        let caller = Arc::clone(&request.caller);
        let programs = request.db().run("programs", move |conn| {
            storage::programs::list(conn, &caller, search.as_deref())
        });
        Ok(programs
            .await
            .map_err(fail)?
            .into_iter()
            .map(|program| Program(Arc::new(program)))
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
        check_rows(ctx, "first", first)?;
        check_rows(ctx, "last", last)?;
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
        let version = request.shared.analytics.version().await.map_err(fail)?;
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
        #[graphql(
            desc = "List nodes whose code begins with this text or whose title holds it, in any case and without minding dots. CHAPTER together with `search` lists every level."
        )]
        search: Option<String>,
        #[graphql(default = 100, desc = "Rows of the page, at most 1000.")] first: i32,
        #[graphql(desc = "Cursor to start behind.")] after: Option<String>,
    ) -> Result<DiagnosisBreakdown> {
        check_rows(ctx, "first", Some(first))?;
        diagnoses::breakdown(
            ctx,
            diagnoses::Arguments {
                filter,
                under,
                level,
                compare_with,
                search,
                first,
                after,
            },
        )
        .await
    }

    /// Clinics side by side and the group, in two periods. The filter's own period is not used.
    async fn clinic_comparison(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stays. Its period is replaced by the two others.")]
        filter: StayFilter,
        #[graphql(desc = "The period to look at.")] current: DateRange,
        #[graphql(desc = "The period to compare it with.")] previous: DateRange,
    ) -> Result<ClinicComparison> {
        comparison::compare(ctx, filter, current, previous).await
    }

    /// How stays go from admission through stations to discharge, as Sankey diagrams take it.
    async fn patient_flow(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stays.")] filter: StayFilter,
        #[graphql(
            default = 4,
            desc = "Stage of the discharges, 2 to 10; stations stand at the stages between it and the admissions."
        )]
        stages: i32,
        #[graphql(
            default = 12,
            desc = "Stations shown by themselves, those that most stays visit; at most 50."
        )]
        top_stations: i32,
    ) -> Result<PatientFlow> {
        flow::of_stays(ctx, filter, stages, top_stations).await
    }

    /// The figures of a month: KPIs beside earlier months, trend, clinics, main diagnoses, flow, quality and definitions. As a
    /// file: `GET /reports/monthly/2025-09.pdf?clinics=…`, also `.xlsx`, `.csv.zip`, and `.csv` with a table.
    #[graphql(complexity = "500 + 10 * child_complexity")]
    async fn monthly_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The month.")] month: Month,
        #[graphql(desc = "Clinics; all that the caller may see when absent.")] clinics: Option<
            Vec<ID>,
        >,
    ) -> Result<MonthlyReport> {
        report::monthly(ctx, month, clinics).await
    }

    /// Observations of a code over time: number, mean, smallest, largest and percentiles. The filter's period is that of
    /// the observation's day; its other conditions are those of the observation's stay.
    async fn observation_trend(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Code of the observations, e.g. \"8867-4\".")] code: String,
        #[graphql(desc = "Which observations.")] filter: StayFilter,
        #[graphql(default_with = "Bucket::Month", desc = "Length of a bucket.")] bucket: Bucket,
    ) -> Result<ObservationTrend> {
        trend::of_code(ctx, code, filter, bucket).await
    }

    /// Faults of the delivered data, lines put aside, the newest deliveries, and the age of the data.
    async fn data_quality(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One clinic; all that the caller may see when absent.")] clinic: Option<
            ID,
        >,
    ) -> Result<DataQuality> {
        quality::of_clinics(ctx, clinic).await
    }
}

fn org_unit(ctx: &Context<'_>, id: &ID) -> Option<OrgUnit> {
    context(ctx).unit_by_uid(id).map(OrgUnit)
}

async fn program(ctx: &Context<'_>, id: &ID) -> Option<Result<Program>> {
    let request = context(ctx);
    let found = request.loader.load_now(ProgramUid(id.to_string())).await;
    let program = match found {
        Err(error) => return Some(Err(fail(error))),
        Ok(found) => Arc::clone(&found?.program),
    };
    let is_readable = program.is_readable(&request.caller);
    is_readable.then_some(Ok(Program(program)))
}
