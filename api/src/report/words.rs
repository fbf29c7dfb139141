//! The words of reports in German and English.

use async_graphql::SimpleObject;
use domain::columns::{
    ADMISSION_TYPES, CASE_KINDS, DISCHARGE_TYPES, SEX_NAMES,
    indicator::{Basis, Unit},
    report::Division,
};
use serde::Serialize;

/// Language of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// German.
    De,
    /// English.
    En,
}

/// The same in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, SimpleObject)]
pub struct Text {
    /// German.
    pub de: &'static str,
    /// English.
    pub en: &'static str,
}

/// The same in both languages.
#[must_use]
pub const fn text(de: &'static str, en: &'static str) -> Text {
    Text { de, en }
}

impl Text {
    /// In a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::De => self.de,
            Language::En => self.en,
        }
    }
}

/// A category of a division as filters name it, and its name.
#[must_use]
pub fn category(division: Division, place: usize) -> (&'static str, Text) {
    match division {
        Division::AdmissionType => (
            ADMISSION_TYPES[place],
            kind_of_admission(ADMISSION_TYPES[place]),
        ),
        Division::DischargeType => (
            DISCHARGE_TYPES[place],
            kind_of_discharge(DISCHARGE_TYPES[place]),
        ),
        Division::CaseKind => (
            CASE_KINDS[place],
            [
                text("vollstationär", "inpatient"),
                text("teilstationär", "day care"),
                text("stationsäquivalent", "home treatment"),
            ][place],
        ),
        Division::Sex => (
            SEX_NAMES[place],
            [
                text("weiblich", "female"),
                text("männlich", "male"),
                text("divers", "other"),
                text("ohne Angabe", "not stated"),
            ][place],
        ),
        Division::AgeGroup => AGE_GROUPS[place],
    }
}

const AGE_GROUPS: [(&str, Text); 12] = [
    ("AGE_0", text("unter 1 Jahr", "below 1 year")),
    ("AGE_1_TO_4", text("1–4 Jahre", "1–4 years")),
    ("AGE_5_TO_14", text("5–14 Jahre", "5–14 years")),
    ("AGE_15_TO_24", text("15–24 Jahre", "15–24 years")),
    ("AGE_25_TO_34", text("25–34 Jahre", "25–34 years")),
    ("AGE_35_TO_44", text("35–44 Jahre", "35–44 years")),
    ("AGE_45_TO_54", text("45–54 Jahre", "45–54 years")),
    ("AGE_55_TO_64", text("55–64 Jahre", "55–64 years")),
    ("AGE_65_TO_74", text("65–74 Jahre", "65–74 years")),
    ("AGE_75_TO_84", text("75–84 Jahre", "75–84 years")),
    ("AGE_85_PLUS", text("ab 85 Jahre", "85 years and more")),
    ("UNKNOWN", text("ohne Angabe", "not stated")),
];

/// Name of a way of admission by its stored name.
#[must_use]
pub fn kind_of_admission(name: &str) -> Text {
    match name {
        "REFERRAL" => text("Einweisung", "Referral"),
        "EMERGENCY" => text("Notfall", "Emergency"),
        "TRANSFER" => text("Verlegung", "Transfer"),
        "REHABILITATION" => text("nach Rehabilitation", "After rehabilitation"),
        "BIRTH" => text("Geburt", "Birth"),
        _ => text("ohne Angabe", "Not stated"),
    }
}

/// Name of a way of discharge by its stored name.
#[must_use]
pub fn kind_of_discharge(name: &str) -> Text {
    match name {
        "REGULAR" => text("regulär", "Regular"),
        "AGAINST_ADVICE" => text("gegen ärztlichen Rat", "Against advice"),
        "TRANSFER" => text("Verlegung", "Transfer"),
        "DEATH" => text("verstorben", "Death"),
        "REHABILITATION" => text("Rehabilitation", "Rehabilitation"),
        "NURSING" => text("Pflegeeinrichtung", "Nursing care"),
        "HOSPICE" => text("Hospiz", "Hospice"),
        "INTERNAL_TRANSFER" => text("interne Verlegung", "Internal transfer"),
        "ADMINISTRATIVE" => text("Fallabschluss", "Administrative"),
        "READMISSION" => text("Wiederaufnahme", "Readmission"),
        "ABSENCE" => text("Beurlaubung", "Absence"),
        "OPEN" => text("noch stationär", "Still inpatient"),
        _ => text("ohne Angabe", "Not stated"),
    }
}

/// Name of a division.
#[must_use]
pub fn division(division: Division) -> Text {
    match division {
        Division::AdmissionType => text("Aufnahmeart", "Way of admission"),
        Division::DischargeType => text("Entlassungsart", "Way of discharge"),
        Division::CaseKind => text("Fallart", "Kind of case"),
        Division::Sex => text("Geschlecht", "Sex"),
        Division::AgeGroup => text("Alter bei Aufnahme", "Age at admission"),
    }
}

/// Name of a unit.
#[must_use]
pub fn unit(unit: Unit) -> Text {
    match unit {
        Unit::Number => text("Anzahl", "number"),
        Unit::Days => text("Tage", "days"),
        Unit::Share => text("Anteil", "share"),
        Unit::PerStay => text("je Fall", "per stay"),
    }
}

/// Name of the days that a KPI looks at.
#[must_use]
pub fn basis(basis: Basis) -> Text {
    match basis {
        Basis::Admission => text("Aufnahmetag", "day of admission"),
        Basis::Discharge => text("Entlassungstag", "day of discharge"),
        Basis::AdmissionAndDischarge => text(
            "Aufnahme- und Entlassungstag",
            "day of admission and of discharge",
        ),
        Basis::Calendar => text("Kalendertag", "calendar day"),
        Basis::Midnight => text("Stichtag 24 Uhr", "midnight"),
    }
}

/// Name of a fault of the data; `None` for one without a name of its own.
#[must_use]
pub fn fault(name: &str) -> Option<Text> {
    Some(match name {
        "OPEN_STAY" => text("Offene Fälle", "Open stays"),
        "OPEN_LONGER_THAN_90_DAYS" => {
            text("Seit mehr als 90 Tagen offen", "Open for more than 90 days")
        }
        "STAY_WITHOUT_CODE" => text("Fälle ohne ICD-10-Kode", "Stays without an ICD-10 code"),
        "STAY_WITHOUT_MAIN_DIAGNOSIS" => {
            text("Fälle ohne Hauptdiagnose", "Stays without a main diagnosis")
        }
        "STAY_WITHOUT_STATION" => text("Fälle ohne Station", "Stays without a station"),
        "DISCHARGE_WITHOUT_REASON" => {
            text("Entlassungen ohne Grund", "Discharges without a reason")
        }
        "ADMISSION_WITHOUT_SOURCE" => text("Aufnahmen ohne Anlass", "Admissions without a source"),
        "AGE_NOT_KNOWN" => text("Alter unbekannt", "Age not known"),
        "SEX_NOT_KNOWN" => text("Geschlecht unbekannt", "Sex not known"),
        "DIAGNOSIS_WITHOUT_STAY" => text("Diagnosen ohne Fall", "Diagnoses without a stay"),
        "DIAGNOSIS_WITHOUT_CODE" => text("Diagnosen ohne Kode", "Diagnoses without a code"),
        "DIAGNOSIS_RULED_OUT" => text("Ausgeschlossene Diagnosen", "Diagnoses ruled out"),
        "CODE_OUTSIDE_EVERY_CHAPTER" => text(
            "Kodes außerhalb aller Kapitel",
            "Codes outside every chapter",
        ),
        "OBSERVATION_WITHOUT_STAY" => text("Messwerte ohne Fall", "Observations without a stay"),
        "OBSERVATION_WITHOUT_DAY" => text("Messwerte ohne Datum", "Observations without a day"),
        "OBSERVATION_IN_THE_FUTURE" => {
            text("Messwerte in der Zukunft", "Observations in the future")
        }
        _ => return None,
    })
}
