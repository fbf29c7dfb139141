//! Which option combination an enrolment or event carries.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use domain::access::Sharing;
use serde_json::Value;

use super::{
    code::Code,
    importer::{Fault, settle},
};
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

/// What carries an option combination. DHIS2 numbers the same rules apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carrier {
    Enrollment,
    Event,
}

impl Carrier {
    /// The combination is not of the program.
    fn foreign(self) -> Code {
        match self {
            Self::Enrollment => Code::E1130,
            Self::Event => Code::E1054,
        }
    }

    /// There is no combination for what was sent.
    fn none(self) -> Code {
        match self {
            Self::Enrollment => Code::E1129,
            Self::Event => Code::E1117,
        }
    }
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
    /// combination; the default one when they name none. What does not exist is told at once; only then it is asked whether
    /// the program takes the combination, and whether the options are those of it.
    pub(super) fn resolve(
        &self,
        carrier: Carrier,
        combo: i64,
        sent: Option<&Value>,
        options: Option<&str>,
    ) -> Result<i64, Vec<Fault>> {
        let options = named_options(options);
        let sent = sent.and_then(Value::as_str).filter(|uid| !uid.is_empty());
        let found = sent.and_then(|uid| self.by_uid.get(uid));
        let mut faults = self.unknown(sent.filter(|_| found.is_none()), &options);
        let names_default = found.map_or(sent.is_none() && options.is_empty(), |found| {
            found.combo == self.default_combo
        });
        if names_default && combo != self.default_combo {
            let message =
                "an option combination is required: the program has its own category combination";
            faults.push(Fault::new(Code::E1055, message));
        }
        settle(faults)?;
        if found.is_some_and(|found| found.combo != combo) {
            let message = "`attributeOptionCombo` is not of the program's category combination";
            return Err(Fault::new(carrier.foreign(), message).into());
        }
        let by_options = self.by_options.get(&(combo, options.clone())).copied();
        let default = || self.default_of(combo).filter(|_| options.is_empty());
        let id = found.map(|found| found.id).or(by_options).or_else(default);
        let id = id.filter(|id| options.is_empty() || by_options == Some(*id));
        id.ok_or_else(|| {
            let message = "`attributeCategoryOptions` are no combination of the program's category combination, or not those of `attributeOptionCombo`";
            Fault::new(carrier.none(), message).into()
        })
    }

    /// The options of a combination that are shared with some only.
    pub(super) fn shared(&self, option_combo: i64) -> impl Iterator<Item = (&str, &Sharing)> {
        let options = self.options.get(&option_combo).into_iter().flatten();
        options.filter_map(|uid| Some((uid.as_str(), self.sharing.get(uid)?)))
    }

    /// Checks that a date lies within the periods of the options of a combination, which are still used for `grace` days
    /// after their end. Each option that it does not lie in is told.
    pub(super) fn check_period(
        &self,
        option_combo: i64,
        grace: i64,
        date: NaiveDateTime,
    ) -> Vec<Fault> {
        let date = date.date();
        let mut faults = Vec::new();
        for option in self.options.get(&option_combo).into_iter().flatten() {
            let (start, end) = self.periods.get(option).copied().unwrap_or_default();
            if start.is_some_and(|start| date < start) {
                let message = format!("the date is before the period of category option {option}");
                faults.push(Fault::new(Code::E1056, message));
            }
            if end.is_some_and(|end| date > end + TimeDelta::days(grace)) {
                let message = format!("the date is after the period of category option {option}");
                faults.push(Fault::new(Code::E1057, message));
            }
        }
        faults
    }

    /// The option combination of what has no categories; `None` within any other category combination.
    pub(super) fn default_of(&self, combo: i64) -> Option<i64> {
        let default = || {
            let mut all = self.by_uid.values();
            all.find(|found| found.combo == self.default_combo)
        };
        (combo == self.default_combo)
            .then(default)?
            .map(|found| found.id)
    }

    /// Names of what does not exist.
    fn unknown(&self, combo: Option<&str>, options: &[String]) -> Vec<Fault> {
        let combo = combo.map(|uid| {
            let message = format!("`attributeOptionCombo` {uid} does not exist");
            Fault::new(Code::E1115, message)
        });
        let options = options
            .iter()
            .filter(|uid| !self.periods.contains_key(*uid));
        let options = options.map(|uid| {
            let message = format!("category option {uid} does not exist");
            Fault::new(Code::E1116, message)
        });
        combo.into_iter().chain(options).collect()
    }
}

/// The options that a list names, each once, sorted.
fn named_options(list: Option<&str>) -> Vec<String> {
    let items = list.unwrap_or_default().split([',', ';']).map(str::trim);
    let items = items.filter(|uid| !uid.is_empty()).map(str::to_owned);
    let mut options: Vec<String> = items.collect();
    options.sort_unstable();
    options.dedup();
    options
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
        let longer = (None, NaiveDate::from_ymd_opt(2021, 12, 31));
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
                ("b".into(), longer),
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
            let resolved = combos.resolve(Carrier::Event, combo, sent.as_ref(), options);
            resolved.map_err(|faults| faults.iter().map(|fault| fault.code).collect::<Vec<_>>())
        };
        assert_eq!(resolve(1, None, None), Ok(10));
        assert_eq!(resolve(1, Some(""), None), Ok(10));
        assert_eq!(resolve(2, Some("both"), Some("b;a")), Ok(20));
        assert_eq!(resolve(2, None, Some("b, a")), Ok(20));
        assert_eq!(resolve(2, Some("both"), Some("a,b,,a")), Ok(20));
        assert_eq!(resolve(1, None, Some("d")), Ok(10));
        for (combo, sent, options, codes) in [
            (2, None, None, vec![Code::E1055]),
            (2, Some("default"), None, vec![Code::E1055]),
            (2, Some("other"), None, vec![Code::E1054]),
            (1, Some("both"), None, vec![Code::E1054]),
            (2, Some("nowhere"), None, vec![Code::E1115]),
            (2, None, Some("a,x"), vec![Code::E1116]),
            (
                2,
                Some("nowhere"),
                Some("x,y"),
                vec![Code::E1115, Code::E1116, Code::E1116],
            ),
            (2, Some("nowhere"), Some("a"), vec![Code::E1115]),
            (
                2,
                Some("default"),
                Some("x"),
                vec![Code::E1116, Code::E1055],
            ),
            (2, Some("other"), Some("a"), vec![Code::E1054]),
            (2, None, Some("a"), vec![Code::E1117]),
            (2, Some("both"), Some("a"), vec![Code::E1117]),
            (1, None, Some("a,b"), vec![Code::E1117]),
        ] {
            assert_eq!(
                resolve(combo, sent, options),
                Err(codes),
                "{sent:?} {options:?}"
            );
        }
        assert_eq!(
            combos.resolve(Carrier::Event, 1, Some(&serde_json::json!({})), None),
            Ok(10)
        );
    }

    #[test]
    fn enrolments_have_numbers_of_their_own() {
        let combos = sample();
        let resolve = |combo, sent: Option<&str>, options| {
            let sent = sent.map(|uid| Value::String(uid.to_owned()));
            let resolved = combos.resolve(Carrier::Enrollment, combo, sent.as_ref(), options);
            resolved.map_err(|faults| faults[0].code)
        };
        assert_eq!(resolve(2, Some("both"), None), Ok(20));
        assert_eq!(resolve(2, Some("other"), None), Err(Code::E1130));
        assert_eq!(resolve(2, None, Some("a")), Err(Code::E1129));
        assert_eq!(resolve(2, None, None), Err(Code::E1055));
        assert_eq!(resolve(2, Some("nowhere"), None), Err(Code::E1115));
    }

    #[test]
    fn keeps_dates_within_the_options_periods() {
        let combos = sample();
        let check = |year| {
            let date = NaiveDate::from_ymd_opt(year, 6, 1).expect("a day").into();
            let faults = combos.check_period(20, 0, date);
            let told = faults.iter().map(|fault| {
                let option = fault.message.rsplit(' ').next().unwrap_or_default();
                (fault.code, option.to_owned())
            });
            told.collect::<Vec<_>>()
        };
        let option = |code, option: &str| (code, option.to_owned());
        assert_eq!(check(2020), []);
        assert_eq!(check(2019), [option(Code::E1056, "a")]);
        assert_eq!(check(2021), [option(Code::E1057, "a")]);
        // Every option that the date does not lie in is told, not only the first.
        let both = [option(Code::E1057, "a"), option(Code::E1057, "b")];
        assert_eq!(check(2022), both);
    }
}
