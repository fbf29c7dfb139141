//! Who may see what: scopes of org units, access levels of programs, sharing settings.
//!
//! The rules are DHIS2's. They are answered before any event is read, so that a page query carries nothing but ids.

use std::collections::BTreeSet;

use crate::{
    authority::{ALL, SEARCH_IN_ALL_ORG_UNITS},
    event::refusal::{Part, Refusal},
    org_unit::{Tree, Unit, UnitSet},
};

/// A person who calls, with everything that decides what they see.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Internal key.
    pub id: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name used to sign in.
    pub username: String,
    /// Authorities of all roles.
    pub authorities: BTreeSet<String>,
    /// Identifiers of the groups the person belongs to.
    pub groups: Vec<String>,
    /// Keys of the capture units.
    pub capture: Vec<i64>,
    /// Keys of the search units; none means the capture units.
    pub search: Vec<i64>,
    /// Keys of the data-view units; none means the capture units.
    pub data_view: Vec<i64>,
}

impl Caller {
    /// Whether the person holds the authority ALL.
    #[must_use]
    pub fn is_superuser(&self) -> bool {
        self.authorities.contains(ALL)
    }

    /// Whether the person may list the events of every unit.
    #[must_use]
    pub fn may_search_everywhere(&self) -> bool {
        self.has_authority(SEARCH_IN_ALL_ORG_UNITS)
    }

    /// Whether the person holds an authority, or ALL, which stands for every one.
    #[must_use]
    pub fn has_authority(&self, authority: &str) -> bool {
        self.is_superuser() || self.authorities.contains(authority)
    }

    /// Whether the person holds every authority that another one holds, and so may act for them.
    #[must_use]
    pub fn covers(&self, other: &Caller) -> bool {
        self.is_superuser() || other.authorities.is_subset(&self.authorities)
    }

    /// Keys of the units below which the person may search.
    #[must_use]
    pub fn effective_search(&self) -> &[i64] {
        if self.search.is_empty() {
            &self.capture
        } else {
            &self.search
        }
    }

    /// Keys of the units below which the person sees analytics.
    #[must_use]
    pub fn effective_data_view(&self) -> &[i64] {
        if self.data_view.is_empty() {
            &self.capture
        } else {
            &self.data_view
        }
    }
}

/// How open a program is beyond the capture scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLevel {
    /// Seen in the search scope.
    Open,
    /// Seen in the search scope, reads are audited.
    Audited,
    /// Seen in the capture scope, or with temporary ownership.
    Protected,
    /// Seen in the capture scope only.
    Closed,
}

impl AccessLevel {
    /// Reads DHIS2's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "OPEN" => AccessLevel::Open,
            "AUDITED" => AccessLevel::Audited,
            "PROTECTED" => AccessLevel::Protected,
            "CLOSED" => AccessLevel::Closed,
            _ => return None,
        })
    }
}

/// Which units a list asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgUnitMode {
    /// One unit.
    Selected,
    /// One unit and its direct children.
    Children,
    /// One unit and everything below.
    Descendants,
    /// Everything that the caller may see.
    Accessible,
    /// The caller's capture units and everything below.
    Capture,
    /// Everything; needs an authority.
    All,
}

/// Why a list of units is refused; the text reads on behind the name of the argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// The mode needs a unit and none was given.
    #[error("is required with mode {0}")]
    OrgUnitMissing(&'static str),
    /// The mode takes no unit and one was given.
    #[error("cannot be given with mode {0}")]
    OrgUnitNotAllowed(&'static str),
    /// The unit lies outside the caller's search scope.
    #[error("{0} is outside your search scope")]
    OutsideScope(String),
    /// The caller has neither capture nor search units.
    #[error("needs org units to search or capture in and you have none")]
    NoOrgUnits,
    /// The caller has no capture units.
    #[error("CAPTURE needs capture org units and you have none")]
    NoCaptureOrgUnits,
    /// The caller may not list everything.
    #[error("ALL needs the authority ALL or {SEARCH_IN_ALL_ORG_UNITS}")]
    AllNotAllowed,
}

impl ScopeError {
    /// The part of the request that is refused, and why.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let text = self.to_string();
        match self {
            ScopeError::OrgUnitMissing(_) | ScopeError::OrgUnitNotAllowed(_) => {
                Refusal::bad(Part::OrgUnit, text)
            }
            ScopeError::OutsideScope(_) => Refusal::forbidden(Part::OrgUnit, text),
            ScopeError::NoOrgUnits | ScopeError::NoCaptureOrgUnits | ScopeError::AllNotAllowed => {
                Refusal::forbidden(Part::OrgUnitMode, text)
            }
        }
    }
}

impl OrgUnitMode {
    /// DHIS2's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OrgUnitMode::Selected => "SELECTED",
            OrgUnitMode::Children => "CHILDREN",
            OrgUnitMode::Descendants => "DESCENDANTS",
            OrgUnitMode::Accessible => "ACCESSIBLE",
            OrgUnitMode::Capture => "CAPTURE",
            OrgUnitMode::All => "ALL",
        }
    }

    fn needs_unit(self) -> bool {
        matches!(
            self,
            OrgUnitMode::Selected | OrgUnitMode::Children | OrgUnitMode::Descendants
        )
    }
}

/// The units whose events a list returns: those asked for, cut to those the caller may see.
///
/// A unit outside the caller's own search scope is refused even to superusers, as DHIS2 does. What a caller captures in is
/// listed whole by `CAPTURE`, even where they search elsewhere.
///
/// # Errors
/// One [`ScopeError`] for each rule that the request breaks.
pub fn scope(
    tree: &Tree,
    caller: &Caller,
    level: AccessLevel,
    mode: OrgUnitMode,
    unit: Option<&Unit>,
) -> Result<UnitSet, ScopeError> {
    let asked = asked(tree, caller, mode, unit)?;
    if matches!(mode, OrgUnitMode::All | OrgUnitMode::Capture) || caller.is_superuser() {
        return Ok(asked);
    }
    Ok(asked.intersect(&visible_units(tree, caller, level)))
}

/// The units that a list asks for, whatever the caller sees of a program in them.
///
/// # Errors
/// One [`ScopeError`] for each rule that the request breaks.
pub fn asked(
    tree: &Tree,
    caller: &Caller,
    mode: OrgUnitMode,
    unit: Option<&Unit>,
) -> Result<UnitSet, ScopeError> {
    if mode == OrgUnitMode::All && !caller.may_search_everywhere() {
        return Err(ScopeError::AllNotAllowed);
    }
    if mode == OrgUnitMode::Capture && caller.capture.is_empty() {
        return Err(ScopeError::NoCaptureOrgUnits);
    }
    if mode != OrgUnitMode::All && caller.effective_search().is_empty() {
        return Err(ScopeError::NoOrgUnits);
    }
    asked_units(tree, caller, mode, unit)
}

/// The units whose events of a program a caller may see at all.
#[must_use]
pub fn visible_units(tree: &Tree, caller: &Caller, level: AccessLevel) -> UnitSet {
    if caller.is_superuser() {
        return tree.everything();
    }
    match level {
        AccessLevel::Open | AccessLevel::Audited => tree.below(caller.effective_search()),
        AccessLevel::Protected | AccessLevel::Closed => tree.below(&caller.capture),
    }
}

fn asked_units(
    tree: &Tree,
    caller: &Caller,
    mode: OrgUnitMode,
    unit: Option<&Unit>,
) -> Result<UnitSet, ScopeError> {
    let unit = match (mode.needs_unit(), unit) {
        (true, Some(unit)) => unit,
        (true, None) => return Err(ScopeError::OrgUnitMissing(mode.name())),
        (false, Some(_)) => return Err(ScopeError::OrgUnitNotAllowed(mode.name())),
        (false, None) if mode == OrgUnitMode::Capture => return Ok(tree.below(&caller.capture)),
        (false, None) => return Ok(tree.everything()),
    };
    if !tree.contains(&tree.below(caller.effective_search()), unit.id) {
        return Err(ScopeError::OutsideScope(unit.uid.clone()));
    }
    Ok(match mode {
        OrgUnitMode::Selected => tree.only(unit),
        OrgUnitMode::Children => tree.with_children(unit),
        _ => tree.below(&[unit.id]),
    })
}

/// Sharing settings of a metadata object. Access strings have 8 characters: metadata read and write, data read and write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sharing {
    /// Identifier of the owner; `None` when nobody owns it.
    pub owner: Option<String>,
    /// Access of everybody; `None` grants everything.
    pub public: Option<String>,
    /// Access by user identifier.
    pub users: Vec<(String, String)>,
    /// Access by group identifier.
    pub groups: Vec<(String, String)>,
}

impl Sharing {
    /// Whether a caller may read the data kept under the object. Ownership alone does not count.
    #[must_use]
    pub fn may_read_data(&self, caller: &Caller) -> bool {
        self.grants(caller, |access| {
            matches!(access.get(2), Some(b'r')) || matches!(access.get(3), Some(b'w'))
        })
    }

    /// Whether a caller may write the data kept under the object. Ownership alone does not count.
    #[must_use]
    pub fn may_write_data(&self, caller: &Caller) -> bool {
        self.grants(caller, |access| matches!(access.get(3), Some(b'w')))
    }

    /// Whether a caller may see the object itself.
    #[must_use]
    pub fn may_read(&self, caller: &Caller) -> bool {
        self.owner.as_ref().is_none_or(|owner| *owner == caller.uid)
            || self.grants(caller, |access| matches!(access.first(), Some(b'r')))
    }

    /// Whether a caller may read events filed under the object as a category option. Here ownership counts.
    #[must_use]
    pub fn may_read_option(&self, caller: &Caller) -> bool {
        self.owner.as_ref().is_none_or(|owner| *owner == caller.uid)
            || self.grants(caller, |access| matches!(access.get(2), Some(b'r')))
    }

    fn grants(&self, caller: &Caller, allows: impl Fn(&[u8]) -> bool) -> bool {
        let mut personal = self.users.iter().filter(|(uid, _)| *uid == caller.uid);
        let mut shared = self
            .groups
            .iter()
            .filter(|(uid, _)| caller.groups.contains(uid));
        caller.is_superuser()
            || self
                .public
                .as_ref()
                .is_none_or(|access| allows(access.as_bytes()))
            || personal.any(|(_, access)| allows(access.as_bytes()))
            || shared.any(|(_, access)| allows(access.as_bytes()))
    }
}

#[cfg(test)]
mod tests;
