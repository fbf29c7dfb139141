//! The GraphQL schema: its root, its limits, its text.

pub mod at_hand;
mod cells;
pub mod clinics;
pub mod comparison;
pub mod connection;
pub mod data_version;
pub mod diagnoses;
pub mod diagnosis_rows;
pub mod error;
pub mod event_aggregate;
mod event_changes;
pub mod event_filter;
pub mod event_input;
pub mod event_order;
pub mod event_values;
pub mod events;
pub mod flow;
pub mod import_report;
pub mod mutation;
pub mod org_units;
pub mod programs;
pub mod quality;
pub mod query;
pub mod refresh;
pub mod report;
pub mod saved_views;
pub mod scalars;
pub mod stay_filter;
pub mod subscription;
pub mod tokens;
pub mod tracked_entities;
pub mod trend;
pub mod users;
pub mod working_list;

use async_graphql::{Context, Response, Result, SchemaBuilder, ValidationMode};

use crate::{caller::RequestContext, guard::What, limits::LimitSettings};

/// The schema. It holds no state: each request brings its [`RequestContext`].
pub type Schema =
    async_graphql::Schema<query::Query, mutation::Mutation, subscription::Subscription>;

type Builder = SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription>;

/// Most rows of a page.
struct MostRows(u32);

/// Refuses pages that are longer than the server's settings allow.
///
/// # Errors
/// A sentence that names argument and limit.
fn check_rows(ctx: &Context<'_>, argument: &str, rows: Option<i32>) -> Result<()> {
    let MostRows(most) = ctx.data_unchecked();
    match rows {
        Some(rows) if i64::from(rows) > i64::from(*most) => Err(error::refuse(format!(
            "{argument} must be at most {most} (--max-page), got {rows}"
        ))),
        _ => Ok(()),
    }
}

/// Builds the schema. A document costs at most `complexity`: one for each field, lists weighted by their rows. The other
/// limits are checked before the schema sees a document.
#[must_use]
pub fn schema(limits: &LimitSettings, complexity: usize) -> Schema {
    limited(limits, complexity).finish()
}

/// The same schema for documents that were found valid before.
#[must_use]
pub fn unchecked_schema(limits: &LimitSettings, complexity: usize) -> Schema {
    let builder = limited(limits, complexity);
    builder.validation_mode(ValidationMode::Fast).finish()
}

fn limited(limits: &LimitSettings, complexity: usize) -> Builder {
    let builder = builder().data(MostRows(limits.max_page));
    builder.limit_complexity(complexity)
}

fn builder() -> Builder {
    Schema::build(query::Query, mutation::Mutation, subscription::Subscription)
}

/// The schema's text in GraphQL's definition language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items();
    builder().finish().sdl_with_options(options)
}

/// Whether a document was refused before any field ran: then there is no data at all, not even null.
pub(crate) fn is_request_error(response: &Response) -> bool {
    response.data == async_graphql::Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// What the request knows. The HTTP handler puts it into every request before it runs.
fn context<'a>(ctx: &Context<'a>) -> &'a RequestContext {
    ctx.data_unchecked::<std::sync::Arc<RequestContext>>()
}

/// What a field read or did, for the audit log: the field with the name of the operation.
fn named(ctx: &Context<'_>, what: What) -> What {
    let field = ctx.field().name();
    let operation = match &ctx.query_env.operation_name {
        Some(name) => format!("{field} in {name}"),
        None => field.to_owned(),
    };
    What { operation, ..what }
}

/// Logs that a field reads data of persons or analytics, before they are handed out.
async fn log_read(ctx: &Context<'_>, what: What) -> Result<()> {
    let log = context(ctx).log_read(named(ctx, what));
    log.await.map_err(error::fail)
}

/// Logs what a field did.
async fn log_act(ctx: &Context<'_>, what: What) -> Result<()> {
    let log = context(ctx).log_act(named(ctx, what));
    log.await.map_err(error::fail)
}
