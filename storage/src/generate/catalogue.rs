//! What the generated programs ask: plain descriptions, without keys.

/// What answers a question has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    /// An option of the option set at this place of [`OPTION_SETS`].
    Option(usize),
    Integer(i64, i64),
    Number(f64, f64),
    Date,
    Boolean,
    OrganisationUnit,
    LongText,
}

/// One question.
#[derive(Debug, PartialEq)]
pub(super) struct Element {
    pub(super) name: &'static str,
    pub(super) answer: Answer,
}

/// One form. The first two questions are compulsory.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) questions: &'static [&'static Element],
    /// Days after enrolment, or after the visit before.
    pub(super) after_days: u16,
}

/// Who may see the data of a program.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Audience {
    Everyone,
    /// The user group of the HIV team.
    Team,
}

/// One program.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    pub(super) access_level: &'static str,
    pub(super) audience: Audience,
    /// Its part of all events or enrolments of its kind.
    pub(super) share: f64,
    /// Part of the facilities that use it.
    pub(super) coverage: f64,
    pub(super) by_funding: bool,
    pub(super) has_points: bool,
    pub(super) women_only: bool,
    pub(super) forms: &'static [Form],
}

/// Option sets: name, options as (code, name).
pub(super) const OPTION_SETS: [(&str, &[(&str, &str)]); 5] = [
    ("Sex", &[("F", "Female"), ("M", "Male")]),
    (
        "Diagnosis group",
        &[
            ("MALARIA", "Malaria"),
            ("ARI", "Acute respiratory infection"),
            ("DIARRHOEA", "Diarrhoea"),
            ("SKIN", "Skin infection"),
            ("INJURY", "Injury"),
            ("HYPERTENSION", "Hypertension"),
            ("DIABETES", "Diabetes"),
            ("EYE", "Eye disease"),
            ("DENTAL", "Dental disease"),
            ("OTHER", "Other"),
        ],
    ),
    (
        "Test result",
        &[
            ("NEGATIVE", "Negative"),
            ("POSITIVE", "Positive"),
            ("INCONCLUSIVE", "Inconclusive"),
        ],
    ),
    (
        "Water source",
        &[
            ("BOREHOLE", "Borehole"),
            ("WELL", "Protected well"),
            ("TAP", "Public tap"),
            ("SPRING", "Spring"),
        ],
    ),
    (
        "Treatment outcome",
        &[
            ("ON_TREATMENT", "On treatment"),
            ("CURED", "Cured"),
            ("COMPLETED", "Treatment completed"),
            ("LOST", "Lost to follow-up"),
            ("FAILED", "Treatment failed"),
        ],
    ),
];

const fn element(name: &'static str, answer: Answer) -> Element {
    Element { name, answer }
}

static DIAGNOSIS: Element = element("Diagnosis group", Answer::Option(1));
static AGE: Element = element("Age in years", Answer::Integer(0, 89));
static SEX: Element = element("Sex of the patient", Answer::Option(0));
static WEIGHT: Element = element("Weight (kg)", Answer::Number(2.5, 98.0));
static FEVER: Element = element("Fever", Answer::Boolean);
static REFERRED_TO: Element = element("Referred to", Answer::OrganisationUnit);
static NEXT_VISIT: Element = element("Date of next visit", Answer::Date);
static REMARKS: Element = element("Remarks", Answer::LongText);
static RAPID_TEST: Element = element("Rapid diagnostic test", Answer::Option(2));
static TRAVELLED: Element = element("Travelled in the last month", Answer::Boolean);
static SOURCE: Element = element("Water source", Answer::Option(3));
static HOUSEHOLDS: Element = element("Households served", Answer::Integer(5, 400));
static CHLORINE: Element = element("Residual chlorine (mg/l)", Answer::Number(0.0, 1.5));
static GESTATION: Element = element("Gestational age (weeks)", Answer::Integer(6, 41));
static SYSTOLIC: Element = element("Systolic blood pressure", Answer::Integer(88, 178));
static HAEMOGLOBIN: Element = element("Haemoglobin (g/dl)", Answer::Number(6.5, 15.5));
static DELIVERED_ON: Element = element("Date of delivery", Answer::Date);
static LIVE_BIRTH: Element = element("Live birth", Answer::Boolean);
static SPUTUM: Element = element("Sputum result", Answer::Option(2));
static OUTCOME: Element = element("Treatment outcome", Answer::Option(4));
static HIV_TEST: Element = element("HIV test result", Answer::Option(2));
static COUNSELLED: Element = element("Counselled before the test", Answer::Boolean);

/// Programs without registration; the first is the dominant one.
pub(super) static EVENT_PROGRAMS: [Program; 3] = [
    Program {
        name: "Outpatient visits",
        code: "OPD",
        access_level: "OPEN",
        audience: Audience::Everyone,
        share: 0.97,
        coverage: 1.0,
        by_funding: false,
        has_points: false,
        women_only: false,
        forms: &[Form {
            name: "Visit",
            questions: &[
                &DIAGNOSIS,
                &AGE,
                &SEX,
                &WEIGHT,
                &FEVER,
                &REFERRED_TO,
                &NEXT_VISIT,
                &REMARKS,
            ],
            after_days: 0,
        }],
    },
    Program {
        name: "Malaria case notification",
        code: "MALARIA_CASE",
        access_level: "OPEN",
        audience: Audience::Everyone,
        share: 0.02,
        coverage: 0.6,
        by_funding: false,
        has_points: false,
        women_only: false,
        forms: &[Form {
            name: "Notification",
            questions: &[&RAPID_TEST, &AGE, &SEX, &TRAVELLED, &REFERRED_TO, &REMARKS],
            after_days: 0,
        }],
    },
    Program {
        name: "Water point inspection",
        code: "WATER",
        access_level: "OPEN",
        audience: Audience::Everyone,
        share: 0.01,
        coverage: 0.4,
        by_funding: true,
        has_points: true,
        women_only: false,
        forms: &[Form {
            name: "Inspection",
            questions: &[&SOURCE, &HOUSEHOLDS, &CHLORINE, &REMARKS],
            after_days: 0,
        }],
    },
];

/// Programs with registration.
pub(super) static TRACKER_PROGRAMS: [Program; 3] = [
    Program {
        name: "Antenatal care",
        code: "ANC",
        access_level: "OPEN",
        audience: Audience::Everyone,
        share: 0.55,
        coverage: 0.8,
        by_funding: false,
        has_points: false,
        women_only: true,
        forms: &[
            Form {
                name: "First visit",
                questions: &[&GESTATION, &SYSTOLIC, &HAEMOGLOBIN, &WEIGHT, &REMARKS],
                after_days: 0,
            },
            Form {
                name: "Follow-up visit",
                questions: &[&SYSTOLIC, &WEIGHT, &HAEMOGLOBIN, &REFERRED_TO, &NEXT_VISIT],
                after_days: 28,
            },
            Form {
                name: "Delivery",
                questions: &[&DELIVERED_ON, &LIVE_BIRTH, &REMARKS],
                after_days: 35,
            },
        ],
    },
    Program {
        name: "Tuberculosis treatment",
        code: "TB",
        access_level: "PROTECTED",
        audience: Audience::Everyone,
        share: 0.25,
        coverage: 0.4,
        by_funding: false,
        has_points: false,
        women_only: false,
        forms: &[
            Form {
                name: "Diagnosis",
                questions: &[&SPUTUM, &WEIGHT, &REMARKS],
                after_days: 0,
            },
            Form {
                name: "Treatment visit",
                questions: &[&OUTCOME, &WEIGHT, &SPUTUM, &NEXT_VISIT],
                after_days: 30,
            },
        ],
    },
    Program {
        name: "HIV testing",
        code: "HTS",
        access_level: "CLOSED",
        audience: Audience::Team,
        share: 0.20,
        coverage: 0.5,
        by_funding: false,
        has_points: false,
        women_only: false,
        forms: &[Form {
            name: "Test",
            questions: &[&HIV_TEST, &COUNSELLED, &REFERRED_TO, &REMARKS],
            after_days: 180,
        }],
    },
];

/// Attributes of a person: name, value type, option set.
pub(super) const ATTRIBUTES: [(&str, &str, Option<usize>); 4] = [
    ("First name", "TEXT", None),
    ("Last name", "TEXT", None),
    ("Date of birth", "DATE", None),
    ("Sex", "TEXT", Some(0)),
];

/// Remarks that people leave.
pub(super) const REMARKS_LEFT: [&str; 8] = [
    "Seen together with the mother.",
    "Referred by the community health worker.",
    "Will return if symptoms persist.",
    "No medicine in stock, prescription given.",
    "Second visit this week.",
    "Advised on nutrition.",
    "Pump handle is loose, repair requested.",
    "Phone number of a relative noted on paper.",
];

/// Options of the attribute dimension "Funding": name, whether everyone may read its events.
pub(super) const FUNDING: [(&str, bool); 2] =
    [("National budget", true), ("Donor programme", false)];
