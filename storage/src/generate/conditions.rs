//! Diagnoses of the stays.

use chrono::{Datelike, Days};
use diesel::QueryResult;
use domain::icd10::chapter_of;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    clinics::pseudonym,
    codes::Pool,
    copy::{Loader, Rows},
    hospital::Stay,
    keys::{self, CHAPTERS},
    random::{Apportion, Stream, Weighted, stream},
};
use crate::{Result, schema::conditions};

/// Writes exactly the diagnoses asked for. A few stays have none.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use conditions as t;
    let columns = (
        t::condition_id,
        t::clinic_id,
        t::encounter_id,
        t::patient_pseudo_id,
        t::fhir_id,
        t::icd10_code,
        t::excluded_icd10_code,
        t::icd10_chapter,
        t::marker,
        t::certainty,
        t::is_main,
        t::roles,
        t::code_version,
        t::recorded_on,
        t::fhir_version,
    );
    let counts = Counts::new(plan);
    let pool = Pool::new(plan.seed);
    loader.copy_large("diagnoses", t::table, columns, |rows| {
        let mut writer = Writer {
            plan,
            pool: &pool,
            secondary: Weighted::new(CHAPTERS.iter().map(|chapter| chapter.secondary)),
            random: stream(plan.seed, Stream::Conditions),
            id: 0,
        };
        let mut counts = counts.start();
        for (stay, encounter) in plan.hospital.stays.iter().zip(1..) {
            let count = counts.next(stay);
            writer.stay(rows, stay, encounter, count)?;
        }
        Ok(())
    })
}

/// How many diagnoses the stays have: one each, except for some, and the rest dealt out by weight.
struct Counts {
    seed: u64,
    further: u64,
    total_weight: f64,
}

impl Counts {
    fn new(plan: &Plan) -> Self {
        let mut random = stream(plan.seed, Stream::DiagnosisCounts);
        let weights = plan
            .hospital
            .stays
            .iter()
            .map(|stay| Counts::weight(stay, &mut random));
        let (coded, total_weight) = weights
            .flatten()
            .fold((0, 0.0), |(coded, sum), weight| (coded + 1, sum + weight));
        let further = u64::from(plan.volume.conditions).saturating_sub(coded);
        Counts {
            seed: plan.seed,
            further,
            total_weight,
        }
    }

    /// `None` for a stay without any diagnosis.
    fn weight(stay: &Stay, random: &mut impl Rng) -> Option<f64> {
        let spread: f64 = random.random();
        let is_coded = random.random_bool(0.985);
        is_coded.then(|| (1.0 - spread).ln().abs() * f64::from(stay.nights.min(20) + 3))
    }

    fn start(&self) -> Dealing {
        Dealing {
            random: stream(self.seed, Stream::DiagnosisCounts),
            shares: Apportion::new(self.further, self.total_weight),
        }
    }
}

struct Dealing {
    random: ChaCha8Rng,
    shares: Apportion,
}

impl Dealing {
    fn next(&mut self, stay: &Stay) -> u64 {
        Counts::weight(stay, &mut self.random).map_or(0, |weight| 1 + self.shares.next(weight))
    }
}

struct Writer<'a> {
    plan: &'a Plan,
    pool: &'a Pool,
    secondary: Weighted,
    random: ChaCha8Rng,
    id: u32,
}

impl<'a> Writer<'a> {
    fn stay(
        &mut self,
        rows: &mut Rows<'_>,
        stay: &Stay,
        encounter: u32,
        count: u64,
    ) -> QueryResult<()> {
        let has_main = self.random.random_bool(0.985);
        let mut before = None;
        for number in 0..count {
            let code = self.code(stay, number, before);
            self.row(rows, (stay, encounter), code, has_main && number == 0)?;
            before = code;
        }
        Ok(())
    }

    /// The first diagnosis is of the chapter that the stay was planned with. At times one is written twice, and at
    /// times there is no ICD-10 code.
    fn code(&mut self, stay: &Stay, number: u64, before: Option<&'a str>) -> Option<&'a str> {
        let sex = self.plan.hospital.persons[stay.person as usize].sex;
        let random = &mut self.random;
        if before.is_some() && random.random_bool(0.02) {
            return before;
        }
        if random.random_bool(0.005) {
            return None;
        }
        let pool = self.pool;
        match number {
            0 if stay.is_birth() && stay.chapter == keys::FACTORS => Some("Z38.0"),
            0 => Some(pool.pick(usize::from(stay.chapter), sex, random)),
            _ if stay.is_birth() => Some(pool.pick(usize::from(keys::PERINATAL), sex, random)),
            _ if usize::from(stay.chapter) == keys::PREGNANCY && random.random_bool(0.6) => {
                Some(pool.pick(keys::PREGNANCY, sex, random))
            }
            _ => Some(pool.pick(self.secondary.pick(random), sex, random)),
        }
    }

    fn row(
        &mut self,
        rows: &mut Rows<'_>,
        (stay, encounter): (&Stay, u32),
        code: Option<&str>,
        is_main: bool,
    ) -> QueryResult<()> {
        self.id += 1;
        let (id, random) = (self.id, &mut self.random);
        let recorded = self.plan.calendar.date(stay.day)
            + Days::new(random.random_range(0..=u64::from(stay.nights)));
        rows.field(id)
            .field(self.plan.clinic(stay.clinic))
            .field(encounter)
            .field(pseudonym(stay.person));
        let (marker, certainty) = (marker(is_main, random), certainty(is_main, random));
        let (code, excluded) = match certainty {
            Some("EXCLUDED") => (None, code),
            _ => (code, None),
        };
        rows.field(format_args!("condition-{id:08}"))
            .optional(code)
            .optional(excluded);
        rows.optional(code.and_then(chapter_of).map(|chapter| chapter.number));
        rows.optional(marker).optional(certainty).field(is_main);
        rows.field(if is_main {
            "{DD,principle-DRG}"
        } else {
            "{secondary-DRG}"
        });
        rows.field(self.plan.calendar.date(stay.day).year());
        rows.field(recorded.min(self.plan.calendar.end().date()))
            .field(1)
            .end()
    }
}

/// Manifestations and extra information are never the main diagnosis.
fn marker(is_main: bool, random: &mut impl Rng) -> Option<&'static str> {
    match random.random_range(0..1_000) {
        0..6 => Some("DAGGER"),
        6..16 if !is_main => Some("ASTERISK"),
        16..36 if !is_main => Some("EXCLAMATION"),
        _ => None,
    }
}

/// Mostly not stated, as is the rule for inpatients.
fn certainty(is_main: bool, random: &mut impl Rng) -> Option<&'static str> {
    match random.random_range(0..1_000) {
        0..300 => Some("CONFIRMED"),
        300..315 if !is_main => Some("EXCLUDED"),
        315..340 if !is_main => Some("SUSPECTED"),
        340..350 if !is_main => Some("STATUS_POST"),
        _ => None,
    }
}
