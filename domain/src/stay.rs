//! What a query of stays asks for: a period, clinics, and the properties that stays must have.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

/// Which day of a stay must lie in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateBasis {
    /// The day of admission.
    Admission,
    /// The day of discharge; open stays have none.
    Discharge,
}

/// Administrative sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
    /// Other.
    Other,
    /// Not stated.
    Unknown,
}

/// Age at admission, completed years, in the groups of German hospital statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgeGroup {
    /// Some years.
    Years {
        /// First age, included.
        from: i16,
        /// Last age, included.
        to: i16,
    },
    /// The birth is not known.
    Unknown,
}

impl AgeGroup {
    /// Whether an age lies in it.
    #[must_use]
    pub fn contains(self, age: Option<i16>) -> bool {
        match self {
            AgeGroup::Years { from, to } => age.is_some_and(|age| from <= age && age <= to),
            AgeGroup::Unknown => age.is_none(),
        }
    }
}

/// First age, or that none is known.
impl fmt::Display for AgeGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AgeGroup::Years { from, .. } => write!(f, "{from}"),
            AgeGroup::Unknown => f.write_str("UNKNOWN"),
        }
    }
}

/// Which of a stay's diagnoses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum DiagnosisRole {
    /// Any diagnosis.
    #[default]
    Any,
    /// The main diagnosis only.
    Main,
}

/// Days, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// Why a period is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}.from is after {0}.to")]
pub struct PeriodReversed(pub &'static str);

impl Period {
    /// Checks the order of the days. `argument` names the period in the error.
    ///
    /// # Errors
    /// [`PeriodReversed`] when the first day is after the last.
    pub fn new(
        argument: &'static str,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Result<Self, PeriodReversed> {
        if from > to {
            Err(PeriodReversed(argument))
        } else {
            Ok(Period { from, to })
        }
    }

    /// Days of the period.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// Whether another period touches other calendar years. Each year has its own ICD-10-GM, in which codes below the three
    /// characters may mean something else.
    #[must_use]
    pub fn is_of_other_years(&self, other: &Period) -> bool {
        let years = |period: &Period| (period.from.year(), period.to.year());
        years(self) != years(other)
    }
}

/// Which stays a query selects. Empty lists and `None` select all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StayFilter {
    /// Days.
    pub period: Period,
    /// Which day of the stay must lie in the period.
    pub basis: DateBasis,
    /// Keys of the clinics: those asked for that the caller may see, never empty by chance.
    pub clinics: Vec<i64>,
    /// Sexes.
    pub sexes: Vec<Sex>,
    /// Age groups.
    pub age_groups: Vec<AgeGroup>,
    /// Stored names of admission types.
    pub admission_types: Vec<&'static str>,
    /// Stored names of discharge types.
    pub discharge_types: Vec<&'static str>,
    /// Keys of stations, one of which the stay touched.
    pub stations: Vec<i64>,
    /// A node of the ICD-10 tree that one of the stay's diagnoses lies under.
    pub diagnosis: Option<crate::icd10::Node>,
    /// Which diagnoses count.
    pub role: DiagnosisRole,
    /// Stored name of the case kind.
    pub case_kind: Option<&'static str>,
}

impl StayFilter {
    /// All stays of some clinics.
    #[must_use]
    pub fn all(period: Period, basis: DateBasis, clinics: Vec<i64>) -> Self {
        StayFilter {
            period,
            basis,
            clinics,
            sexes: Vec::new(),
            age_groups: Vec::new(),
            admission_types: Vec::new(),
            discharge_types: Vec::new(),
            stations: Vec::new(),
            diagnosis: None,
            role: DiagnosisRole::Any,
            case_kind: None,
        }
    }
}

/// What is asked, in one line. What selects everything is left out.
impl fmt::Display for StayFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:?}, clinics {:?}",
            self.period, self.basis, self.clinics
        )?;
        let ages: Vec<String> = self.age_groups.iter().map(AgeGroup::to_string).collect();
        for (name, is_asked, text) in [
            ("sexes", !self.sexes.is_empty(), format!("{:?}", self.sexes)),
            ("ages from", !self.age_groups.is_empty(), ages.join(" ")),
            (
                "admitted as",
                !self.admission_types.is_empty(),
                self.admission_types.join(" "),
            ),
            (
                "discharged as",
                !self.discharge_types.is_empty(),
                self.discharge_types.join(" "),
            ),
            (
                "stations",
                !self.stations.is_empty(),
                format!("{:?}", self.stations),
            ),
            (
                "diagnosis",
                self.diagnosis.is_some(),
                self.diagnosis
                    .as_ref()
                    .map_or("", |node| &node.code)
                    .to_owned(),
            ),
            (
                "role",
                self.role != DiagnosisRole::Any,
                format!("{:?}", self.role),
            ),
            (
                "kind",
                self.case_kind.is_some(),
                self.case_kind.unwrap_or_default().to_owned(),
            ),
        ] {
            if is_asked {
                write!(f, ", {name} {text}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_days_of_a_period_count() {
        let day = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        let period = |from, to| Period::new("period", from, to);
        let february = period(day(2024, 2, 1), day(2024, 2, 29)).expect("in order");
        assert_eq!(february.days(), 29);
        let march = period(day(2024, 3, 1), day(2024, 3, 31)).expect("in order");
        let winter = period(day(2023, 12, 1), day(2024, 2, 29)).expect("in order");
        assert!(!february.is_of_other_years(&march) && february.is_of_other_years(&winter));
        assert_eq!(
            period(day(2025, 1, 2), day(2025, 1, 1)),
            Err(PeriodReversed("period"))
        );
    }

    #[test]
    fn a_filter_in_one_line_says_what_it_asks() {
        let day = |month| NaiveDate::from_ymd_opt(2024, month, 1).expect("a day");
        let period = Period::new("period", day(1), day(2)).expect("in order");
        let all = StayFilter::all(period, DateBasis::Admission, vec![3, 4]);
        assert_eq!(
            all.to_string(),
            "2024-01-01/2024-02-01 Admission, clinics [3, 4]"
        );
        let some = StayFilter {
            sexes: vec![Sex::Female],
            age_groups: vec![AgeGroup::Years { from: 45, to: 54 }, AgeGroup::Unknown],
            admission_types: vec!["EMERGENCY", "BIRTH"],
            stations: vec![9],
            diagnosis: crate::icd10::Node::parse("I10"),
            role: DiagnosisRole::Main,
            case_kind: Some("DAY"),
            ..all
        };
        assert_eq!(
            some.to_string(),
            "2024-01-01/2024-02-01 Admission, clinics [3, 4], sexes [Female], ages from 45 UNKNOWN, admitted as EMERGENCY BIRTH, stations [9], diagnosis I10, role Main, kind DAY"
        );
    }
}
