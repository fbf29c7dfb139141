use super::*;

/// A country with two districts of one facility each.
fn tree() -> Tree {
    let unit = |id, path: &str| Unit {
        id,
        uid: path.rsplit('/').next().unwrap_or_default().to_owned(),
        path: path.to_owned(),
        level: path.matches('/').count() as i32,
    };
    Tree::new(vec![
        unit(1, "/country0000"),
        unit(2, "/country0000/districtAAA"),
        unit(3, "/country0000/districtBBB"),
        unit(4, "/country0000/districtAAA/facilityAAA"),
        unit(5, "/country0000/districtBBB/facilityBBB"),
    ])
}

fn clerk() -> Caller {
    Caller {
        uid: "clerk000000".into(),
        capture: vec![4],
        search: vec![2],
        ..Caller::default()
    }
}

fn superuser(units: Vec<i64>) -> Caller {
    Caller {
        authorities: ["ALL".to_owned()].into(),
        capture: units,
        ..Caller::default()
    }
}

fn ids(
    level: AccessLevel,
    caller: &Caller,
    mode: OrgUnitMode,
    unit: Option<&str>,
) -> Result<Vec<i64>, ScopeError> {
    let tree = tree();
    let unit = unit.and_then(|uid| tree.find(uid));
    scope(&tree, caller, level, mode, unit)
        .map(|set| tree.units(&set).map(|unit| unit.id).collect())
}

#[test]
fn open_programs_reach_the_search_scope_and_closed_ones_the_capture_scope() {
    use OrgUnitMode::{Accessible, Capture};
    assert_eq!(
        ids(AccessLevel::Open, &clerk(), Accessible, None),
        Ok(vec![2, 4])
    );
    assert_eq!(
        ids(AccessLevel::Audited, &clerk(), Accessible, None),
        Ok(vec![2, 4])
    );
    assert_eq!(
        ids(AccessLevel::Protected, &clerk(), Accessible, None),
        Ok(vec![4])
    );
    assert_eq!(
        ids(AccessLevel::Closed, &clerk(), Accessible, None),
        Ok(vec![4])
    );
    assert_eq!(ids(AccessLevel::Open, &clerk(), Capture, None), Ok(vec![4]));
}

#[test]
fn capture_units_are_listed_whole_even_where_one_searches_elsewhere() {
    let stranger = Caller {
        search: vec![3],
        ..clerk()
    };
    for level in [AccessLevel::Open, AccessLevel::Audited, AccessLevel::Closed] {
        assert_eq!(
            ids(level, &stranger, OrgUnitMode::Capture, None),
            Ok(vec![4])
        );
    }
    let open = ids(AccessLevel::Open, &stranger, OrgUnitMode::Accessible, None);
    assert_eq!(open, Ok(vec![3, 5]));
}

#[test]
fn unit_modes_select_from_the_tree() {
    use OrgUnitMode::{Children, Descendants, Selected};
    let root = superuser(vec![1]);
    assert_eq!(
        ids(AccessLevel::Closed, &root, Selected, Some("country0000")),
        Ok(vec![1])
    );
    assert_eq!(
        ids(AccessLevel::Closed, &root, Children, Some("country0000")),
        Ok(vec![1, 2, 3])
    );
    assert_eq!(
        ids(AccessLevel::Closed, &root, Descendants, Some("districtBBB")),
        Ok(vec![3, 5])
    );
}

#[test]
fn a_closed_program_shows_nothing_of_a_unit_that_is_only_searched() {
    assert_eq!(
        ids(
            AccessLevel::Closed,
            &clerk(),
            OrgUnitMode::Selected,
            Some("districtAAA")
        ),
        Ok(vec![])
    );
}

#[test]
fn a_unit_outside_the_search_scope_is_refused_even_to_superusers() {
    let refused = Err(ScopeError::OutsideScope("districtBBB".into()));
    assert_eq!(
        ids(
            AccessLevel::Open,
            &clerk(),
            OrgUnitMode::Selected,
            Some("districtBBB")
        ),
        refused
    );
    assert_eq!(
        ids(
            AccessLevel::Open,
            &superuser(vec![2]),
            OrgUnitMode::Selected,
            Some("districtBBB")
        ),
        refused
    );
}

#[test]
fn superusers_see_everything_in_wide_modes() {
    for mode in [OrgUnitMode::Accessible, OrgUnitMode::All] {
        assert_eq!(
            ids(AccessLevel::Closed, &superuser(vec![4]), mode, None).map(|ids| ids.len()),
            Ok(5)
        );
    }
}

#[test]
fn requests_that_break_a_rule_say_which() {
    use OrgUnitMode::{Accessible, All, Capture, Selected};
    let nobody = Caller::default();
    assert_eq!(
        ids(AccessLevel::Open, &clerk(), Selected, None),
        Err(ScopeError::OrgUnitMissing("SELECTED"))
    );
    assert_eq!(
        ids(AccessLevel::Open, &clerk(), Accessible, Some("districtAAA")),
        Err(ScopeError::OrgUnitNotAllowed("ACCESSIBLE"))
    );
    assert_eq!(
        ids(AccessLevel::Open, &clerk(), All, None),
        Err(ScopeError::AllNotAllowed)
    );
    assert_eq!(
        ids(AccessLevel::Open, &nobody, Accessible, None),
        Err(ScopeError::NoOrgUnits)
    );
    assert_eq!(
        ids(AccessLevel::Open, &nobody, Capture, None),
        Err(ScopeError::NoCaptureOrgUnits)
    );
}

#[test]
fn sharing_grants_by_public_user_and_group() {
    let caller = Caller {
        groups: vec!["group000000".into()],
        ..clerk()
    };
    let sharing = |public: Option<&str>| Sharing {
        owner: Some("somebody000".into()),
        public: public.map(Into::into),
        ..Sharing::default()
    };
    assert!(
        sharing(None).may_read_data(&caller),
        "absent public access grants everything"
    );
    assert!(sharing(Some("rwr-----")).may_read_data(&caller));
    assert!(!sharing(Some("--w-w---")).may_read(&caller));
    assert!(!sharing(Some("rw------")).may_read_data(&caller));
    let mut personal = sharing(Some("--------"));
    personal.users.push((caller.uid.clone(), "r-r-----".into()));
    assert!(personal.may_read_data(&caller) && personal.may_read(&caller));
    let mut by_group = sharing(Some("--------"));
    by_group
        .groups
        .push(("group000000".into(), "---w----".into()));
    assert!(
        by_group.may_read_data(&caller),
        "data write implies data read"
    );
    assert!(
        !by_group.may_read_option(&caller),
        "but not for category options"
    );
}

#[test]
fn ownership_counts_for_options_and_metadata_but_not_for_data() {
    let caller = clerk();
    let own = Sharing {
        owner: Some(caller.uid.clone()),
        public: Some("--------".into()),
        ..Sharing::default()
    };
    assert!(own.may_read(&caller) && own.may_read_option(&caller) && !own.may_read_data(&caller));
}
