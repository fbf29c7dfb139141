//! Program stages. Which program a stage belongs to is said by the program; the stage's own word counts only where no
//! program of the file speaks.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Jsonb, Nullable, Text},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    common::{AttributeValue, Sharing, attribute_values, sharing},
    kind,
    loader::{Checked, Loader},
    references::{Ref, References},
    tracked_entities::FeatureType,
};
use crate::{
    Connection, Result,
    import::dhis2::object::{self, Fault, Raw},
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProgramStage {
    name: String,
    program: Option<Ref>,
    sort_order: Option<i32>,
    #[serde(default)]
    repeatable: bool,
    #[serde(default)]
    min_days_from_start: i32,
    #[serde(default)]
    block_entry_form: bool,
    #[serde(default)]
    enable_user_assignment: bool,
    #[serde(default)]
    validation_strategy: ValidationStrategy,
    #[serde(default)]
    feature_type: Option<FeatureType>,
    #[serde(default)]
    hide_due_date: bool,
    #[serde(default)]
    referral: bool,
    sharing: Option<Sharing>,
    #[serde(default)]
    attribute_values: Vec<AttributeValue>,
    #[serde(default)]
    program_stage_data_elements: Vec<DataElementUse>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ValidationStrategy {
    #[default]
    OnComplete,
    OnUpdateAndInsert,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataElementUse {
    id: Option<String>,
    data_element: Ref,
    #[serde(default)]
    compulsory: bool,
    #[serde(default)]
    allow_provided_elsewhere: bool,
    sort_order: Option<i32>,
    #[serde(default)]
    display_in_reports: bool,
    #[serde(default)]
    allow_future_date: bool,
}

/// What the programs of the file say about stages.
#[derive(Debug, Default)]
pub(super) struct Membership {
    program_of: HashMap<String, String>,
    speaking: HashSet<String>,
    in_file: HashSet<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    id: String,
    program_stages: Option<Vec<Ref>>,
}

impl Membership {
    /// Reads it, also from programs that turn out to be broken.
    pub(super) fn of(programs: &[Raw], stages: &[Raw]) -> Self {
        let mut membership = Membership {
            in_file: stages
                .iter()
                .filter_map(|raw| object::read::<Ref>(raw).ok())
                .map(|stage| stage.id)
                .collect(),
            ..Membership::default()
        };
        for listing in programs
            .iter()
            .filter_map(|raw| object::read::<Listing>(raw).ok())
        {
            let Some(stages) = listing.program_stages else {
                continue;
            };
            for stage in stages {
                membership
                    .program_of
                    .entry(stage.id)
                    .or_insert_with(|| listing.id.clone());
            }
            membership.speaking.insert(listing.id);
        }
        membership
    }

    /// Whether the file holds a stage.
    pub(super) fn is_in_file(&self, stage: &str) -> bool {
        self.in_file.contains(stage)
    }

    /// Program of a stage that itself names `own`.
    fn program(&self, stage: &str, own: Option<Ref>) -> Option<Ref> {
        match self.program_of.get(stage) {
            Some(program) => Some(Ref {
                id: program.clone(),
            }),
            None => own.filter(|own| !self.speaking.contains(&own.id)),
        }
    }
}

pub(super) fn load(loader: &mut Loader, list: &[Raw], membership: &Membership) -> Result<()> {
    let event_programs = event_programs(loader.conn)?;
    let stored_programs = stored_programs(loader.conn)?;
    let mut stage_of_use = stages_of_uses(loader.conn)?;
    loader.load(
        kind::PROGRAM_STAGE,
        list,
        |references, uid, stage: ProgramStage| {
            let own_word = stage.program.is_some() || membership.program_of.contains_key(uid);
            let program = membership.program(uid, stage.program);
            let mut program = references.optional(kind::PROGRAM, "program", program.as_ref())?;
            if !own_word {
                program = stored_programs.get(uid).copied();
            }
            let shared = program.and_then(|program| event_programs.get(&program));
            let uses = uses(
                references,
                uid,
                stage.program_stage_data_elements,
                &mut stage_of_use,
            )?;
            Ok(Checked {
                row: json!({
                    "name": stage.name,
                    "programid": program,
                    "sort_order": stage.sort_order,
                    "repeatable": stage.repeatable,
                    "mindaysfromstart": stage.min_days_from_start,
                    "blockentryform": stage.block_entry_form,
                    "enableuserassignment": stage.enable_user_assignment,
                    "validationstrategy": stage.validation_strategy,
                    "featuretype": stage.feature_type,
                    "hideduedate": stage.hide_due_date,
                    "referral": stage.referral,
                    "sharing": shared.cloned().unwrap_or_else(|| sharing(stage.sharing)),
                    "attributevalues": attribute_values(references, stage.attribute_values)?,
                }),
                members: vec![(kind::DATA_ELEMENTS_OF_STAGE, uses)],
            })
        },
    )?;
    settle(loader, membership)
}

/// Rows of the data elements of a stage, each once.
fn uses(
    references: &References,
    stage: &str,
    uses: Vec<DataElementUse>,
    stage_of_use: &mut HashMap<String, String>,
) -> Result<Vec<Value>, Fault> {
    let (mut seen, mut seen_uids) = (HashSet::new(), HashSet::new());
    let mut rows = Vec::with_capacity(uses.len());
    for (place, element) in (1..).zip(uses) {
        let id = references.one(
            kind::DATA_ELEMENT,
            "programStageDataElements",
            &element.data_element,
        )?;
        if !seen.insert(id) {
            continue;
        }
        let uid = element
            .id
            .unwrap_or_else(|| derived_uid(stage, &element.data_element.id));
        if !domain::uid::is_valid(&uid) {
            let message = format!(
                "`programStageDataElements[{}].id` must be a letter and 10 letters or digits",
                place - 1
            );
            return Err(Fault::new("BAD_ID", message));
        }
        let holder = stage_of_use
            .entry(uid.clone())
            .or_insert_with(|| stage.to_owned());
        if holder != stage || !seen_uids.insert(uid.clone()) {
            let message = format!(
                "`programStageDataElements[{}].id` is used elsewhere",
                place - 1
            );
            return Err(Fault::new("DUPLICATE_ID", message));
        }
        rows.push(json!({
            "uid": uid,
            "dataelementid": id,
            "compulsory": element.compulsory,
            "allowprovidedelsewhere": element.allow_provided_elsewhere,
            "sort_order": element.sort_order.unwrap_or(place),
            "displayinreports": element.display_in_reports,
            "allowfuturedate": element.allow_future_date,
        }));
    }
    Ok(rows)
}

/// A uid that is the same at each import.
fn derived_uid(stage: &str, element: &str) -> String {
    let hash = Sha256::digest(format!("{stage}/{element}"));
    let number = hash
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    domain::uid::from_number(number)
}

/// Detaches stages that their program no longer lists, and gives the stages of event programs their program's sharing.
fn settle(loader: &mut Loader, membership: &Membership) -> Result<()> {
    let programs = membership.speaking.iter();
    let programs: Vec<i64> = programs
        .filter_map(|uid| loader.references.id(kind::PROGRAM, uid))
        .collect();
    let listed: Vec<&String> = membership.program_of.keys().collect();
    let detached = diesel::sql_query(
        "UPDATE programstage SET programid = NULL WHERE programid = ANY($1) AND uid <> ALL($2)",
    )
    .bind::<Array<BigInt>, _>(programs)
    .bind::<Array<Text>, _>(listed)
    .execute(loader.conn)?;
    let shared = diesel::sql_query(
        "UPDATE programstage s SET sharing = p.sharing FROM program p
         WHERE p.programid = s.programid AND p.type = 'WITHOUT_REGISTRATION' AND s.sharing <> p.sharing",
    )
    .execute(loader.conn)?;
    if detached > 0 {
        let notice = format!(
            "{detached} program stages were taken off their program, which no longer lists them."
        );
        loader.report.notices.push(notice);
    }
    loader.touched |= detached + shared > 0;
    Ok(())
}

/// Sharing of each event program.
fn event_programs(conn: &mut Connection) -> Result<HashMap<i64, Value>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        programid: i64,
        #[diesel(sql_type = Jsonb)]
        sharing: Value,
    }
    let sql = "SELECT programid, sharing FROM program WHERE type = 'WITHOUT_REGISTRATION'";
    let rows: Vec<Row> = diesel::sql_query(sql).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.programid, row.sharing))
        .collect())
}

/// Program of each stored stage.
fn stored_programs(conn: &mut Connection) -> Result<HashMap<String, i64>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        uid: String,
        #[diesel(sql_type = Nullable<BigInt>)]
        programid: Option<i64>,
    }
    let rows: Vec<Row> = diesel::sql_query("SELECT uid, programid FROM programstage").load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.uid, row.programid?)))
        .collect())
}

/// Stage of each stored use of a data element, by the uid of the use.
fn stages_of_uses(conn: &mut Connection) -> Result<HashMap<String, String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        uid: String,
        #[diesel(sql_type = Text)]
        stage: String,
    }
    let sql = "SELECT d.uid, s.uid AS stage FROM programstagedataelement d JOIN programstage s USING (programstageid)";
    let rows: Vec<Row> = diesel::sql_query(sql).load(conn)?;
    Ok(rows.into_iter().map(|row| (row.uid, row.stage)).collect())
}
