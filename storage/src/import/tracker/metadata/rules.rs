//! The program rules, read and parsed once for many imports.

use std::collections::{HashMap, HashSet};

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Integer, Nullable, Text},
};
use domain::{
    event::ValueType,
    rule::{Action, Expression, Kind, Program, Rule, Source, Target, Variable},
};

use crate::{Connection, Error, Result};

/// The rules of all programs, and what is the same for all.
#[derive(Debug, Default)]
pub(in super::super) struct Rules {
    /// By key of the program; only programs with rules that matter on import.
    programs: HashMap<i64, OfProgram>,
    /// Whether an import may plan events.
    pub(in super::super) schedule: bool,
    pub(in super::super) constants: HashMap<String, f64>,
    /// Units of each group, by its identifier and its code.
    pub(in super::super) unit_groups: HashMap<String, HashSet<String>>,
    /// Codes of units, by identifier.
    pub(in super::super) unit_codes: HashMap<String, String>,
}

/// The rules of a program.
#[derive(Debug, Default)]
pub(in super::super) struct OfProgram {
    /// In the order in which they are run.
    pub(in super::super) rules: Vec<Rule>,
    pub(in super::super) program: Program,
}

impl Rules {
    /// Rules of a program, by its key; `None` when it has none.
    pub(in super::super) fn of(&self, program: i64) -> Option<&OfProgram> {
        self.programs.get(&program)
    }

    /// Reads everything: two statements, some more when there are rules.
    pub(super) fn load(conn: &mut Connection) -> Result<Self> {
        let mut programs = rules(conn)?;
        if programs.is_empty() {
            return Ok(Rules::default());
        }
        name(conn, &mut programs)?;
        variables(conn, &mut programs)?;
        let rules = programs.values().flat_map(|program| &program.rules);
        let mut actions = rules.flat_map(|rule| &rule.actions);
        Ok(Rules {
            schedule: actions.any(|action| action.kind == Kind::Schedule),
            programs,
            constants: constants(conn)?,
            unit_groups: unit_groups(conn)?,
            unit_codes: unit_codes(conn)?,
        })
    }
}

#[derive(QueryableByName)]
struct RuleRow {
    #[diesel(sql_type = BigInt)]
    programruleid: i64,
    #[diesel(sql_type = BigInt)]
    programid: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    priority: Option<i32>,
    #[diesel(sql_type = Text)]
    rulecondition: String,
}

fn rules(conn: &mut Connection) -> Result<HashMap<i64, OfProgram>> {
    let mut actions = actions(conn)?;
    let rows: Vec<RuleRow> = diesel::sql_query(
        "SELECT r.programruleid, r.programid, r.uid, s.uid AS stage, r.priority, r.rulecondition
           FROM programrule r LEFT JOIN programstage s ON s.programstageid = r.programstageid
          WHERE r.rulecondition ~ '[^[:space:]]' ORDER BY r.programruleid",
    )
    .load(conn)?;
    let mut programs: HashMap<i64, OfProgram> = HashMap::new();
    for row in rows {
        let Some(actions) = actions.remove(&row.programruleid) else {
            continue;
        };
        programs.entry(row.programid).or_default().rules.push(Rule {
            uid: row.uid,
            stage: row.stage,
            priority: row.priority,
            condition: Expression::parse(&row.rulecondition),
            actions,
        });
    }
    for of_program in programs.values_mut() {
        domain::rule::sort(&mut of_program.rules);
    }
    Ok(programs)
}

#[derive(QueryableByName)]
struct ActionRow {
    #[diesel(sql_type = BigInt)]
    programruleid: i64,
    #[diesel(sql_type = Text)]
    actiontype: String,
    #[diesel(sql_type = Nullable<Text>)]
    element: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    attribute: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    content: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    data: Option<String>,
}

/// The actions of each rule that matter on import.
fn actions(conn: &mut Connection) -> Result<HashMap<i64, Vec<Action>>> {
    let rows: Vec<ActionRow> = diesel::sql_query(
        "SELECT a.programruleid, a.actiontype, d.uid AS element, t.uid AS attribute, s.uid AS stage, a.content, a.data
           FROM programruleaction a JOIN programrule r ON r.programruleid = a.programruleid
           LEFT JOIN dataelement d ON d.dataelementid = a.dataelementid
           LEFT JOIN trackedentityattribute t ON t.trackedentityattributeid = a.trackedentityattributeid
           LEFT JOIN programstage s ON s.programstageid = a.programstageid AND s.programid = r.programid
          ORDER BY a.programruleactionid",
    )
    .load(conn)?;
    let mut actions: HashMap<i64, Vec<Action>> = HashMap::new();
    for row in rows {
        let Some(kind) = Kind::parse(&row.actiontype) else {
            continue;
        };
        let of_rule = actions.entry(row.programruleid).or_default();
        of_rule.push(row.action(kind));
    }
    Ok(actions)
}

impl ActionRow {
    fn action(self, kind: Kind) -> Action {
        let variable = self.content.as_deref().and_then(variable_named);
        let target = match (self.element, self.attribute) {
            _ if kind == Kind::Schedule => self.stage.map_or(Target::Whole, Target::Stage),
            (Some(element), _) => Target::DataElement(element),
            (None, Some(attribute)) => Target::Attribute(attribute),
            (None, None) if kind == Kind::Assign => {
                variable.map_or(Target::Whole, |name| Target::Variable(name.to_owned()))
            }
            (None, None) => Target::Whole,
        };
        Action {
            kind,
            target,
            content: self.content.filter(|content| !content.is_empty()),
            data: self.data.map(|data| Expression::parse(&data)),
        }
    }
}

/// Name of the variable in `#{name}` or `A{name}`.
fn variable_named(content: &str) -> Option<&str> {
    let content = content.trim();
    let inner = content.strip_prefix("#{").or(content.strip_prefix("A{"))?;
    inner.strip_suffix('}').map(str::trim)
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = BigInt)]
    programid: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stage_name: Option<String>,
}

/// Names of programs and stages.
fn name(conn: &mut Connection, programs: &mut HashMap<i64, OfProgram>) -> Result<()> {
    let rows: Vec<NameRow> = diesel::sql_query(
        "SELECT p.programid, p.name, s.uid AS stage, s.name AS stage_name
           FROM program p LEFT JOIN programstage s ON s.programid = p.programid",
    )
    .load(conn)?;
    for row in rows {
        let Some(OfProgram { program, .. }) = programs.get_mut(&row.programid) else {
            continue;
        };
        program.name = row.name;
        program.stages.extend(row.stage.zip(row.stage_name));
    }
    Ok(())
}

#[derive(QueryableByName)]
struct VariableRow {
    #[diesel(sql_type = BigInt)]
    programid: i64,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sourcetype: String,
    #[diesel(sql_type = Nullable<Text>)]
    field: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    stage: Option<String>,
    #[diesel(sql_type = Text)]
    valuetype: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    optionsetid: Option<i64>,
    #[diesel(sql_type = Bool)]
    usecodeforoptionset: bool,
}

fn variables(conn: &mut Connection, programs: &mut HashMap<i64, OfProgram>) -> Result<()> {
    let rows: Vec<VariableRow> = diesel::sql_query(
        "SELECT v.programid, v.name, v.sourcetype, coalesce(d.uid, t.uid) AS field, s.uid AS stage,
                coalesce(d.valuetype, t.valuetype, v.valuetype) AS valuetype,
                coalesce(d.optionsetid, t.optionsetid) AS optionsetid, v.usecodeforoptionset
           FROM programrulevariable v
           LEFT JOIN dataelement d ON d.dataelementid = v.dataelementid AND v.sourcetype LIKE 'DATAELEMENT%'
           LEFT JOIN trackedentityattribute t ON t.trackedentityattributeid = v.trackedentityattributeid
                AND v.sourcetype = 'TEI_ATTRIBUTE'
           LEFT JOIN programstage s ON s.programstageid = v.programstageid
          ORDER BY v.programrulevariableid",
    )
    .load(conn)?;
    let named = rows.iter().filter(|row| !row.usecodeforoptionset);
    let sets = named.filter_map(|row| row.optionsetid).collect();
    let options = option_names(conn, sets)?;
    for row in rows {
        let Some(OfProgram { program, .. }) = programs.get_mut(&row.programid) else {
            continue;
        };
        let set = row.optionsetid.filter(|_| !row.usecodeforoptionset);
        let variable = Variable {
            kind: ValueType::parse(&row.valuetype).into(),
            options: set
                .and_then(|set| options.get(&set).cloned())
                .unwrap_or_default(),
            source: source(&row.sourcetype, row.field, row.stage)?,
        };
        program.variables.insert(row.name, variable);
    }
    Ok(())
}

fn source(kind: &str, field: Option<String>, stage: Option<String>) -> Result<Source> {
    let field = field.unwrap_or_default();
    Ok(match (kind, stage) {
        ("DATAELEMENT_NEWEST_EVENT_PROGRAM", _) => Source::Newest(field),
        ("DATAELEMENT_NEWEST_EVENT_PROGRAM_STAGE", Some(stage)) => {
            Source::NewestOfStage(field, stage)
        }
        ("DATAELEMENT_CURRENT_EVENT", _) => Source::Current(field),
        ("DATAELEMENT_PREVIOUS_EVENT", _) => Source::Previous(field),
        ("TEI_ATTRIBUTE", _) => Source::Attribute(field),
        ("CALCULATED_VALUE", _) => Source::Calculated,
        _ => {
            return Err(Error::Corrupt {
                table: "programrulevariable",
                detail: format!("a variable of source {kind} lacks its stage"),
            });
        }
    })
}

/// Names of the options of some sets, by code.
fn option_names(
    conn: &mut Connection,
    sets: Vec<i64>,
) -> Result<HashMap<i64, HashMap<String, String>>> {
    use crate::schema::optionvalue as t;
    let rows: Vec<(i64, String, String)> = t::table
        .filter(t::optionsetid.eq_any(sets))
        .select((t::optionsetid, t::code, t::name))
        .load(conn)?;
    let mut names: HashMap<i64, HashMap<String, String>> = HashMap::new();
    for (set, code, name) in rows {
        names.entry(set).or_default().insert(code, name);
    }
    Ok(names)
}

fn constants(conn: &mut Connection) -> Result<HashMap<String, f64>> {
    use crate::schema::constant as t;
    let rows: Vec<(String, f64)> = t::table.select((t::uid, t::value)).load(conn)?;
    Ok(rows.into_iter().collect())
}

fn unit_groups(conn: &mut Connection) -> Result<HashMap<String, HashSet<String>>> {
    use crate::schema::{organisationunit, orgunitgroup, orgunitgroupmembers};
    let rows: Vec<(String, Option<String>, String)> = orgunitgroupmembers::table
        .inner_join(orgunitgroup::table)
        .inner_join(organisationunit::table)
        .select((orgunitgroup::uid, orgunitgroup::code, organisationunit::uid))
        .load(conn)?;
    let mut groups: HashMap<String, HashSet<String>> = HashMap::new();
    for (uid, code, unit) in rows {
        for name in code.into_iter().chain([uid]) {
            groups.entry(name).or_default().insert(unit.clone());
        }
    }
    Ok(groups)
}

fn unit_codes(conn: &mut Connection) -> Result<HashMap<String, String>> {
    use crate::schema::organisationunit as t;
    let rows: Vec<(String, Option<String>)> = t::table.select((t::uid, t::code)).load(conn)?;
    let coded = rows
        .into_iter()
        .filter_map(|(uid, code)| Some((uid, code?)));
    Ok(coded.collect())
}
