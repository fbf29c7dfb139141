//! Answers to the questions of an event, as DHIS2's JSON.

use std::fmt::Write as _;

use chrono::{Days, NaiveDateTime};
use rand::Rng;

use super::{
    catalogue::{Answer, OPTION_SETS, REMARKS_LEFT},
    org_units::Tree,
    programs::{DataElement, Metadata, Stage},
    random::one_of,
};

/// Writes the values of one event: the two compulsory questions, and one of the others every second time.
pub(super) struct Writer<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) tree: &'a Tree,
}

impl Writer<'_> {
    /// Replaces `json` by the values of an event of this stage.
    pub(super) fn write(
        &self,
        json: &mut String,
        stage: &Stage,
        created: NaiveDateTime,
        random: &mut impl Rng,
    ) {
        json.clear();
        json.push('{');
        let (compulsory, others) = stage.elements.split_at(stage.elements.len().min(2));
        for &element in compulsory {
            self.value(json, &self.metadata.elements[element], created, random);
        }
        if !others.is_empty() && random.random_bool(0.6) {
            self.value(
                json,
                &self.metadata.elements[*one_of(others, random)],
                created,
                random,
            );
        }
        if json.ends_with(',') {
            json.pop();
        }
        json.push('}');
    }

    fn value(
        &self,
        json: &mut String,
        element: &DataElement,
        created: NaiveDateTime,
        random: &mut impl Rng,
    ) {
        // Writing into a string cannot fail.
        let _ = write!(json, r#""{}":{{"value":""#, element.uid);
        let _ = match element.element.answer {
            Answer::Option(set) => write!(json, "{}", option(set, random)),
            Answer::Integer(low, high) => write!(json, "{}", low + skewed(high - low, random)),
            Answer::Number(low, high) => write!(json, "{:.1}", random.random_range(low..high)),
            Answer::Date => write!(
                json,
                "{}",
                created.date() + Days::new(random.random_range(1..29))
            ),
            Answer::Boolean => write!(json, "{}", random.random_bool(0.4)),
            Answer::OrganisationUnit => {
                let place = random.random_range(self.tree.facilities.clone());
                write!(json, "{}", self.tree.units[place].uid)
            }
            Answer::LongText => write!(json, "{}", one_of(&REMARKS_LEFT, random)),
        };
        let _ = write!(json, r#"","created":"{created:?}"}},"#);
    }
}

/// The code of an option; earlier options are likelier.
fn option(set: usize, random: &mut impl Rng) -> &'static str {
    let options = OPTION_SETS[set].1;
    let place = skewed(options.len() as i64 - 1, random);
    options[place as usize].0
}

/// A number from 0 to `most`, smaller ones likelier.
fn skewed(most: i64, random: &mut impl Rng) -> i64 {
    let point: f64 = random.random();
    (point * point.sqrt() * (most + 1) as f64) as i64
}
