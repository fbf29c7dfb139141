//! Which option combination an enrolment or event carries.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use domain::access::Sharing;
use serde_json::Value;

use super::{code::Code, importer::Fault};
use crate::{
    Connection, Error, Result,
    access::sharing,
    schema::{
        categorycombo, categorycombos_optioncombos, categoryoption, categoryoptioncombo,
        categoryoptioncombos_categoryoptions,
    },
};

/// First and last day of use; `None` for no limit.
type Period = (Option<NaiveDate>, Option<NaiveDate>);

const DEFAULT_COMBO: &str = "bjDvmb4bfuf";

/// The option combinations and their options.
#[derive(Debug, Default)]
pub(super) struct OptionCombos {
    default_combo: i64,
    by_uid: HashMap<String, OptionCombo>,
    by_options: HashMap<(i64, Vec<String>), i64>,
    periods: HashMap<String, Period>,
    /// Sharing of each option but the default one, which is everybody's.
    sharing: HashMap<String, Sharing>,
    options: HashMap<i64, Vec<String>>,
}

#[derive(Debug)]
struct OptionCombo {
    id: i64,
    combo: i64,
}

impl OptionCombos {
    pub(super) fn load(conn: &mut Connection) -> Result<Self> {
        use categorycombos_optioncombos as of_combo;
        let default_combo = categorycombo::table
            .filter(categorycombo::uid.eq(DEFAULT_COMBO))
            .select(categorycombo::categorycomboid)
            .first(conn)
            .optional()?
            .ok_or_else(|| Error::Corrupt {
                table: "categorycombo",
                detail: "the default category combination is missing".to_owned(),
            })?;
        let combos: Vec<(String, i64, i64)> = categoryoptioncombo::table
            .inner_join(of_combo::table)
            .select((
                categoryoptioncombo::uid,
                categoryoptioncombo::categoryoptioncomboid,
                of_combo::categorycomboid,
            ))
            .load(conn)?;
        let mut options = options(conn)?;
        options
            .values_mut()
            .for_each(|options| options.sort_unstable());
        let by_options = combos
            .iter()
            .filter_map(|(_, id, combo)| Some(((*combo, options.get(id)?.clone()), *id)));
        Ok(OptionCombos {
            default_combo,
            by_options: by_options.collect(),
            by_uid: combos
                .into_iter()
                .map(|(uid, id, combo)| (uid, OptionCombo { id, combo }))
                .collect(),
            periods: periods(conn)?,
            sharing: shared(conn)?,
            options,
        })
    }

    /// The category combination of what names none.
    pub(super) fn default_combo(&self) -> i64 {
        self.default_combo
    }

    /// The option combination that `sent` or `options` (uids with commas or semicolons) name, within a category
    /// combination; the default one when they name none.
    pub(super) fn resolve(
        &self,
        combo: i64,
        sent: Option<&Value>,
        options: Option<&str>,
    ) -> Result<i64, Fault> {
        let options = self.known_options(options)?;
        let sent = sent.and_then(Value::as_str).filter(|uid| !uid.is_empty());
        let by_options = match &options {
            Some(options) => Some(*self.by_options.get(&(combo, options.clone())).ok_or_else(|| {
                Fault::new(Code::E1117, "`attributeCategoryOptions` are no combination of the program's category combination")
            })?),
            None => None,
        };
        let Some(uid) = sent else {
            return by_options.map_or_else(|| self.default_of(combo), Ok);
        };
        let found = self.by_uid.get(uid);
        let found = found.ok_or_else(|| {
            Fault::new(
                Code::E1115,
                format!("`attributeOptionCombo` {uid} does not exist"),
            )
        })?;
        if found.combo == combo {
            if by_options.is_some_and(|id| id != found.id) {
                return Err(Fault::new(
                    Code::E1117,
                    "`attributeOptionCombo` and `attributeCategoryOptions` differ",
                ));
            }
            return Ok(found.id);
        }
        if found.combo == self.default_combo {
            return self.default_of(combo);
        }
        Err(Fault::new(
            Code::E1054,
            "`attributeOptionCombo` is not of the program's category combination",
        ))
    }

    /// The options of a combination that are shared with some only.
    pub(super) fn shared(&self, option_combo: i64) -> impl Iterator<Item = (&str, &Sharing)> {
        let options = self.options.get(&option_combo).into_iter().flatten();
        options.filter_map(|uid| Some((uid.as_str(), self.sharing.get(uid)?)))
    }

    /// Checks that a date lies within the periods of the options of a combination, which are still used for `grace` days
    /// after their end.
    pub(super) fn check_period(
        &self,
        option_combo: i64,
        grace: i64,
        date: Option<NaiveDateTime>,
    ) -> Result<(), Fault> {
        let (Some(date), Some(options)) = (
            date.map(|date| date.date()),
            self.options.get(&option_combo),
        ) else {
            return Ok(());
        };
        for option in options {
            let (start, end) = self.periods.get(option).copied().unwrap_or_default();
            if start.is_some_and(|start| date < start) {
                return Err(Fault::new(
                    Code::E1056,
                    format!("the date is before the period of category option {option}"),
                ));
            }
            if end.is_some_and(|end| date > end + TimeDelta::days(grace)) {
                return Err(Fault::new(
                    Code::E1057,
                    format!("the date is after the period of category option {option}"),
                ));
            }
        }
        Ok(())
    }

    fn default_of(&self, combo: i64) -> Result<i64, Fault> {
        let default = self
            .by_uid
            .values()
            .find(|found| found.combo == self.default_combo);
        match default {
            Some(default) if combo == self.default_combo => Ok(default.id),
            _ => Err(Fault::new(
                Code::E1055,
                "an option combination is required: the program has its own category combination",
            )),
        }
    }

    /// The options that a list names, sorted.
    fn known_options(&self, list: Option<&str>) -> Result<Option<Vec<String>>, Fault> {
        let Some(list) = list.filter(|list| !list.trim().is_empty()) else {
            return Ok(None);
        };
        let mut options: Vec<String> = list
            .split([',', ';'])
            .map(|uid| uid.trim().to_owned())
            .collect();
        if let Some(unknown) = options.iter().find(|uid| !self.periods.contains_key(*uid)) {
            return Err(Fault::new(
                Code::E1116,
                format!("category option {unknown} does not exist"),
            ));
        }
        options.sort_unstable();
        Ok(Some(options))
    }
}

/// Options of each combination.
fn options(conn: &mut Connection) -> Result<HashMap<i64, Vec<String>>> {
    use categoryoptioncombos_categoryoptions as member;
    let rows: Vec<(i64, String)> = member::table
        .inner_join(categoryoption::table)
        .select((member::categoryoptioncomboid, categoryoption::uid))
        .load(conn)?;
    let mut options: HashMap<i64, Vec<String>> = HashMap::new();
    for (combo, option) in rows {
        options.entry(combo).or_default().push(option);
    }
    Ok(options)
}

/// First and last day of each option.
fn periods(conn: &mut Connection) -> Result<HashMap<String, Period>> {
    let columns = (
        categoryoption::uid,
        categoryoption::startdate,
        categoryoption::enddate,
    );
    let rows: Vec<(String, Option<NaiveDate>, Option<NaiveDate>)> =
        categoryoption::table.select(columns).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(uid, start, end)| (uid, (start, end)))
        .collect())
}

/// Sharing of each option but the default one.
fn shared(conn: &mut Connection) -> Result<HashMap<String, Sharing>> {
    let rows: Vec<(String, Option<String>, Value)> = categoryoption::table
        .select((
            categoryoption::uid,
            categoryoption::code,
            categoryoption::sharing,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, code, _)| code.as_deref() != Some("default"))
        .map(|(uid, _, shared)| (uid, sharing(&shared)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> OptionCombos {
        let combo = |id, combo| OptionCombo { id, combo };
        let period = (
            NaiveDate::from_ymd_opt(2020, 1, 1),
            NaiveDate::from_ymd_opt(2020, 12, 31),
        );
        OptionCombos {
            default_combo: 1,
            by_uid: HashMap::from([
                ("default".into(), combo(10, 1)),
                ("both".into(), combo(20, 2)),
                ("other".into(), combo(30, 3)),
            ]),
            by_options: HashMap::from([
                ((1, vec!["d".into()]), 10),
                ((2, vec!["a".into(), "b".into()]), 20),
            ]),
            periods: HashMap::from([
                ("a".into(), period),
                ("b".into(), (None, None)),
                ("d".into(), (None, None)),
            ]),
            sharing: HashMap::new(),
            options: HashMap::from([(20, vec!["a".into(), "b".into()])]),
        }
    }

    #[test]
    fn names_the_combination_or_the_rule() {
        let combos = sample();
        let resolve = |combo, sent: Option<&str>, options| {
            let sent = sent.map(|uid| Value::String(uid.to_owned()));
            combos
                .resolve(combo, sent.as_ref(), options)
                .map_err(|fault| fault.code)
        };
        assert_eq!(resolve(1, None, None), Ok(10));
        assert_eq!(resolve(1, Some(""), None), Ok(10));
        assert_eq!(resolve(2, Some("both"), Some("b;a")), Ok(20));
        assert_eq!(resolve(2, None, Some("b, a")), Ok(20));
        assert_eq!(resolve(2, None, None), Err(Code::E1055));
        assert_eq!(resolve(2, Some("default"), None), Err(Code::E1055));
        assert_eq!(resolve(2, Some("other"), None), Err(Code::E1054));
        assert_eq!(resolve(2, Some("nowhere"), None), Err(Code::E1115));
        assert_eq!(resolve(2, None, Some("a,x")), Err(Code::E1116));
        assert_eq!(resolve(2, None, Some("a")), Err(Code::E1117));
        assert_eq!(
            combos.resolve(1, Some(&serde_json::json!({})), None),
            Ok(10)
        );
    }

    #[test]
    fn keeps_dates_within_the_options_periods() {
        let combos = sample();
        let check = |year| {
            let date = NaiveDate::from_ymd_opt(year, 6, 1).map(NaiveDateTime::from);
            combos.check_period(20, 0, date).map_err(|fault| fault.code)
        };
        assert_eq!(check(2020), Ok(()));
        assert_eq!(check(2019), Err(Code::E1056));
        assert_eq!(check(2021), Err(Code::E1057));
    }
}
