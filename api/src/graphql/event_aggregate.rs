//! Aggregates of events: dimensions and measures in, groups with names out.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Result, SimpleObject};
use domain::{
    id_scheme::{IdScheme, Kind},
    suppression::hidden_cells,
};
use storage::events::aggregate::{self, Dimension, Group, Measure, Period};

use super::{
    context,
    diagnosis_rows::Count,
    error::{fail, refuse},
    event_filter::{RequestArguments, read_request},
};
use crate::{
    caller::RequestContext,
    loaders::{DataElementUid, OptionCode, StageId},
};

/// What events are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EventDimensionKind {
    /// The unit that lists select by, or the one above it at `level`.
    OrgUnit,
    /// The day on which the event occurred, like 2026-01-31.
    Day,
    /// The ISO week, like 2026-W05.
    Week,
    /// The month, like 2026-01.
    Month,
    /// The quarter, like 2026-Q1.
    Quarter,
    /// The year, like 2026.
    Year,
    /// The stored state.
    Status,
    /// The stage.
    Stage,
    /// The option or boolean of the data element `column`.
    Option,
    /// The attribute option combination.
    OptionCombo,
}

/// A dimension of an aggregate.
#[derive(Debug, Clone, InputObject)]
pub struct EventDimension {
    /// What is grouped by.
    pub by: EventDimensionKind,
    /// Level of the tree with `ORG_UNIT`, a root has 1; absent for the units themselves. Units above it have no key.
    pub level: Option<i32>,
    /// The data element with `OPTION`.
    pub column: Option<ID>,
}

/// What is computed of the numbers of a data element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "aggregate::Function")]
pub enum EventFunction {
    /// How many there are.
    Count,
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// A figure beside the count. Values that are not numbers are left out.
#[derive(Debug, Clone, InputObject)]
pub struct EventMeasure {
    /// What is computed.
    pub function: EventFunction,
    /// The data element; its values are numbers.
    pub column: ID,
}

/// Events of a list by group.
#[derive(SimpleObject)]
pub struct EventAggregate {
    /// The groups that have events, ordered by the identifiers of their keys.
    groups: Vec<EventGroup>,
    /// All events of the list.
    total: Count,
}

/// Events with equal keys.
#[derive(SimpleObject)]
pub struct EventGroup {
    /// A key for each dimension, in order.
    keys: Vec<EventGroupKey>,
    /// How many events; hidden where the server keeps small figures back.
    count: Count,
    /// The measures, in order; null where no event has a number, and where the count is hidden.
    measures: Vec<Option<f64>>,
}

/// A key of a group.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct EventGroupKey {
    /// Identifier, period, state or value; null for events without one.
    id: Option<String>,
    #[graphql(skip)]
    named: Named,
}

/// Where the name of a key is found.
#[derive(Clone)]
enum Named {
    Itself,
    OrgUnit,
    Stage(Option<i64>),
    Option(ID),
    OptionCombo(Option<String>),
}

#[ComplexObject]
impl EventGroupKey {
    /// Name for people; the identifier where there is no other, null for events without a key.
    async fn name(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        let id = self.id.clone()?;
        let name = find_name(context(ctx), &self.named, &id).await;
        Some(name.map_err(fail).map(|name| name.unwrap_or(id)))
    }
}

async fn find_name(
    request: &RequestContext,
    named: &Named,
    id: &str,
) -> storage::Result<Option<String>> {
    let loader = &request.loader;
    Ok(match named {
        Named::Itself | Named::Stage(None) => None,
        Named::OptionCombo(name) => name.clone(),
        Named::OrgUnit => request.unit_by_uid(id).map(|unit| unit.name.clone()),
        Named::Stage(Some(stage)) => {
            let stage = loader.load_one(StageId(*stage)).await?;
            stage.map(|stage| stage.name.clone())
        }
        Named::Option(column) => {
            let element = loader.load_one(DataElementUid(column.to_string())).await?;
            match element.and_then(|element| element.optionsetid) {
                None => None,
                Some(set) => {
                    let option = loader.load_one(OptionCode(set, id.to_owned())).await?;
                    option.map(|option| option.name.clone())
                }
            }
        }
    })
}

/// The aggregate that the arguments ask for.
pub(super) async fn answer(
    ctx: &Context<'_>,
    arguments: RequestArguments,
    group_by: Vec<EventDimension>,
    measures: Vec<EventMeasure>,
) -> Result<EventAggregate> {
    let request = context(ctx);
    let asked = read_request(arguments)?;
    let dimensions = group_by
        .iter()
        .map(read_dimension)
        .collect::<Result<Vec<_>>>()?;
    let measures = measures.into_iter().map(|measure| Measure {
        column: measure.column.0,
        function: measure.function.into(),
    });
    let measures: Vec<Measure> = measures.collect();
    let program = storage::events::request::program(&asked).map_err(fail)?;
    let scope = request.program_scope(program).await.map_err(fail)?;
    let (caller, tree) = (Arc::clone(&request.caller), Arc::clone(&request.tree));
    let (resolving, grouping) = (Arc::clone(&scope), dimensions.clone());
    let found = request.db().run("aggregate events", move |conn| {
        aggregate::check(conn, &resolving, &grouping, &measures)?;
        let listing = storage::events::resolve(conn, &resolving, &caller, &tree, &asked)?;
        let groups = aggregate::aggregate(conn, &listing, &grouping, &measures)?;
        let place = grouping.iter().position(|by| *by == Dimension::OptionCombo);
        let combos: Vec<String> = place.map_or_else(Vec::new, |place| {
            groups
                .iter()
                .filter_map(|group| group.keys[place].clone())
                .collect()
        });
        let names = match combos.as_slice() {
            [] => Vec::new(),
            combos => storage::identifiers::by_uids(
                conn,
                Kind::CategoryOptionCombo,
                &IdScheme::Name,
                combos,
            )?,
        };
        Ok((groups, names))
    });
    let (groups, names) = found.await.map_err(fail)?;
    let named = |place: usize, id: Option<&str>| match &dimensions[place] {
        Dimension::OrgUnit(_) => Named::OrgUnit,
        Dimension::Stage => Named::Stage(
            scope
                .stages
                .iter()
                .find(|(_, uid)| Some(uid.as_str()) == id)
                .map(|(stage, _)| *stage),
        ),
        Dimension::Value(column) => Named::Option(ID(column.clone())),
        Dimension::OptionCombo => Named::OptionCombo(
            names
                .iter()
                .find(|named| Some(named.uid.as_str()) == id)
                .and_then(|named| named.name.clone()),
        ),
        Dimension::Period(_) | Dimension::Status => Named::Itself,
    };
    Ok(shown(groups, request.shared.minimum_event_cell, named))
}

/// The groups as they may be shown.
fn shown(
    groups: Vec<Group>,
    minimum: u32,
    named: impl Fn(usize, Option<&str>) -> Named,
) -> EventAggregate {
    let keys: Vec<Vec<Option<String>>> = groups.iter().map(|group| group.keys.clone()).collect();
    let counts: Vec<i64> = groups.iter().map(|group| group.events).collect();
    let hidden = hidden_cells(&keys, &counts, minimum);
    let total: i64 = counts.iter().sum();
    let count = |events: i64, suppressed: bool| Count {
        value: (!suppressed).then_some(events),
        suppressed,
    };
    let groups = groups.into_iter().zip(hidden).map(|(group, hidden)| {
        let measures = group
            .measures
            .iter()
            .map(|measure| measure.filter(|_| !hidden));
        let key = |(place, id): (usize, Option<String>)| EventGroupKey {
            named: named(place, id.as_deref()),
            id,
        };
        EventGroup {
            count: count(group.events, hidden),
            measures: measures.collect(),
            keys: group.keys.into_iter().enumerate().map(key).collect(),
        }
    });
    EventAggregate {
        groups: groups.collect(),
        total: count(total, 0 < total && total < i64::from(minimum)),
    }
}

fn read_dimension(dimension: &EventDimension) -> Result<Dimension> {
    use EventDimensionKind as By;
    if dimension.level.is_some() && dimension.by != By::OrgUnit {
        return Err(refuse("groupBy.level is only for ORG_UNIT"));
    }
    if dimension.column.is_some() && dimension.by != By::Option {
        return Err(refuse("groupBy.column is only for OPTION"));
    }
    Ok(match dimension.by {
        By::OrgUnit => {
            let level = dimension.level.map(u8::try_from).transpose();
            let wrong = |_| refuse("groupBy.level must be between 1 and 20");
            Dimension::OrgUnit(level.map_err(wrong)?)
        }
        By::Day => Dimension::Period(Period::Day),
        By::Week => Dimension::Period(Period::Week),
        By::Month => Dimension::Period(Period::Month),
        By::Quarter => Dimension::Period(Period::Quarter),
        By::Year => Dimension::Period(Period::Year),
        By::Status => Dimension::Status,
        By::Stage => Dimension::Stage,
        By::OptionCombo => Dimension::OptionCombo,
        By::Option => {
            let column = dimension.column.as_ref();
            let column = column.ok_or_else(|| refuse("groupBy.column is required with OPTION"))?;
            Dimension::Value(column.to_string())
        }
    })
}
