//! Data elements: the questions that events answer.

use std::sync::Arc;

use domain::access::{Caller, Sharing};
use serde::Deserialize;

use crate::{
    Connection, Result,
    option_sets::{self, OPTION_SET, OptionSet, OptionSets},
    sql::{JsonRow, Statement, Value},
};

/// A data element `d`, as JSON.
pub(crate) const DATA_ELEMENT: &str = "
json_build_object('dataelementid', d.dataelementid, 'uid', d.uid, 'name', d.name, 'formname', d.formname,
                  'valuetype', d.valuetype, 'optionsetid', d.optionsetid, 'sharing', d.sharing)";

/// A data element.
#[derive(Debug, Clone, Deserialize)]
pub struct DataElement {
    /// Internal key.
    pub dataelementid: i64,
    /// DHIS2 identifier; the key in an event's values.
    pub uid: String,
    name: String,
    formname: Option<String>,
    /// DHIS2 value type.
    pub valuetype: String,
    optionsetid: Option<i64>,
    /// Options that values are taken from; `None` for free values, and where they were not read.
    #[serde(skip)]
    pub option_set: Option<Arc<OptionSet>>,
    #[serde(deserialize_with = "crate::access::read_sharing")]
    pub(crate) sharing: Sharing,
}

impl DataElement {
    /// Name in forms and list heads: the form name where there is one.
    #[must_use]
    pub fn label(&self) -> &str {
        self.formname.as_ref().unwrap_or(&self.name)
    }

    /// Whether a caller may see it.
    #[must_use]
    pub fn is_readable(&self, caller: &Caller) -> bool {
        self.sharing.may_read(caller)
    }

    /// The data element with its options.
    pub(crate) fn with_options(mut self, sets: &OptionSets) -> Self {
        self.option_set = self.optionsetid.and_then(|id| sets.get(&id).cloned());
        self
    }
}

/// Data elements by identifier, with their options, in one statement.
///
/// # Errors
/// When the query fails.
pub fn by_uids(conn: &mut Connection, uids: &[String]) -> Result<Vec<DataElement>> {
    #[derive(Deserialize)]
    struct Found {
        elements: Vec<DataElement>,
        option_sets: Vec<OptionSet>,
    }
    let mut query = Statement::new("WITH asked AS (SELECT * FROM dataelement WHERE uid = ANY(");
    query
        .bind(Value::Texts(uids.to_vec()))
        .push(")) SELECT json_build_object('elements', (SELECT coalesce(json_agg(")
        .push(DATA_ELEMENT)
        .push("), '[]') FROM asked d), 'option_sets', (SELECT coalesce(json_agg(")
        .push(OPTION_SET)
        .push("), '[]') FROM optionset s WHERE s.optionsetid IN (SELECT optionsetid FROM asked)))::text AS json");
    let found: Found = JsonRow::read_one(conn, query, "dataelement")?;
    let sets = option_sets::by_key(found.option_sets);
    let elements = found.elements.into_iter();
    Ok(elements
        .map(|element| element.with_options(&sets))
        .collect())
}
