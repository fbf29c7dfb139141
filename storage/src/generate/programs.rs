//! Programs with their stages and questions: planned with their keys, then written.

use chrono::{NaiveDateTime, NaiveTime};
use diesel::{prelude::*, sql_types::BigInt};
use rand_chacha::ChaCha8Rng;

use super::{
    calendar::Calendar,
    catalogue::{
        self as described, ATTRIBUTES, Audience, EVENT_PROGRAMS, Element, FUNDING, Form,
        TRACKER_PROGRAMS,
    },
    copy::Loader,
    org_units::Tree,
    random::{Kind, Stream, shuffle, stream, uid},
};
use crate::{
    Result,
    schema::{
        program, program_attributes, program_organisationunits, programstage,
        programstagedataelement,
    },
};

/// A question with its keys.
#[derive(Debug)]
pub(super) struct DataElement {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) element: &'static Element,
}

/// A form with its keys.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) form: &'static Form,
    /// Places in [`Metadata::elements`].
    pub(super) elements: Vec<usize>,
}

/// A program with its keys.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) id: i64,
    pub(super) uid: String,
    pub(super) described: &'static described::Program,
    pub(super) stages: Vec<Stage>,
    /// Places in [`Tree::units`] of the facilities that use it, the busiest first.
    pub(super) facilities: Vec<usize>,
}

/// All metadata of events.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) created: NaiveDateTime,
    pub(super) first_option_set: i64,
    pub(super) elements: Vec<DataElement>,
    pub(super) event_programs: Vec<Program>,
    pub(super) tracker_programs: Vec<Program>,
    pub(super) first_attribute: i64,
    pub(super) entity_type: i64,
    /// Option combination of everything that is recorded without a dimension.
    pub(super) default_combo: i64,
    /// Category combination "Funding".
    pub(super) funding: i64,
    /// Its option combinations.
    pub(super) funding_combos: Vec<i64>,
}

#[derive(QueryableByName)]
struct Combo {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Plans the metadata with keys that are free.
pub(super) fn plan(
    loader: &mut Loader<'_>,
    tree: &Tree,
    seed: u64,
    calendar: &Calendar,
) -> Result<Metadata> {
    let default: Combo = diesel::sql_query(
        "SELECT categoryoptioncomboid AS id FROM categoryoptioncombo WHERE uid = 'HllvX50cXC0'",
    )
    .get_result(loader.conn)?;
    let first_combo = loader.first_key("categoryoptioncombo", "categoryoptioncomboid")?;
    let elements = elements(loader.first_key("dataelement", "dataelementid")?);
    let mut planner = Planner {
        elements: &elements,
        tree,
        random: stream(seed, Stream::Programs),
        next_program: loader.first_key("program", "programid")?,
        next_stage: loader.first_key("programstage", "programstageid")?,
    };
    let event_programs = EVENT_PROGRAMS
        .iter()
        .map(|program| planner.program(program))
        .collect();
    let tracker_programs = TRACKER_PROGRAMS
        .iter()
        .map(|program| planner.program(program))
        .collect();
    Ok(Metadata {
        created: calendar.first.and_time(NaiveTime::MIN),
        first_option_set: loader.first_key("optionset", "optionsetid")?,
        first_attribute: loader.first_key("trackedentityattribute", "trackedentityattributeid")?,
        entity_type: loader.first_key("trackedentitytype", "trackedentitytypeid")?,
        default_combo: default.id,
        funding: loader.first_key("categorycombo", "categorycomboid")?,
        funding_combos: (first_combo..).take(FUNDING.len()).collect(),
        elements,
        event_programs,
        tracker_programs,
    })
}

impl Metadata {
    /// Event programs, then tracker programs.
    pub(super) fn programs(&self) -> impl Iterator<Item = &Program> {
        self.event_programs.iter().chain(&self.tracker_programs)
    }

    fn stages(&self) -> impl Iterator<Item = (&Program, usize, &Stage)> {
        self.programs().flat_map(|program| {
            (1..)
                .zip(&program.stages)
                .map(move |(place, stage)| (program, place, stage))
        })
    }
}

/// Every question once, in the order of the programs.
fn elements(first: i64) -> Vec<DataElement> {
    let mut elements: Vec<DataElement> = Vec::new();
    let forms = EVENT_PROGRAMS
        .iter()
        .chain(&TRACKER_PROGRAMS)
        .flat_map(|program| program.forms);
    for &element in forms.flat_map(|form| form.questions) {
        if elements.iter().any(|known| known.element == element) {
            continue;
        }
        let number = elements.len();
        let uid = uid(Kind::DataElement, number as u64);
        elements.push(DataElement {
            id: first + number as i64,
            uid,
            element,
        });
    }
    elements
}

struct Planner<'a> {
    elements: &'a [DataElement],
    tree: &'a Tree,
    random: ChaCha8Rng,
    next_program: i64,
    next_stage: i64,
}

impl Planner<'_> {
    fn program(&mut self, described: &'static described::Program) -> Program {
        let id = self.next_program;
        self.next_program += 1;
        let mut facilities: Vec<usize> = self.tree.busy_facilities().collect();
        shuffle(&mut facilities, &mut self.random);
        facilities.truncate((facilities.len() as f64 * described.coverage).ceil() as usize);
        Program {
            id,
            uid: uid(Kind::Program, id as u64),
            described,
            stages: described
                .forms
                .iter()
                .map(|form| self.stage(form))
                .collect(),
            facilities,
        }
    }

    fn stage(&mut self, form: &'static Form) -> Stage {
        let id = self.next_stage;
        self.next_stage += 1;
        let place = |question: &&Element| {
            self.elements
                .iter()
                .position(|known| known.element == *question)
        };
        let elements = form.questions.iter().filter_map(place).collect();
        Stage {
            id,
            uid: uid(Kind::Stage, id as u64),
            form,
            elements,
        }
    }
}

/// Identifier of the built-in `admin`.
const ADMIN: &str = "M5zQapPyTZI";

/// Sharing settings of what an audience sees. What is not for everyone needs an owner: DHIS2 shows everybody what nobody
/// owns.
pub(super) fn sharing(audience: Audience) -> String {
    match audience {
        Audience::Everyone => r#"{"public":"rwrw----"}"#.to_owned(),
        Audience::Team => {
            let team = uid(Kind::Group, 1);
            format!(
                r#"{{"owner":"{ADMIN}","public":"--------","userGroups":{{"{team}":{{"id":"{team}","access":"rwrw----"}}}}}}"#
            )
        }
    }
}

/// Writes programs, stages, their questions and their units.
pub(super) fn load(loader: &mut Loader<'_>, metadata: &Metadata, tree: &Tree) -> Result<()> {
    load_programs(loader, metadata)?;
    load_stages(loader, metadata)?;
    load_questions(loader, metadata)?;
    load_units(loader, metadata, tree)?;
    use program_attributes as t;
    let columns = (
        t::programid,
        t::trackedentityattributeid,
        t::sort_order,
        t::mandatory,
        t::searchable,
        t::displayinlist,
    );
    loader.copy("program attributes", t::table, columns, |rows| {
        for program in &metadata.tracker_programs {
            for (place, id) in (metadata.first_attribute..)
                .take(ATTRIBUTES.len())
                .enumerate()
            {
                rows.field(program.id).field(id).field(place + 1);
                rows.field(place < 2).field(true).field(true).end()?;
            }
        }
        Ok(())
    })
}

fn load_programs(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use program as t;
    let columns = (
        t::programid,
        t::uid,
        t::code,
        t::name,
        t::shortname,
        t::type_,
        t::accesslevel,
        t::categorycomboid,
        t::trackedentitytypeid,
        t::displayincidentdate,
        t::sharing,
        t::created,
        t::lastupdated,
    );
    loader.copy("programs", t::table, columns, |rows| {
        for (place, program) in metadata.programs().enumerate() {
            let described = program.described;
            let is_tracker = place >= metadata.event_programs.len();
            let kind = if is_tracker {
                "WITH_REGISTRATION"
            } else {
                "WITHOUT_REGISTRATION"
            };
            rows.field(program.id)
                .field(&program.uid)
                .field(described.code);
            rows.text(described.name)
                .text(described.name)
                .field(kind)
                .field(described.access_level);
            rows.optional(described.by_funding.then_some(metadata.funding));
            rows.optional(is_tracker.then_some(metadata.entity_type))
                .field(is_tracker);
            rows.field(sharing(described.audience))
                .field(metadata.created)
                .field(metadata.created)
                .end()?;
        }
        Ok(())
    })
}

fn load_stages(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use programstage as t;
    let columns = (
        t::programstageid,
        t::uid,
        t::name,
        t::programid,
        t::sort_order,
        t::repeatable,
        t::mindaysfromstart,
        t::enableuserassignment,
        t::featuretype,
        t::sharing,
    );
    loader.copy("program stages", t::table, columns, |rows| {
        for (program, place, stage) in metadata.stages() {
            let described = program.described;
            let is_repeatable = stage.form.after_days > 0;
            rows.field(stage.id)
                .field(&stage.uid)
                .text(stage.form.name)
                .field(program.id)
                .field(place);
            rows.field(is_repeatable)
                .field(stage.form.after_days)
                .field(true);
            rows.field(if described.has_points {
                "POINT"
            } else {
                "NONE"
            });
            rows.field(sharing(described.audience)).end()?;
        }
        Ok(())
    })
}

fn load_questions(loader: &mut Loader<'_>, metadata: &Metadata) -> Result<()> {
    use programstagedataelement as t;
    let first = loader.first_key("programstagedataelement", "programstagedataelementid")?;
    let columns = (
        t::programstagedataelementid,
        t::uid,
        t::programstageid,
        t::dataelementid,
        t::compulsory,
        t::sort_order,
        t::displayinreports,
    );
    loader.copy("questions of stages", t::table, columns, |rows| {
        let mut number = 0;
        for (_, _, stage) in metadata.stages() {
            for (place, &element) in stage.elements.iter().enumerate() {
                rows.field(first + number)
                    .field(uid(Kind::StageDataElement, number as u64));
                rows.field(stage.id).field(metadata.elements[element].id);
                rows.field(place < 2)
                    .field(place + 1)
                    .field(place < 4)
                    .end()?;
                number += 1;
            }
        }
        Ok(())
    })
}

fn load_units(loader: &mut Loader<'_>, metadata: &Metadata, tree: &Tree) -> Result<()> {
    use program_organisationunits as t;
    let columns = (t::programid, t::organisationunitid);
    loader.copy("units of programs", t::table, columns, |rows| {
        let dominant = &metadata.event_programs[0];
        for facility in tree.quiet_facilities().chain([tree.sparse_facility()]) {
            rows.field(dominant.id)
                .field(tree.units[facility].id)
                .end()?;
        }
        for program in metadata.programs() {
            for &facility in &program.facilities {
                rows.field(program.id)
                    .field(tree.units[facility].id)
                    .end()?;
            }
        }
        Ok(())
    })
}
