//! The properties that a stay has just one of each, as bits: how the patient came and went, the kind of case, the sex.

use super::StayRow;
use crate::stay::Sex;

/// Admission types as stored. Their places are the bits of a stay's properties.
pub const ADMISSION_TYPES: [&str; 6] = [
    "REFERRAL",
    "EMERGENCY",
    "TRANSFER",
    "REHABILITATION",
    "BIRTH",
    "UNKNOWN",
];
/// Discharge types as stored.
pub const DISCHARGE_TYPES: [&str; 13] = [
    "REGULAR",
    "AGAINST_ADVICE",
    "TRANSFER",
    "DEATH",
    "REHABILITATION",
    "NURSING",
    "HOSPICE",
    "INTERNAL_TRANSFER",
    "ADMINISTRATIVE",
    "READMISSION",
    "ABSENCE",
    "OPEN",
    "UNKNOWN",
];
/// Case kinds as stored.
pub const CASE_KINDS: [&str; 3] = ["FULL", "DAY", "HOME"];
/// Sexes in the order of their stored names in [`SEX_NAMES`].
pub const SEXES: [Sex; 4] = [Sex::Female, Sex::Male, Sex::Other, Sex::Unknown];
/// Sexes as stored.
pub const SEX_NAMES: [&str; 4] = ["FEMALE", "MALE", "OTHER", "UNKNOWN"];

/// A stored name that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {column} \"{name}\"")]
pub struct UnknownName {
    /// The column.
    pub column: &'static str,
    /// The name.
    pub name: String,
}

/// Bits of the properties that a stay has just one of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Properties(pub u32);

impl Properties {
    pub(super) const DISCHARGE: usize = ADMISSION_TYPES.len();
    pub(super) const KIND: usize = Self::DISCHARGE + DISCHARGE_TYPES.len();
    pub(super) const SEX: usize = Self::KIND + CASE_KINDS.len();

    fn bit(
        names: &[&str],
        first: usize,
        column: &'static str,
        name: &str,
    ) -> Result<u32, UnknownName> {
        let place = names.iter().position(|known| *known == name);
        place
            .map(|place| 1 << (first + place))
            .ok_or_else(|| UnknownName {
                column,
                name: name.to_owned(),
            })
    }

    pub(super) fn of(row: &StayRow<'_>) -> Result<Self, UnknownName> {
        Ok(Properties(
            Self::bit(&ADMISSION_TYPES, 0, "admission_type", row.admission_type)?
                | Self::bit(
                    &DISCHARGE_TYPES,
                    Self::DISCHARGE,
                    "discharge_type",
                    row.discharge_type,
                )?
                | Self::bit(&CASE_KINDS, Self::KIND, "case_kind", row.case_kind)?
                | Self::bit(&SEX_NAMES, Self::SEX, "sex", row.sex)?,
        ))
    }

    /// The bits of some admission types. Meant for constants: a name that is none does not compile there.
    #[must_use]
    pub(super) const fn of_admissions(names: &[&str]) -> Self {
        Self::of_names(&ADMISSION_TYPES, 0, names)
    }

    /// The bits of some discharge types, likewise.
    #[must_use]
    pub(super) const fn of_discharges(names: &[&str]) -> Self {
        Self::of_names(&DISCHARGE_TYPES, Self::DISCHARGE, names)
    }

    /// The bits of some case kinds, likewise.
    #[must_use]
    pub(super) const fn of_kinds(names: &[&str]) -> Self {
        Self::of_names(&CASE_KINDS, Self::KIND, names)
    }

    /// The bits of some sexes, likewise.
    #[must_use]
    pub(super) const fn of_sexes(names: &[&str]) -> Self {
        Self::of_names(&SEX_NAMES, Self::SEX, names)
    }

    const fn of_names(all: &[&str], first: usize, names: &[&str]) -> Self {
        let mut bits = 0;
        let mut place = 0;
        while place < names.len() {
            bits |= 1 << (first + place_of(all, names[place]));
            place += 1;
        }
        Properties(bits)
    }

    /// Whether a stay has one of these.
    #[inline]
    #[must_use]
    pub fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Place in [`ADMISSION_TYPES`].
    #[must_use]
    pub fn admission_type(self) -> usize {
        self.place(0, ADMISSION_TYPES.len())
    }

    /// Place in [`DISCHARGE_TYPES`].
    #[must_use]
    pub fn discharge_type(self) -> usize {
        self.place(Self::DISCHARGE, DISCHARGE_TYPES.len())
    }

    /// Place in [`CASE_KINDS`].
    #[must_use]
    pub fn case_kind(self) -> usize {
        self.place(Self::KIND, CASE_KINDS.len())
    }

    /// Place in [`SEXES`].
    #[must_use]
    pub fn sex(self) -> usize {
        self.place(Self::SEX, SEXES.len())
    }

    fn place(self, first: usize, count: usize) -> usize {
        ((self.0 >> first) & ((1 << count) - 1)).trailing_zeros() as usize
    }
}

/// The place of a name, at compile time.
const fn place_of(names: &[&str], name: &str) -> usize {
    let mut place = 0;
    while !is_same(names[place].as_bytes(), name.as_bytes()) {
        place += 1;
    }
    place
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut place = 0;
    while place < one.len() && place < other.len() && one[place] == other[place] {
        place += 1;
    }
    place == one.len() && place == other.len()
}
