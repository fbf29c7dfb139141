//! Closed lists of values, with the names that people read.

use std::{collections::HashMap, sync::Arc};

use serde::Deserialize;

/// An option set `s` with its options in order, as JSON.
pub(crate) const OPTION_SET: &str = "
json_build_object('optionsetid', s.optionsetid, 'uid', s.uid, 'name', s.name, 'options',
    (SELECT coalesce(json_agg(json_build_array(o.code, o.name) ORDER BY o.sort_order NULLS LAST, o.optionvalueid), '[]')
       FROM optionvalue o WHERE o.optionsetid = s.optionsetid))";

/// An option set with all its options.
#[derive(Debug, Deserialize)]
pub struct OptionSet {
    optionsetid: i64,
    /// DHIS2 identifier.
    pub uid: String,
    /// Name.
    pub name: String,
    /// The options, in order.
    pub options: Vec<OptionValue>,
    /// Places of the options by code: a set may have as many as the ICD-10 has codes.
    #[serde(skip)]
    places: HashMap<String, usize>,
}

/// An option of an option set.
#[derive(Debug, Deserialize)]
pub struct OptionValue {
    /// Value as it is stored.
    pub code: String,
    /// Name shown to people.
    pub name: String,
}

impl OptionSet {
    /// Name of the option with a code; `None` when there is no such option.
    #[must_use]
    pub fn name_of(&self, code: &str) -> Option<&str> {
        let option = self.options.get(*self.places.get(code)?)?;
        Some(&option.name)
    }
}

/// Option sets by key.
pub(crate) type OptionSets = HashMap<i64, Arc<OptionSet>>;

/// Makes option sets ready to be asked for names.
pub(crate) fn by_key(sets: Vec<OptionSet>) -> OptionSets {
    let ready = |mut set: OptionSet| {
        let options = set.options.iter().enumerate();
        set.places = options
            .map(|(place, option)| (option.code.clone(), place))
            .collect();
        (set.optionsetid, Arc::new(set))
    };
    sets.into_iter().map(ready).collect()
}
