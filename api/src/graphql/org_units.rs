//! Organisation units and their list.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject, Value};
use domain::page::MOST_ROWS;
use storage::org_units::OrgUnitFilter;

use super::{
    at_hand::{Asked, AtHand, FieldsAtHand},
    connection::{PageInfo, seal, unseal},
    context,
    error::{fail, refuse, refuse_page},
    scalars::Date,
};

/// A unit.
pub struct OrgUnit(pub Arc<storage::org_units::OrgUnit>);

/// A country, district, facility, clinic or station.
#[Object]
impl OrgUnit {
    /// DHIS2 identifier.
    pub async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Code; null when not given.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Depth in the tree; a root has 1.
    async fn level(&self) -> i32 {
        self.0.hierarchylevel
    }

    /// Identifiers from the root down, "/uid/uid".
    async fn path(&self) -> &str {
        &self.0.path
    }

    /// Last day of operation; null while open.
    async fn closed_at(&self) -> Option<Date> {
        self.0.closeddate.map(Date)
    }

    /// The unit above; null for a root.
    async fn parent(&self, ctx: &Context<'_>) -> Option<OrgUnit> {
        context(ctx).unit(self.0.parentid?).map(OrgUnit)
    }
}

impl FieldsAtHand for OrgUnit {
    fn field_at_hand(&self, asked: &Asked<'_>) -> Option<Value> {
        let unit = &self.0;
        match asked.name() {
            "id" => Some(Value::from(unit.uid.as_str())),
            "code" => Some(unit.code.as_deref().map_or(Value::Null, Value::from)),
            "name" => Some(Value::from(unit.name.as_str())),
            "level" => Some(Value::from(unit.hierarchylevel)),
            "path" => Some(Value::from(unit.path.as_str())),
            _ => None,
        }
    }
}

/// A unit that a foreign key promises.
pub(super) fn required(ctx: &Context<'_>, id: i64) -> Result<AtHand<OrgUnit>> {
    let unit = context(ctx).unit(id).map(|unit| AtHand(OrgUnit(unit)));
    unit.ok_or_else(|| refuse("the org unit was removed while the request ran; try again"))
}

/// A page of org units.
#[derive(SimpleObject)]
pub struct OrgUnitConnection {
    /// The units with their cursors.
    edges: Vec<OrgUnitEdge>,
    /// The units.
    nodes: Vec<OrgUnit>,
    /// Where the page stands in the list.
    page_info: PageInfo,
}

/// A unit in a list.
#[derive(SimpleObject)]
pub struct OrgUnitEdge {
    /// Cursor of the unit.
    cursor: String,
    /// The unit.
    node: OrgUnit,
}

/// What a search of units was given.
pub(super) struct Search {
    pub search: Option<String>,
    pub level: Option<i32>,
    pub parent: Option<ID>,
    pub first: i32,
    pub after: Option<String>,
}

/// Units in the caller's search scope, by name.
pub(super) async fn list(ctx: &Context<'_>, arguments: Search) -> Result<OrgUnitConnection> {
    let request = context(ctx);
    let first = usize::try_from(arguments.first)
        .ok()
        .filter(|first| *first <= MOST_ROWS as usize)
        .ok_or_else(|| {
            refuse(format!(
                "first must be between 0 and {MOST_ROWS}, got {}",
                arguments.first
            ))
        })?;
    let after = arguments.after.as_deref().map(read_cursor).transpose()?;
    let parent = match &arguments.parent {
        None => None,
        Some(uid) => Some(
            request
                .tree
                .find(uid)
                .ok_or_else(|| refuse(format!("parent {} does not exist", uid.as_str())))?
                .id,
        ),
    };
    let roots = [
        request.caller.effective_search(),
        request.caller.effective_data_view(),
    ]
    .concat();
    let filter = OrgUnitFilter {
        search: arguments.search,
        level: arguments.level,
        parent,
        roots,
    };
    let is_cut = after.is_some();
    let fetch = first as i64 + 1;
    let units = request.db().run("org units", move |conn| {
        storage::org_units::list(conn, &filter, after, fetch)
    });
    let mut units = units.await.map_err(fail)?;
    let has_next_page = units.len() > first;
    units.truncate(first);
    let cursors: Vec<String> = units
        .iter()
        .map(|unit| seal(&format!("{}\n{}", unit.uid, unit.name)))
        .collect();
    let page_info = PageInfo {
        has_next_page,
        has_previous_page: is_cut,
        start_cursor: cursors.first().cloned(),
        end_cursor: cursors.last().cloned(),
    };
    let units: Vec<Arc<_>> = units.into_iter().map(Arc::new).collect();
    let nodes = units.iter().cloned().map(OrgUnit).collect();
    let edge = |(cursor, unit)| OrgUnitEdge {
        cursor,
        node: OrgUnit(unit),
    };
    Ok(OrgUnitConnection {
        edges: cursors.into_iter().zip(units).map(edge).collect(),
        nodes,
        page_info,
    })
}

/// The (name, uid) that a cursor holds.
fn read_cursor(cursor: &str) -> Result<(String, String)> {
    let text = unseal("after", cursor).map_err(refuse_page)?;
    let (uid, name) = text
        .split_once('\n')
        .ok_or_else(|| refuse("after is not a cursor of this list"))?;
    Ok((name.to_owned(), uid.to_owned()))
}
