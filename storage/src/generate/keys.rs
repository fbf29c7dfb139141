//! Keys of German hospitals with plausible shares: how stays begin and end, and what the chapters of ICD-10 are like.

/// How a stay begins.
#[derive(Debug)]
pub(super) struct Admission {
    pub(super) kind: &'static str,
    /// Aufnahmeanlass.
    pub(super) source: Option<&'static str>,
    /// Aufnahmegrund, first two digits.
    pub(super) reason: Option<&'static str>,
    pub(super) share: f64,
}

const fn admission(
    kind: &'static str,
    source: Option<&'static str>,
    reason: Option<&'static str>,
    share: f64,
) -> Admission {
    Admission {
        kind,
        source,
        reason,
        share,
    }
}

/// Beginnings; those of share zero are chosen for a cause.
pub(super) const ADMISSIONS: [Admission; 12] = [
    admission("REFERRAL", Some("E"), Some("01"), 41.0),
    admission("REFERRAL", Some("E"), Some("02"), 6.0),
    admission("REFERRAL", Some("Z"), Some("01"), 0.5),
    admission("REFERRAL", Some("E"), Some("07"), 1.0),
    admission("EMERGENCY", Some("N"), Some("01"), 44.5),
    admission("TRANSFER", Some("V"), Some("01"), 3.0),
    admission("TRANSFER", Some("A"), Some("01"), 1.5),
    admission("REHABILITATION", Some("R"), Some("01"), 0.6),
    admission("UNKNOWN", None, None, 1.4),
    admission("BIRTH", Some("G"), Some("06"), 0.0),
    admission("REFERRAL", Some("E"), Some("03"), 0.0),
    admission("REFERRAL", Some("E"), Some("10"), 0.0),
];

/// Places in [`ADMISSIONS`].
pub(super) const EMERGENCY: u8 = 4;
pub(super) const TRANSFERRED_IN: u8 = 6;
pub(super) const BIRTH: u8 = 9;
pub(super) const DAY_CARE: u8 = 10;
pub(super) const HOME_EQUIVALENT: u8 = 11;

/// How a stay ends: kind, Entlassungsgrund, share.
pub(super) const ENDINGS: [(&str, Option<&str>, f64); 20] = [
    ("OPEN", None, 0.0),
    ("DEATH", Some("079"), 0.0),
    ("TRANSFER", Some("069"), 4.0),
    ("REGULAR", Some("019"), 58.0),
    ("REGULAR", Some("012"), 12.0),
    ("REGULAR", Some("011"), 5.0),
    ("REGULAR", Some("029"), 1.5),
    ("AGAINST_ADVICE", Some("049"), 2.2),
    ("TRANSFER", Some("089"), 0.6),
    ("REHABILITATION", Some("099"), 4.0),
    ("NURSING", Some("109"), 4.5),
    ("HOSPICE", Some("119"), 0.3),
    ("INTERNAL_TRANSFER", Some("179"), 0.4),
    ("ADMINISTRATIVE", Some("059"), 0.1),
    ("ADMINISTRATIVE", Some("259"), 0.1),
    ("READMISSION", Some("219"), 0.2),
    ("ABSENCE", Some("239"), 0.1),
    ("REGULAR", Some("149"), 0.8),
    ("TRANSFER", Some("139"), 0.4),
    ("UNKNOWN", None, 1.3),
];

/// Places in [`ENDINGS`].
pub(super) const OPEN: u8 = 0;
pub(super) const DEATH: u8 = 1;
pub(super) const TRANSFERRED_OUT: u8 = 2;

/// Places of chapters in [`domain::icd10::CHAPTERS`].
pub(super) const MENTAL: u8 = 4;
pub(super) const RESPIRATORY: usize = 9;
pub(super) const PREGNANCY: usize = 14;
pub(super) const PERINATAL: u8 = 15;
pub(super) const FACTORS: u8 = 20;

/// What a chapter is like in a hospital.
#[derive(Debug)]
pub(super) struct Chapter {
    /// Share of main diagnoses.
    pub(super) main: f64,
    /// Share of secondary diagnoses.
    pub(super) secondary: f64,
    /// Length of stay; 1 is the average.
    pub(super) length: f64,
    /// Wards that care for it, places in [`super::names::WARDS`]; the first is the usual one.
    pub(super) wards: &'static [u8],
}

const fn chapter(main: f64, secondary: f64, length: f64, wards: &'static [u8]) -> Chapter {
    Chapter {
        main,
        secondary,
        length,
        wards,
    }
}

/// One for each chapter, in order.
pub(super) const CHAPTERS: [Chapter; 22] = [
    chapter(3.3, 3.0, 1.1, &[2, 3, 5]),
    chapter(10.0, 4.0, 1.1, &[8, 10, 17, 21]),
    chapter(0.8, 3.0, 0.9, &[8, 2]),
    chapter(2.7, 14.0, 1.0, &[3, 2, 7]),
    chapter(6.5, 5.0, 2.4, &[24, 15]),
    chapter(4.0, 4.0, 0.9, &[15, 14]),
    chapter(1.8, 0.8, 0.5, &[23]),
    chapter(0.8, 0.6, 0.6, &[22]),
    chapter(15.0, 24.0, 1.0, &[4, 16, 2, 13]),
    chapter(6.5, 5.0, 1.1, &[6, 2, 3]),
    chapter(10.5, 7.0, 0.8, &[5, 10]),
    chapter(1.6, 2.0, 1.0, &[2, 10]),
    chapter(8.5, 6.0, 1.0, &[12, 14, 11]),
    chapter(5.5, 8.0, 0.8, &[21, 7, 17]),
    chapter(14.0, 0.0, 0.6, &[18]),
    chapter(0.0, 0.0, 1.3, &[20]),
    chapter(0.6, 0.4, 0.8, &[19, 10]),
    chapter(5.0, 8.0, 0.6, &[3, 2, 15]),
    chapter(10.5, 4.0, 1.1, &[11, 10]),
    chapter(0.0, 0.7, 1.0, &[11]),
    chapter(2.5, 14.0, 0.6, &[2, 12]),
    chapter(0.3, 3.0, 1.1, &[6, 3]),
];
