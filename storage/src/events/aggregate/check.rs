//! What may be grouped and computed: data elements of the program that the caller may see, of the right type.

use super::{Dimension, MOST_DIMENSIONS, MOST_MEASURES, Measure};
use crate::{Connection, Error, Result, data_elements, events::ProgramScope};

/// Deepest level of the tree that may be asked for.
const DEEPEST: u8 = 20;

/// Checks an aggregate in a program.
///
/// # Errors
/// [`Error::Input`] for the first rule that is broken; when the query fails.
pub fn check(
    conn: &mut Connection,
    scope: &ProgramScope,
    dimensions: &[Dimension],
    measures: &[Measure],
) -> Result<()> {
    let refuse = |message: String| Err(Error::Input(message));
    if dimensions.len() > MOST_DIMENSIONS {
        return refuse(format!(
            "groupBy takes at most {MOST_DIMENSIONS} dimensions"
        ));
    }
    if measures.len() > MOST_MEASURES {
        return refuse(format!("measures takes at most {MOST_MEASURES} items"));
    }
    for (place, dimension) in dimensions.iter().enumerate() {
        if dimensions[..place].contains(dimension) {
            return refuse("groupBy names a dimension more than once".to_owned());
        }
        match dimension {
            Dimension::OrgUnit(Some(level)) if !(1..=DEEPEST).contains(level) => {
                return refuse(format!(
                    "groupBy.level must be between 1 and {DEEPEST}, got {level}"
                ));
            }
            Dimension::Value(uid) => check_option(conn, scope, uid)?,
            _ => {}
        }
    }
    for measure in measures {
        let element = element(scope, "measures.column", &measure.column)?;
        if !element.column.value_type.is_number() {
            return refuse(format!(
                "measures.column {} holds no numbers but {}",
                measure.column,
                element.column.value_type.name()
            ));
        }
    }
    Ok(())
}

/// Free text would make a group of every person.
fn check_option(conn: &mut Connection, scope: &ProgramScope, uid: &str) -> Result<()> {
    let element = element(scope, "groupBy.column", uid)?;
    if element.column.value_type.is_boolean() {
        return Ok(());
    }
    let found = data_elements::by_uids(conn, &[uid.to_owned()])?;
    match found.first().and_then(|element| element.optionsetid) {
        Some(_) => Ok(()),
        None => Err(Error::Input(format!(
            "groupBy.column {uid} has neither an option set nor two values"
        ))),
    }
}

fn element<'a>(
    scope: &'a ProgramScope,
    argument: &str,
    uid: &str,
) -> Result<&'a crate::events::columns::Element> {
    let element = scope
        .elements
        .get(uid)
        .filter(|element| element.is_readable);
    element.ok_or_else(|| {
        Error::Input(format!(
            "{argument} {uid} is not a data element of this program that you may see"
        ))
    })
}
