//! The units that pages are asked of, ours as a client names them, DHIS2's as conditions on paths.

use domain::{
    access::{Caller, OrgUnitMode},
    event::ListRequest,
    org_unit::Unit,
};

use super::ground::Ground;
use crate::dhis2;

/// Units of a page, and who asks for them.
pub struct Scope {
    pub name: &'static str,
    pub caller: Caller,
    mode: OrgUnitMode,
    unit: Option<Unit>,
}

/// One unit, a district in both ways, the country, and what the caller captures.
pub fn wide(ground: &Ground) -> Vec<Scope> {
    let of = |name, mode, unit: Option<&Unit>| Scope {
        name,
        caller: ground.caller.clone(),
        mode,
        unit: unit.cloned(),
    };
    let (district, country) = (Some(&ground.district), Some(&ground.country));
    vec![
        of(
            "SELECTED, large unit",
            OrgUnitMode::Selected,
            Some(&ground.large),
        ),
        of("CHILDREN of a district", OrgUnitMode::Children, district),
        of(
            "DESCENDANTS of a district",
            OrgUnitMode::Descendants,
            district,
        ),
        of(
            "DESCENDANTS of the country",
            OrgUnitMode::Descendants,
            country,
        ),
        of("CAPTURE, a district", OrgUnitMode::Capture, None),
    ]
}

/// The unit with three events in every mode that can be asked of it, the last one by somebody who captures there alone.
pub fn sparse(ground: &Ground) -> Vec<Scope> {
    let of = |name, mode| Scope {
        name,
        caller: ground.caller.clone(),
        mode,
        unit: Some(ground.sparse.clone()),
    };
    let clerk = Caller {
        capture: vec![ground.sparse.id],
        search: Vec::new(),
        ..ground.caller.clone()
    };
    vec![
        of("SELECTED", OrgUnitMode::Selected),
        of("CHILDREN", OrgUnitMode::Children),
        of("DESCENDANTS", OrgUnitMode::Descendants),
        Scope {
            name: "CAPTURE",
            caller: clerk,
            mode: OrgUnitMode::Capture,
            unit: None,
        },
    ]
}

impl Scope {
    /// Asks for these units.
    pub fn ask(&self, request: &mut ListRequest) {
        request.org_unit_mode = Some(self.mode);
        request.org_unit = self.unit.as_ref().map(|unit| unit.uid.clone());
    }

    /// DHIS2's conditions: the mode, then what the caller may see.
    pub fn conditions(&self, ground: &Ground) -> Vec<String> {
        let mut conditions = Vec::new();
        if let Some(unit) = &self.unit {
            conditions.push(dhis2::unit_condition(self.mode, unit));
        }
        let visible = match self.mode == OrgUnitMode::Capture || !ground.is_open() {
            true => self.caller.capture.as_slice(),
            false => self.caller.effective_search(),
        };
        let everything = ground.tree.everything();
        let paths: Vec<String> = ground
            .tree
            .units(&everything)
            .filter(|unit| visible.contains(&unit.id))
            .map(|unit| format!("ou.path LIKE '{}%'", unit.path))
            .collect();
        conditions.push(format!("({})", paths.join(" OR ")));
        conditions
    }
}
