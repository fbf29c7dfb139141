//! The option combination of a list: named itself, or by a category combination and its options.

use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Jsonb, Nullable, Text},
};
use domain::{
    access::Caller,
    event::{ListRequest, Refusal, refusal::Part},
};

use crate::{
    Connection, Result, access,
    sql::{Statement, Value},
};

/// Key of the option combination asked for; `None` when none is.
pub(super) fn resolve(
    conn: &mut Connection,
    caller: &Caller,
    request: &ListRequest,
) -> Result<Option<i64>> {
    let named = match &request.option_combo {
        None => None,
        Some(uid) => Some(by_uid(conn, uid)?),
    };
    let options = &request.category_options;
    let composed = match (&request.category_combo, options.is_empty()) {
        (None, true) => None,
        (Some(combo), false) => Some(by_options(conn, combo, options)?),
        (None, false) => {
            let text = "is required with attributeCategoryOptions";
            return Err(Refusal::conflict(Part::CategoryCombo, Some("E2040"), text).into());
        }
        (Some(_), true) => {
            let text = "is required with attributeCategoryCombo";
            return Err(Refusal::conflict(Part::CategoryOptions, Some("E2040"), text).into());
        }
    };
    for (part, found) in [
        (Part::OptionCombo, &named),
        (Part::CategoryOptions, &composed),
    ] {
        if let Some(found) = found
            && !found.is_readable(caller)
        {
            let text = format!("{}: you may not read its data", found.uid);
            return Err(Refusal::forbidden(part, text).into());
        }
    }
    match (named, composed) {
        (Some(a), Some(b)) if a.id != b.id => {
            let text = "is not the one that attributeCategoryOptions name";
            Err(Refusal::conflict(Part::OptionCombo, None, text).into())
        }
        (a, b) => Ok(a.or(b).map(|combo| combo.id)),
    }
}

/// An option combination with the sharing of its options.
#[derive(QueryableByName)]
struct Combo {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    uid: String,
    #[diesel(sql_type = Array<Jsonb>)]
    sharing: Vec<serde_json::Value>,
}

impl Combo {
    /// DHIS2's rule for a combination that is asked for: here, owning an option does not count.
    fn is_readable(&self, caller: &Caller) -> bool {
        self.sharing
            .iter()
            .all(|sharing| access::sharing(sharing).may_read_data(caller))
    }
}

fn by_uid(conn: &mut Connection, uid: &str) -> Result<Combo> {
    let mut query = Statement::new(
        "SELECT oc.categoryoptioncomboid AS id, oc.uid,
                ARRAY(SELECT CASE WHEN o.code = 'default' THEN '{}' ELSE o.sharing END
                        FROM categoryoptioncombos_categoryoptions l JOIN categoryoption o USING (categoryoptionid)
                       WHERE l.categoryoptioncomboid = oc.categoryoptioncomboid) AS sharing
           FROM categoryoptioncombo oc WHERE oc.uid = ",
    );
    query.bind(Value::Text(uid.to_owned()));
    let combo: Option<Combo> = query.get_result(conn).optional()?;
    let unknown = || Refusal::bad(Part::OptionCombo, format!("{uid} does not exist"));
    Ok(combo.ok_or_else(unknown)?)
}

/// What is known of a category combination and options of it.
#[derive(QueryableByName)]
struct Composed {
    #[diesel(sql_type = Bool)]
    combo_exists: bool,
    #[diesel(sql_type = Array<Text>)]
    unknown_options: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    uid: Option<String>,
}

fn by_options(conn: &mut Connection, combo: &str, options: &[String]) -> Result<Combo> {
    let mut query = Statement::new("WITH asked AS (SELECT DISTINCT unnest(");
    query
        .bind(Value::Texts(options.to_vec()))
        .push(") AS uid), combo AS (SELECT categorycomboid FROM categorycombo WHERE uid = ");
    query.bind(Value::Text(combo.to_owned())).push(
        ") SELECT EXISTS (SELECT FROM combo) AS combo_exists,
                ARRAY(SELECT a.uid FROM asked a WHERE NOT EXISTS (SELECT FROM categoryoption o WHERE o.uid = a.uid)
                       ORDER BY a.uid) AS unknown_options,
                (SELECT oc.uid FROM combo JOIN categorycombos_optioncombos USING (categorycomboid)
                   JOIN categoryoptioncombo oc USING (categoryoptioncomboid)
                  WHERE (SELECT array_agg(o.uid ORDER BY o.uid) FROM categoryoptioncombos_categoryoptions l
                           JOIN categoryoption o USING (categoryoptionid)
                          WHERE l.categoryoptioncomboid = oc.categoryoptioncomboid)
                        = (SELECT array_agg(a.uid ORDER BY a.uid COLLATE \"C\") FROM asked a)
                  LIMIT 1) AS uid",
    );
    let composed: Composed = query.get_result(conn)?;
    if !composed.combo_exists {
        let text = format!("{combo} does not exist");
        return Err(Refusal::conflict(Part::CategoryCombo, Some("E1110"), text).into());
    }
    if !composed.unknown_options.is_empty() {
        let text = format!("{} does not exist", composed.unknown_options.join(", "));
        return Err(Refusal::conflict(Part::CategoryOptions, Some("E1111"), text).into());
    }
    let none = || {
        let text = format!("{} is no combination of {combo}", options.join(", "));
        Refusal::conflict(Part::CategoryOptions, Some("E2041"), text)
    };
    by_uid(conn, &composed.uid.ok_or_else(none)?)
}
