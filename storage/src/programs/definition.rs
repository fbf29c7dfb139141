//! A program with everything that its lists show and that decides who sees what of it, the same for every caller.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::access::{Caller, Sharing};
use serde::Deserialize;
use serde_json::Value as Json;

use super::Program;
use crate::{
    Connection, Result, access,
    attributes::{ATTRIBUTE, Attribute},
    data_elements::{DATA_ELEMENT, DataElement},
    option_sets::{self, OPTION_SET, OptionSet},
    sql::{JsonRow, Statement, Value},
};

/// A program with its stages, data elements, attributes and options. Valid as long as the metadata version under which it
/// was read.
#[derive(Debug)]
pub struct Definition {
    /// The program itself.
    pub program: Arc<Program>,
    /// Stages, in order.
    pub stages: Vec<Arc<Stage>>,
    /// Attributes of the program in its order, then those that only its kind of tracked entity has.
    pub attributes: Vec<Arc<Attribute>>,
    elements: HashMap<String, Arc<DataElement>>,
    /// Sharing of its kind of tracked entity; `None` for event programs.
    pub(crate) entity_sharing: Option<Sharing>,
    /// Data elements, of any program, that not everybody may see.
    pub(crate) restricted: Vec<Restricted>,
    option_combos: BTreeMap<i64, Vec<i64>>,
    category_options: Vec<CategoryOption>,
}

/// A stage of a program.
#[derive(Debug)]
pub struct Stage {
    /// Internal key.
    pub programstageid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name.
    pub name: String,
    /// Whether an enrolment may have several events of it.
    pub repeatable: bool,
    /// Whether events may be assigned to a person.
    pub enableuserassignment: bool,
    /// Data elements, in order.
    pub columns: Vec<Column>,
    pub(crate) sharing: Sharing,
}

/// A data element as a column of a stage's working list.
#[derive(Debug)]
pub struct Column {
    /// The data element.
    pub element: Arc<DataElement>,
    /// Whether a value is required.
    pub compulsory: bool,
    /// Whether lists show it at once.
    pub displayinreports: bool,
}

/// A data element that not everybody may see.
#[derive(Debug, Deserialize)]
pub(crate) struct Restricted {
    pub uid: String,
    #[serde(deserialize_with = "access::read_sharing")]
    pub sharing: Sharing,
}

/// A category option that events may be filed under.
#[derive(Debug, Deserialize)]
struct CategoryOption {
    categoryoptionid: i64,
    #[serde(deserialize_with = "access::read_sharing")]
    sharing: Sharing,
}

impl Definition {
    /// The stage with a key; `None` when the program has none.
    #[must_use]
    pub fn stage(&self, id: i64) -> Option<&Arc<Stage>> {
        self.stages.iter().find(|stage| stage.programstageid == id)
    }

    /// The data element of its stages with an identifier; `None` when there is none.
    #[must_use]
    pub fn element(&self, uid: &str) -> Option<&Arc<DataElement>> {
        self.elements.get(uid)
    }

    /// Data elements of its stages, in no order.
    pub(crate) fn elements(&self) -> impl Iterator<Item = &DataElement> {
        self.elements.values().map(|element| &**element)
    }

    /// Option combinations of its category combination whose every option the caller may read, with the default
    /// combination, which everybody may read; `None` when that is all of them, so that the page query needs no condition.
    pub(crate) fn readable_option_combos(&self, caller: &Caller) -> Option<Vec<i64>> {
        let hidden = self.category_options.iter();
        let hidden: BTreeSet<i64> = hidden
            .filter(|option| !option.sharing.may_read_option(caller))
            .map(|option| option.categoryoptionid)
            .collect();
        if hidden.is_empty() {
            return None;
        }
        let readable = self.option_combos.iter().filter(|(_, options)| {
            let mut options = options.iter();
            options.all(|option| !hidden.contains(option))
        });
        Some(readable.map(|(combo, _)| *combo).collect())
    }
}

/// Programs by identifier, in one statement.
///
/// # Errors
/// When the query fails.
pub fn definitions(conn: &mut Connection, uids: &[String]) -> Result<Vec<Definition>> {
    let mut query = Statement::new("SELECT json_build_object(");
    query.push(PROGRAM).push(", 'stages', ").push(STAGES);
    query
        .push(", 'elements', (SELECT coalesce(json_agg(")
        .push(DATA_ELEMENT)
        .push("), '[]') FROM dataelement d WHERE d.dataelementid = ANY(k.elements)), 'attributes', (SELECT coalesce(json_agg(")
        .push(ATTRIBUTE)
        .push(ATTRIBUTES)
        .push(", 'option_sets', (SELECT coalesce(json_agg(")
        .push(OPTION_SET)
        .push("), '[]') FROM optionset s WHERE s.optionsetid IN
                 (SELECT d.optionsetid FROM dataelement d WHERE d.dataelementid = ANY(k.elements)
                   UNION SELECT a.optionsetid FROM trackedentityattribute a
                          WHERE a.trackedentityattributeid = ANY(k.attributes))), ")
        .push(RIGHTS)
        .push(FROM)
        .bind(Value::Texts(uids.to_vec()))
        .push(")");
    let read: Vec<Read> = JsonRow::read_all(conn, query, "program")?;
    Ok(read.into_iter().map(Read::definition).collect())
}

const PROGRAM: &str = "
'program', json_build_object('programid', p.programid, 'uid', p.uid, 'code', p.code, 'name', p.name,
    'shortname', p.shortname, 'kind', p.type, 'accesslevel', p.accesslevel,
    'trackedentitytypeid', p.trackedentitytypeid, 'sharing', p.sharing),
'entity_sharing', t.sharing";

const STAGES: &str = "
(SELECT coalesce(json_agg(json_build_object('programstageid', s.programstageid, 'uid', s.uid, 'name', s.name,
        'repeatable', s.repeatable, 'enableuserassignment', s.enableuserassignment, 'sharing', s.sharing, 'columns',
        (SELECT coalesce(json_agg(json_build_object('dataelementid', l.dataelementid, 'compulsory', l.compulsory,
                                                    'displayinreports', l.displayinreports)
                                  ORDER BY l.sort_order NULLS LAST, l.programstagedataelementid), '[]')
           FROM programstagedataelement l WHERE l.programstageid = s.programstageid))
    ORDER BY s.sort_order NULLS LAST, s.programstageid), '[]')
   FROM programstage s WHERE s.programid = p.programid)";

const ATTRIBUTES: &str = "
    ORDER BY l.sort_order NULLS LAST, e.sort_order, a.trackedentityattributeid), '[]')
   FROM trackedentityattribute a
   LEFT JOIN program_attributes l ON l.programid = p.programid AND l.trackedentityattributeid = a.trackedentityattributeid
   LEFT JOIN trackedentitytypeattribute e ON e.trackedentitytypeid = p.trackedentitytypeid
             AND e.trackedentityattributeid = a.trackedentityattributeid
  WHERE a.trackedentityattributeid = ANY(k.attributes))";

/// The default option is everybody's, whatever its sharing says.
const RIGHTS: &str = "
'restricted', (SELECT coalesce(json_agg(json_build_object('uid', d.uid, 'sharing', d.sharing)), '[]')
                 FROM dataelement d WHERE left(d.sharing->>'public', 1) <> 'r'),
'option_combos', (SELECT coalesce(json_object_agg(c.categoryoptioncomboid, c.options), '{}')
    FROM (SELECT l.categoryoptioncomboid, array_agg(l.categoryoptionid) AS options
            FROM categoryoptioncombos_categoryoptions l WHERE l.categoryoptioncomboid = ANY(k.combos) GROUP BY 1) c),
'category_options', (SELECT coalesce(json_agg(json_build_object('categoryoptionid', o.categoryoptionid, 'sharing',
                                     CASE WHEN o.code = 'default' THEN '{}' ELSE o.sharing END)), '[]')
    FROM categoryoption o WHERE o.categoryoptionid IN
         (SELECT l.categoryoptionid FROM categoryoptioncombos_categoryoptions l
           WHERE l.categoryoptioncomboid = ANY(k.combos))))::text AS json";

const FROM: &str = "
  FROM program p LEFT JOIN trackedentitytype t USING (trackedentitytypeid)
 CROSS JOIN LATERAL (SELECT
    ARRAY(SELECT l.dataelementid FROM programstagedataelement l JOIN programstage s USING (programstageid)
           WHERE s.programid = p.programid) AS elements,
    ARRAY(SELECT l.trackedentityattributeid FROM program_attributes l WHERE l.programid = p.programid
           UNION SELECT e.trackedentityattributeid FROM trackedentitytypeattribute e
                  WHERE e.trackedentitytypeid = p.trackedentitytypeid) AS attributes,
    ARRAY(SELECT l.categoryoptioncomboid FROM categorycombos_optioncombos l JOIN categorycombo c USING (categorycomboid)
           WHERE c.categorycomboid = p.categorycomboid OR c.code = 'default') AS combos OFFSET 0) k
 WHERE p.uid = ANY(";

/// What the statement puts together.
#[derive(Deserialize)]
struct Read {
    program: Program,
    entity_sharing: Option<Json>,
    stages: Vec<ReadStage>,
    elements: Vec<DataElement>,
    attributes: Vec<Attribute>,
    option_sets: Vec<OptionSet>,
    restricted: Vec<Restricted>,
    option_combos: BTreeMap<i64, Vec<i64>>,
    category_options: Vec<CategoryOption>,
}

#[derive(Deserialize)]
struct ReadStage {
    programstageid: i64,
    uid: String,
    name: String,
    repeatable: bool,
    enableuserassignment: bool,
    #[serde(deserialize_with = "access::read_sharing")]
    sharing: Sharing,
    columns: Vec<ReadColumn>,
}

#[derive(Deserialize)]
struct ReadColumn {
    dataelementid: i64,
    compulsory: bool,
    displayinreports: bool,
}

impl Read {
    fn definition(self) -> Definition {
        let sets = option_sets::by_key(self.option_sets);
        let elements = self.elements.into_iter();
        let elements: HashMap<i64, Arc<DataElement>> = elements
            .map(|element| (element.dataelementid, Arc::new(element.with_options(&sets))))
            .collect();
        let stages = self.stages.into_iter();
        let attributes = self.attributes.into_iter();
        Definition {
            program: Arc::new(self.program),
            stages: stages
                .map(|stage| Arc::new(stage.stage(&elements)))
                .collect(),
            attributes: attributes
                .map(|attribute| Arc::new(attribute.with_options(&sets)))
                .collect(),
            elements: elements
                .into_values()
                .map(|element| (element.uid.clone(), element))
                .collect(),
            entity_sharing: self.entity_sharing.as_ref().map(access::sharing),
            restricted: self.restricted,
            option_combos: self.option_combos,
            category_options: self.category_options,
        }
    }
}

impl ReadStage {
    fn stage(self, elements: &HashMap<i64, Arc<DataElement>>) -> Stage {
        let columns = self.columns.into_iter().filter_map(|column| {
            Some(Column {
                element: Arc::clone(elements.get(&column.dataelementid)?),
                compulsory: column.compulsory,
                displayinreports: column.displayinreports,
            })
        });
        Stage {
            programstageid: self.programstageid,
            uid: self.uid,
            name: self.name,
            repeatable: self.repeatable,
            enableuserassignment: self.enableuserassignment,
            columns: columns.collect(),
            sharing: self.sharing,
        }
    }
}
