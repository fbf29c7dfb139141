//! Attributes of tracked entities.

use std::sync::Arc;

use domain::access::Sharing;
use serde::Deserialize;

use crate::option_sets::{OptionSet, OptionSets};

/// An attribute `a`, as JSON.
pub(crate) const ATTRIBUTE: &str = "
json_build_object('trackedentityattributeid', a.trackedentityattributeid, 'uid', a.uid, 'name', a.name,
                  'formname', a.formname, 'valuetype', a.valuetype, 'optionsetid', a.optionsetid, 'sharing', a.sharing,
                  'mincharacterstosearch', a.mincharacterstosearch, 'blockedsearchoperators', a.blockedsearchoperators)";

/// An attribute of tracked entities.
#[derive(Debug, Clone, Deserialize)]
pub struct Attribute {
    /// Internal key.
    pub trackedentityattributeid: i64,
    /// DHIS2 identifier.
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
    pub(crate) mincharacterstosearch: usize,
    pub(crate) blockedsearchoperators: Vec<String>,
}

impl Attribute {
    /// Name in forms and list heads: the form name where there is one.
    #[must_use]
    pub fn label(&self) -> &str {
        self.formname.as_ref().unwrap_or(&self.name)
    }

    /// The attribute with its options.
    pub(crate) fn with_options(mut self, sets: &OptionSets) -> Self {
        self.option_set = self.optionsetid.and_then(|id| sets.get(&id).cloned());
        self
    }
}
