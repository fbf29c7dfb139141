//! The units that pages are asked of: ours as keys, DHIS2's as conditions on paths.

use domain::{
    access::{self, Caller, OrgUnitMode},
    org_unit::Unit,
};

use super::ground::Ground;
use crate::{Result, dhis2};

/// Units of a page.
pub struct Scope {
    pub name: &'static str,
    /// Keys; `None` for every unit.
    pub units: Option<Vec<i64>>,
    /// The same as DHIS2 asks for it: mode, then access.
    pub conditions: Vec<String>,
}

/// One unit, a district in both ways, the country, and what the caller captures.
pub fn wide(ground: &Ground) -> Result<Vec<Scope>> {
    let caller = &ground.caller;
    let of = |name, mode, unit| scope(ground, caller, name, mode, unit);
    Ok(vec![
        of("SELECTED, large unit", OrgUnitMode::Selected, Some(&ground.large))?,
        of("CHILDREN of a district", OrgUnitMode::Children, Some(&ground.district))?,
        of("DESCENDANTS of a district", OrgUnitMode::Descendants, Some(&ground.district))?,
        of("DESCENDANTS of the country", OrgUnitMode::Descendants, Some(&ground.country))?,
        of("CAPTURE, a district", OrgUnitMode::Capture, None)?,
    ])
}

/// The unit with three events in every mode that can be asked of it, the last one by somebody who captures there alone.
pub fn sparse(ground: &Ground) -> Result<Vec<Scope>> {
    let caller = &ground.caller;
    let unit = Some(&ground.sparse);
    let clerk = Caller {
        capture: vec![ground.sparse.id],
        search: Vec::new(),
        ..caller.clone()
    };
    Ok(vec![
        scope(ground, caller, "SELECTED", OrgUnitMode::Selected, unit)?,
        scope(ground, caller, "CHILDREN", OrgUnitMode::Children, unit)?,
        scope(ground, caller, "DESCENDANTS", OrgUnitMode::Descendants, unit)?,
        scope(ground, &clerk, "CAPTURE", OrgUnitMode::Capture, None)?,
    ])
}

fn scope(
    ground: &Ground,
    caller: &Caller,
    name: &'static str,
    mode: OrgUnitMode,
    unit: Option<&Unit>,
) -> Result<Scope> {
    let tree = &ground.tree;
    let units = access::scope(tree, caller, ground.program.access_level, mode, unit)?;
    let mut conditions = Vec::new();
    if let Some(unit) = unit {
        conditions.push(dhis2::unit_condition(mode, unit));
    }
    let visible = match mode == OrgUnitMode::Capture || !ground.is_open() {
        true => &caller.capture,
        false => caller.effective_search(),
    };
    let everything = tree.everything();
    let paths = tree
        .units(&everything)
        .filter(|unit| visible.contains(&unit.id))
        .map(|unit| format!("ou.path LIKE '{}%'", unit.path));
    conditions.push(format!("({})", paths.collect::<Vec<_>>().join(" OR ")));
    Ok(Scope {
        name,
        units: (!tree.is_everything(&units)).then(|| tree.units(&units).map(|u| u.id).collect()),
        conditions,
    })
}
