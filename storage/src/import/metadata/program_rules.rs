//! Program rules with their actions and variables. An action belongs to the rule that lists it, else to the one it names itself.
//! An expression that cannot be read is stored all the same, as DHIS2 does, and told in a notice.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Text},
};
use domain::{
    event::ValueType,
    rule::{Expression, Kind},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    kind,
    loader::{Checked, Loader},
    references::Ref,
};
use crate::{
    Result,
    import::dhis2::{
        object::{self, Fault, Raw},
        timestamp::Timestamp,
        value_type,
    },
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgramRule {
    name: String,
    description: Option<String>,
    program: Ref,
    program_stage: Option<Ref>,
    #[serde(default)]
    condition: String,
    priority: Option<i32>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgramRuleAction {
    program_rule: Option<Ref>,
    program_rule_action_type: String,
    data_element: Option<Ref>,
    tracked_entity_attribute: Option<Ref>,
    program_stage: Option<Ref>,
    location: Option<String>,
    content: Option<String>,
    data: Option<String>,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgramRuleVariable {
    name: String,
    program: Ref,
    program_rule_variable_source_type: SourceType,
    data_element: Option<Ref>,
    tracked_entity_attribute: Option<Ref>,
    program_stage: Option<Ref>,
    #[serde(default)]
    use_code_for_option_set: bool,
    #[serde(default = "text", deserialize_with = "value_type::read")]
    value_type: ValueType,
    created: Option<Timestamp>,
    last_updated: Option<Timestamp>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SourceType {
    #[serde(rename = "DATAELEMENT_NEWEST_EVENT_PROGRAM")]
    NewestEvent,
    #[serde(rename = "DATAELEMENT_NEWEST_EVENT_PROGRAM_STAGE")]
    NewestEventOfStage,
    #[serde(rename = "DATAELEMENT_CURRENT_EVENT")]
    CurrentEvent,
    #[serde(rename = "DATAELEMENT_PREVIOUS_EVENT")]
    PreviousEvent,
    TeiAttribute,
    CalculatedValue,
}

/// Action that plans an event.
const SCHEDULE: &str = "SCHEDULEEVENT";

/// Type of a variable that names none.
fn text() -> ValueType {
    ValueType::Text
}

pub(super) fn load_rules(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    let mut notices = Vec::new();
    loader.load(kind::PROGRAM_RULE, list, |references, uid, rule: ProgramRule| {
        notices.extend(unreadable("condition of program rule", uid, &rule.condition));
        let stage = rule.program_stage.as_ref();
        Ok(Checked {
            row: json!({
                "name": rule.name,
                "description": rule.description,
                "programid": references.one(kind::PROGRAM, "program", &rule.program)?,
                "programstageid": references.optional(kind::PROGRAM_STAGE, "programStage", stage)?,
                "rulecondition": rule.condition,
                "priority": rule.priority,
                "created": rule.created.map_or(now, |moment| moment.0),
                "lastupdated": rule.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![],
        })
    })?;
    loader.report.notices.extend(notices);
    Ok(())
}

/// A sentence about an expression that cannot be read. One that is empty stands for none.
fn unreadable(what: &str, uid: &str, expression: &str) -> Option<String> {
    if expression.trim().is_empty() {
        return None;
    }
    let problem = Expression::parse(expression).err()?;
    Some(format!("The {what} {uid} cannot be run: {problem}."))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    id: String,
    program_rule_actions: Option<Vec<Ref>>,
}

pub(super) fn load_actions(loader: &mut Loader, list: &[Raw], rules: &[Raw]) -> Result<()> {
    let now = loader.now;
    let listings = rules.iter().filter_map(|raw| object::read(raw).ok());
    let listings: Vec<Listing> = listings.collect();
    let mut rule_of = HashMap::new();
    for listing in &listings {
        for action in listing.program_rule_actions.iter().flatten() {
            let rule = Ref {
                id: listing.id.clone(),
            };
            rule_of.entry(action.id.as_str()).or_insert(rule);
        }
    }
    let mut notices = Vec::new();
    loader.load(kind::PROGRAM_RULE_ACTION, list, |references, uid, action: ProgramRuleAction| {
        let rule = rule_of.get(uid).or(action.program_rule.as_ref());
        let rule = rule.ok_or_else(|| Fault::new("MISSING_MEMBER", "`programRule` is required"))?;
        let data = action.data.as_deref().filter(|data| !data.trim().is_empty());
        if Kind::parse(&action.program_rule_action_type).is_some() {
            notices.extend(data.and_then(|data| unreadable("data of program rule action", uid, data)));
        }
        let (element, stage) = (action.data_element.as_ref(), action.program_stage.as_ref());
        if action.program_rule_action_type == SCHEDULE && stage.is_none() {
            return Err(Fault::new("MISSING_MEMBER", "`programStage` is required by SCHEDULEEVENT"));
        }
        let attribute = action.tracked_entity_attribute.as_ref();
        Ok(Checked {
            row: json!({
                "programruleid": references.one(kind::PROGRAM_RULE, "programRule", rule)?,
                "actiontype": action.program_rule_action_type,
                "dataelementid": references.optional(kind::DATA_ELEMENT, "dataElement", element)?,
                "trackedentityattributeid":
                    references.optional(kind::TRACKED_ENTITY_ATTRIBUTE, "trackedEntityAttribute", attribute)?,
                "programstageid": references.optional(kind::PROGRAM_STAGE, "programStage", stage)?,
                "location": action.location,
                "content": action.content,
                "data": data,
                "created": action.created.map_or(now, |moment| moment.0),
                "lastupdated": action.last_updated.map_or(now, |moment| moment.0),
            }),
            members: vec![],
        })
    })?;
    loader.report.notices.extend(notices);
    tell_misplaced(loader, list)?;
    drop_unlisted(loader, &listings)
}

#[derive(QueryableByName)]
struct Misplaced {
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Bool)]
    enrolls: bool,
}

/// Tells which of the actions plan events of a stage of another program, or of a program without enrolments.
fn tell_misplaced(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let sent = list.iter().filter_map(|raw| object::read(raw).ok());
    let sent: Vec<String> = sent.map(|listing: Listing| listing.id).collect();
    let misplaced: Vec<Misplaced> = diesel::sql_query(
        "SELECT a.uid, p.type = 'WITH_REGISTRATION' AS enrolls
           FROM programruleaction a JOIN programrule r ON r.programruleid = a.programruleid
           JOIN program p ON p.programid = r.programid JOIN programstage s ON s.programstageid = a.programstageid
          WHERE a.actiontype = $1 AND a.uid = ANY($2)
            AND (p.type <> 'WITH_REGISTRATION' OR s.programid IS DISTINCT FROM r.programid) ORDER BY a.uid",
    )
    .bind::<Text, _>(SCHEDULE)
    .bind::<Array<Text>, _>(sent)
    .load(loader.conn)?;
    let notices = misplaced.into_iter().map(|Misplaced { uid, enrolls }| {
        let why = match enrolls {
            true => "`programStage` is not of its program",
            false => "its program has no enrollments",
        };
        format!("The program rule action {uid} cannot be run: {why}.")
    });
    loader.report.notices.extend(notices);
    Ok(())
}

/// Takes away the actions that their rule no longer lists.
fn drop_unlisted(loader: &mut Loader, listings: &[Listing]) -> Result<()> {
    let speaking = listings
        .iter()
        .filter(|listing| listing.program_rule_actions.is_some());
    let rules: Vec<i64> = speaking
        .filter_map(|listing| loader.references.id(kind::PROGRAM_RULE, &listing.id))
        .collect();
    let listed = listings
        .iter()
        .flat_map(|listing| listing.program_rule_actions.iter().flatten());
    let listed: HashSet<&str> = listed.map(|action| action.id.as_str()).collect();
    let dropped = diesel::sql_query(
        "DELETE FROM programruleaction WHERE programruleid = ANY($1) AND uid <> ALL($2)",
    )
    .bind::<Array<BigInt>, _>(rules)
    .bind::<Array<Text>, _>(Vec::from_iter(listed))
    .execute(loader.conn)?;
    loader.touched |= dropped > 0;
    Ok(())
}

pub(super) fn load_variables(loader: &mut Loader, list: &[Raw]) -> Result<()> {
    let now = loader.now;
    let kind = kind::PROGRAM_RULE_VARIABLE;
    loader.load(
        kind,
        list,
        |references, _, variable: ProgramRuleVariable| {
            let source = variable.program_rule_variable_source_type;
            let element = references.optional(
                kind::DATA_ELEMENT,
                "dataElement",
                variable.data_element.as_ref(),
            )?;
            let attribute = variable.tracked_entity_attribute.as_ref();
            let attribute = references.optional(
                kind::TRACKED_ENTITY_ATTRIBUTE,
                "trackedEntityAttribute",
                attribute,
            )?;
            let stage = references.optional(
                kind::PROGRAM_STAGE,
                "programStage",
                variable.program_stage.as_ref(),
            )?;
            let needed = match source {
                SourceType::CalculatedValue => None,
                SourceType::TeiAttribute => attribute.is_none().then_some("trackedEntityAttribute"),
                SourceType::NewestEventOfStage if stage.is_none() => Some("programStage"),
                _ => element.is_none().then_some("dataElement"),
            };
            if let Some(member) = needed {
                let message = format!("`{member}` is required by the variable's source");
                return Err(Fault::new("MISSING_MEMBER", message));
            }
            Ok(Checked {
                row: json!({
                    "name": variable.name,
                    "programid": references.one(kind::PROGRAM, "program", &variable.program)?,
                    "sourcetype": source,
                    "dataelementid": element,
                    "trackedentityattributeid": attribute,
                    "programstageid": stage,
                    "usecodeforoptionset": variable.use_code_for_option_set,
                    "valuetype": variable.value_type.name(),
                    "created": variable.created.map_or(now, |moment| moment.0),
                    "lastupdated": variable.last_updated.map_or(now, |moment| moment.0),
                }),
                members: vec![],
            })
        },
    )
}
