//! The filter that all analytics share: inputs to a validated domain filter.

use async_graphql::{Context, Enum, ID, InputObject, Result};
use domain::{icd10::Node, stay};

use super::{
    clinics, context,
    error::{fail, refuse},
    scalars::Date,
};

/// Days, both included.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct DateRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl DateRange {
    /// The period, checked.
    ///
    /// # Errors
    /// When the first day is after the last.
    pub fn period(self, argument: &'static str) -> Result<stay::Period> {
        stay::Period::new(argument, self.from.0, self.to.0).map_err(refuse)
    }
}

/// Which day of a stay must lie in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "stay::DateBasis")]
pub enum DateBasis {
    /// The day of admission.
    Admission,
    /// The day of discharge; open stays have none and are left out.
    Discharge,
}

/// Administrative sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "stay::Sex")]
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

/// Age at admission in completed years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AgeGroup {
    /// Below 1 year.
    Age0,
    /// 1 to 4 years.
    Age1To4,
    /// 5 to 14 years.
    Age5To14,
    /// 15 to 24 years.
    Age15To24,
    /// 25 to 34 years.
    Age25To34,
    /// 35 to 44 years.
    Age35To44,
    /// 45 to 54 years.
    Age45To54,
    /// 55 to 64 years.
    Age55To64,
    /// 65 to 74 years.
    Age65To74,
    /// 75 to 84 years.
    Age75To84,
    /// 85 years and more.
    Age85Plus,
    /// The birth is not known.
    Unknown,
}

impl From<AgeGroup> for stay::AgeGroup {
    fn from(group: AgeGroup) -> Self {
        let (from, to) = match group {
            AgeGroup::Age0 => (0, 0),
            AgeGroup::Age1To4 => (1, 4),
            AgeGroup::Age5To14 => (5, 14),
            AgeGroup::Age15To24 => (15, 24),
            AgeGroup::Age25To34 => (25, 34),
            AgeGroup::Age35To44 => (35, 44),
            AgeGroup::Age45To54 => (45, 54),
            AgeGroup::Age55To64 => (55, 64),
            AgeGroup::Age65To74 => (65, 74),
            AgeGroup::Age75To84 => (75, 84),
            AgeGroup::Age85Plus => (85, i16::MAX),
            AgeGroup::Unknown => return stay::AgeGroup::Unknown,
        };
        stay::AgeGroup::Years { from, to }
    }
}

/// How a stay began, grouped from the admission source (Aufnahmeanlass).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AdmissionType {
    /// Referred by a physician or dentist.
    Referral,
    /// Emergency.
    Emergency,
    /// From another hospital.
    Transfer,
    /// After rehabilitation.
    Rehabilitation,
    /// Birth.
    Birth,
    /// Not stated.
    Unknown,
}

impl AdmissionType {
    fn stored(self) -> &'static str {
        match self {
            AdmissionType::Referral => "REFERRAL",
            AdmissionType::Emergency => "EMERGENCY",
            AdmissionType::Transfer => "TRANSFER",
            AdmissionType::Rehabilitation => "REHABILITATION",
            AdmissionType::Birth => "BIRTH",
            AdmissionType::Unknown => "UNKNOWN",
        }
    }
}

/// How a stay ended, grouped from the discharge reason (Entlassungsgrund).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum DischargeType {
    /// Regular, home.
    Regular,
    /// Against medical advice.
    AgainstAdvice,
    /// To another hospital.
    Transfer,
    /// Death.
    Death,
    /// To rehabilitation.
    Rehabilitation,
    /// To nursing care.
    Nursing,
    /// To a hospice.
    Hospice,
    /// Within the hospital.
    InternalTransfer,
    /// Change of payer, end of the year.
    Administrative,
    /// Before a readmission.
    Readmission,
    /// Temporary absence.
    Absence,
    /// Not discharged yet.
    Open,
    /// Not stated.
    Unknown,
}

impl DischargeType {
    fn stored(self) -> &'static str {
        match self {
            DischargeType::Regular => "REGULAR",
            DischargeType::AgainstAdvice => "AGAINST_ADVICE",
            DischargeType::Transfer => "TRANSFER",
            DischargeType::Death => "DEATH",
            DischargeType::Rehabilitation => "REHABILITATION",
            DischargeType::Nursing => "NURSING",
            DischargeType::Hospice => "HOSPICE",
            DischargeType::InternalTransfer => "INTERNAL_TRANSFER",
            DischargeType::Administrative => "ADMINISTRATIVE",
            DischargeType::Readmission => "READMISSION",
            DischargeType::Absence => "ABSENCE",
            DischargeType::Open => "OPEN",
            DischargeType::Unknown => "UNKNOWN",
        }
    }
}

/// Kind of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CaseKind {
    /// Inpatient.
    Full,
    /// Day care.
    Day,
    /// Home-equivalent.
    Home,
}

/// Which of a stay's diagnoses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "stay::DiagnosisRole")]
pub enum DiagnosisRole {
    /// Any diagnosis.
    Any,
    /// The main diagnosis only.
    Main,
}

/// Which stays are counted. Absent or empty lists select all.
#[derive(Debug, Clone, InputObject)]
pub struct StayFilter {
    /// Days.
    pub period: DateRange,
    /// Which day of the stay must lie in the period.
    #[graphql(default_with = "DateBasis::Admission")]
    pub basis: DateBasis,
    /// Clinics; all that the caller may see when absent.
    pub clinics: Option<Vec<ID>>,
    /// Sexes.
    pub sexes: Option<Vec<Sex>>,
    /// Age groups.
    pub age_groups: Option<Vec<AgeGroup>>,
    /// Ways of admission.
    pub admission_types: Option<Vec<AdmissionType>>,
    /// Ways of discharge.
    pub discharge_types: Option<Vec<DischargeType>>,
    /// Stations, one of which the stay touched.
    pub stations: Option<Vec<ID>>,
    /// A chapter, block or code that one of the stay's diagnoses lies under, e.g. "IX", "I10-I15", "I10.0".
    pub diagnosis: Option<String>,
    /// Which diagnoses count.
    #[graphql(default_with = "DiagnosisRole::Any")]
    pub role: DiagnosisRole,
    /// Kind of case.
    pub case_kind: Option<CaseKind>,
}

/// Checks a filter against what exists and what the caller may see.
pub(super) async fn read(ctx: &Context<'_>, filter: StayFilter) -> Result<stay::StayFilter> {
    let node = |text: String| {
        Node::parse(&text).ok_or_else(|| {
            refuse(format!(
                "filter.diagnosis \"{text}\" is no chapter, block or ICD-10 code"
            ))
        })
    };
    Ok(stay::StayFilter {
        period: filter.period.period("filter.period")?,
        basis: filter.basis.into(),
        clinics: read_clinics(ctx, "filter.clinics", filter.clinics).await?,
        sexes: filter
            .sexes
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        age_groups: filter
            .age_groups
            .unwrap_or_default()
            .into_iter()
            .map(Into::into)
            .collect(),
        admission_types: filter
            .admission_types
            .unwrap_or_default()
            .into_iter()
            .map(AdmissionType::stored)
            .collect(),
        discharge_types: filter
            .discharge_types
            .unwrap_or_default()
            .into_iter()
            .map(DischargeType::stored)
            .collect(),
        stations: read_stations(ctx, filter.stations.unwrap_or_default()).await?,
        diagnosis: filter.diagnosis.map(node).transpose()?,
        role: filter.role.into(),
        case_kind: filter.case_kind.map(|kind| match kind {
            CaseKind::Full => "FULL",
            CaseKind::Day => "DAY",
            CaseKind::Home => "HOME",
        }),
    })
}

/// Keys of the clinics asked for. One that does not exist and one that the caller may not see are refused alike.
pub(super) async fn read_clinics(
    ctx: &Context<'_>,
    argument: &str,
    asked: Option<Vec<ID>>,
) -> Result<Vec<i64>> {
    let visible = clinics::visible(ctx).await?;
    let Some(asked) = asked.filter(|asked| !asked.is_empty()) else {
        let mut keys: Vec<i64> = visible.iter().map(|clinic| clinic.clinic_id).collect();
        keys.sort_unstable();
        return match keys.is_empty() {
            true => Err(fail(storage::Error::Forbidden(
                "no clinic lies in your data-view scope".to_owned(),
            ))),
            false => Ok(keys),
        };
    };
    let key = |id: &ID| {
        let clinic = visible.iter().find(|clinic| clinic.uid == id.as_str());
        clinic.map(|clinic| clinic.clinic_id).ok_or_else(|| {
            refuse(format!(
                "{argument}: {} is not a clinic that you may see; ask `clinics`",
                id.as_str()
            ))
        })
    };
    let mut keys: Vec<i64> = asked.iter().map(key).collect::<Result<_>>()?;
    // In one order and each once, so that equal questions have equal texts.
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

/// Keys of the stations asked for. One that does not exist, one of a clinic that the caller may not see and a unit that is
/// no station are refused alike: none of them would ever count anything.
async fn read_stations(ctx: &Context<'_>, asked: Vec<ID>) -> Result<Vec<i64>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let tree = &context(ctx).tree;
    let clinics: Vec<i64> = clinics::visible(ctx)
        .await?
        .iter()
        .map(|clinic| clinic.clinic_id)
        .collect();
    let below = tree.below(&clinics);
    let key = |id: ID| {
        let unit = tree.find(&id).map(|unit| unit.id);
        let station = unit.filter(|key| tree.contains(&below, *key) && !clinics.contains(key));
        station.ok_or_else(|| {
            refuse(format!(
                "filter.stations: {} is not a station of a clinic that you may see",
                id.as_str()
            ))
        })
    };
    let mut keys: Vec<i64> = asked.into_iter().map(key).collect::<Result<_>>()?;
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}
