//! The kinds of objects, and the tables of what belongs to them.

use crate::import::dhis2::upsert::{Relation, Table};

/// One list of the payload.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(super) struct Kind {
    /// Member of the payload.
    pub(super) list: &'static str,
    /// What one of its objects is called.
    pub(super) name: &'static str,
    pub(super) table: Table,
    /// Whether no two objects may have the same code.
    pub(super) unique_code: bool,
}

const fn kind(
    list: &'static str,
    name: &'static str,
    table: &'static str,
    key: &'static str,
) -> Kind {
    Kind {
        list,
        name,
        table: Table { name: table, key },
        unique_code: true,
    }
}

const fn relation(name: &'static str, owner: &'static str, member: &'static str) -> Relation {
    Relation {
        name,
        owner,
        member,
    }
}

pub(super) const ATTRIBUTE: Kind = kind("attributes", "attribute", "attribute", "attributeid");
pub(super) const OPTION_SET: Kind = kind("optionSets", "optionSet", "optionset", "optionsetid");
pub(super) const OPTION: Kind = Kind {
    unique_code: false,
    ..kind("options", "option", "optionvalue", "optionvalueid")
};
pub(super) const ORGANISATION_UNIT: Kind = kind(
    "organisationUnits",
    "organisationUnit",
    "organisationunit",
    "organisationunitid",
);
pub(super) const USER_ROLE: Kind = kind("userRoles", "userRole", "userrole", "userroleid");
pub(super) const USER: Kind = kind("users", "user", "userinfo", "userinfoid");
pub(super) const USER_GROUP: Kind = kind("userGroups", "userGroup", "usergroup", "usergroupid");
pub(super) const CATEGORY_OPTION: Kind = kind(
    "categoryOptions",
    "categoryOption",
    "categoryoption",
    "categoryoptionid",
);
pub(super) const CATEGORY: Kind = kind("categories", "category", "category", "categoryid");
pub(super) const CATEGORY_COMBO: Kind = kind(
    "categoryCombos",
    "categoryCombo",
    "categorycombo",
    "categorycomboid",
);
pub(super) const CATEGORY_OPTION_COMBO: Kind = kind(
    "categoryOptionCombos",
    "categoryOptionCombo",
    "categoryoptioncombo",
    "categoryoptioncomboid",
);
pub(super) const DATA_ELEMENT: Kind = kind(
    "dataElements",
    "dataElement",
    "dataelement",
    "dataelementid",
);
pub(super) const TRACKED_ENTITY_ATTRIBUTE: Kind = kind(
    "trackedEntityAttributes",
    "trackedEntityAttribute",
    "trackedentityattribute",
    "trackedentityattributeid",
);
pub(super) const TRACKED_ENTITY_TYPE: Kind = kind(
    "trackedEntityTypes",
    "trackedEntityType",
    "trackedentitytype",
    "trackedentitytypeid",
);
pub(super) const PROGRAM: Kind = kind("programs", "program", "program", "programid");
pub(super) const PROGRAM_STAGE: Kind = Kind {
    unique_code: false,
    ..kind(
        "programStages",
        "programStage",
        "programstage",
        "programstageid",
    )
};
pub(super) const RELATIONSHIP_TYPE: Kind = kind(
    "relationshipTypes",
    "relationshipType",
    "relationshiptype",
    "relationshiptypeid",
);

pub(super) const CONSTANT: Kind = kind("constants", "constant", "constant", "constantid");
pub(super) const ORGANISATION_UNIT_GROUP: Kind = kind(
    "organisationUnitGroups",
    "organisationUnitGroup",
    "orgunitgroup",
    "orgunitgroupid",
);
pub(super) const PROGRAM_RULE: Kind = kind(
    "programRules",
    "programRule",
    "programrule",
    "programruleid",
);
pub(super) const PROGRAM_RULE_ACTION: Kind = kind(
    "programRuleActions",
    "programRuleAction",
    "programruleaction",
    "programruleactionid",
);
pub(super) const PROGRAM_RULE_VARIABLE: Kind = kind(
    "programRuleVariables",
    "programRuleVariable",
    "programrulevariable",
    "programrulevariableid",
);

/// Every kind, in the order in which they are loaded: what is referred to comes first.
pub(super) const ALL: [Kind; 22] = [
    ATTRIBUTE,
    OPTION_SET,
    OPTION,
    ORGANISATION_UNIT,
    ORGANISATION_UNIT_GROUP,
    USER_ROLE,
    USER,
    USER_GROUP,
    CATEGORY_OPTION,
    CATEGORY,
    CATEGORY_COMBO,
    CATEGORY_OPTION_COMBO,
    DATA_ELEMENT,
    TRACKED_ENTITY_ATTRIBUTE,
    TRACKED_ENTITY_TYPE,
    PROGRAM,
    PROGRAM_STAGE,
    RELATIONSHIP_TYPE,
    CONSTANT,
    PROGRAM_RULE,
    PROGRAM_RULE_ACTION,
    PROGRAM_RULE_VARIABLE,
];

pub(super) const UNITS_OF_GROUP: Relation = relation(
    "orgunitgroupmembers",
    "orgunitgroupid",
    "organisationunitid",
);
pub(super) const CAPTURE_UNITS: Relation =
    relation("usermembership", "userinfoid", "organisationunitid");
pub(super) const SEARCH_UNITS: Relation =
    relation("userteisearchorgunits", "userinfoid", "organisationunitid");
pub(super) const DATA_VIEW_UNITS: Relation =
    relation("userdatavieworgunits", "userinfoid", "organisationunitid");
pub(super) const AUTHORITIES_OF_ROLE: Relation =
    relation("userroleauthorities", "userroleid", "authority");
pub(super) const ROLES_OF_USER: Relation = relation("userrolemembers", "userinfoid", "userroleid");
pub(super) const USERS_OF_GROUP: Relation =
    relation("usergroupmembers", "usergroupid", "userinfoid");
pub(super) const UNITS_OF_CATEGORY_OPTION: Relation = relation(
    "categoryoption_organisationunits",
    "categoryoptionid",
    "organisationunitid",
);
pub(super) const OPTIONS_OF_CATEGORY: Relation = relation(
    "categories_categoryoptions",
    "categoryid",
    "categoryoptionid",
);
pub(super) const CATEGORIES_OF_COMBO: Relation =
    relation("categorycombos_categories", "categorycomboid", "categoryid");
pub(super) const COMBO_OF_OPTION_COMBO: Relation = relation(
    "categorycombos_optioncombos",
    "categoryoptioncomboid",
    "categorycomboid",
);
pub(super) const OPTIONS_OF_OPTION_COMBO: Relation = relation(
    "categoryoptioncombos_categoryoptions",
    "categoryoptioncomboid",
    "categoryoptionid",
);
pub(super) const ATTRIBUTES_OF_TYPE: Relation = relation(
    "trackedentitytypeattribute",
    "trackedentitytypeid",
    "trackedentityattributeid",
);
pub(super) const UNITS_OF_PROGRAM: Relation = relation(
    "program_organisationunits",
    "programid",
    "organisationunitid",
);
pub(super) const ATTRIBUTES_OF_PROGRAM: Relation = relation(
    "program_attributes",
    "programid",
    "trackedentityattributeid",
);
pub(super) const DATA_ELEMENTS_OF_STAGE: Relation =
    relation("programstagedataelement", "programstageid", "dataelementid");
