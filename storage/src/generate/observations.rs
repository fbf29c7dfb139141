//! Vital signs and laboratory results of the stays.

use diesel::QueryResult;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    Plan,
    calendar::instant,
    clinics::pseudonym,
    copy::{Loader, Rows},
    hospital::Stay,
    random::{Apportion, Stream, Weighted, normal, one_of, stream},
};
use crate::{Result, partitions::create_month_partitions, schema::observations};

/// A kind of measurement with plausible values.
struct Measurement {
    loinc: &'static str,
    unit: &'static str,
    mean: f64,
    deviation: f64,
    decimals: usize,
    share: f64,
}

const fn measurement(
    loinc: &'static str,
    unit: &'static str,
    (mean, deviation, decimals): (f64, f64, usize),
    share: f64,
) -> Measurement {
    Measurement {
        loinc,
        unit,
        mean,
        deviation,
        decimals,
        share,
    }
}

const MEASUREMENTS: [Measurement; 18] = [
    measurement("8867-4", "/min", (80.0, 14.0, 0), 14.0),
    measurement("8480-6", "mm[Hg]", (131.0, 18.0, 0), 12.0),
    measurement("8462-4", "mm[Hg]", (77.0, 11.0, 0), 12.0),
    measurement("8310-5", "Cel", (36.9, 0.5, 1), 12.0),
    measurement("9279-1", "/min", (16.0, 3.0, 0), 6.0),
    measurement("2708-6", "%", (96.0, 1.6, 0), 9.0),
    measurement("29463-7", "kg", (77.0, 15.0, 1), 2.0),
    measurement("718-7", "g/dL", (12.6, 1.8, 1), 5.0),
    measurement("6690-2", "10*3/uL", (8.4, 2.4, 1), 5.0),
    measurement("777-3", "10*3/uL", (245.0, 60.0, 0), 5.0),
    measurement("2160-0", "mg/dL", (1.1, 0.3, 2), 5.0),
    measurement("2951-2", "mmol/L", (139.0, 3.2, 0), 5.0),
    measurement("2823-3", "mmol/L", (4.1, 0.4, 1), 5.0),
    measurement("1988-5", "mg/L", (38.0, 12.0, 1), 5.0),
    measurement("2345-7", "mg/dL", (121.0, 28.0, 0), 5.0),
    measurement("1742-6", "U/L", (34.0, 11.0, 0), 2.0),
    measurement("6301-6", "{INR}", (1.2, 0.15, 2), 2.0),
    measurement("14979-9", "s", (31.0, 4.0, 0), 1.0),
];

/// Results in words: code, values.
const FINDINGS: [(&str, &[&str]); 2] = [
    ("94500-6", &["negative", "negative", "negative", "positive"]),
    ("883-9", &["A", "0", "B", "AB"]),
];

/// Creates the month partitions and writes exactly the observations asked for.
pub(super) fn load(loader: &mut Loader<'_>, plan: &Plan) -> Result<()> {
    use observations as t;
    create_month_partitions(loader.conn, plan.calendar.first, plan.calendar.today)?;
    let columns = (
        t::clinic_id,
        t::fhir_id,
        t::observed_on,
        t::observed_at,
        t::patient_pseudo_id,
        t::encounter_id,
        t::code_system,
        t::code,
        t::value_number,
        t::value_text,
        t::unit,
        t::status,
        t::fhir_version,
    );
    let mut random = stream(plan.seed, Stream::ObservationCounts);
    let total = plan
        .hospital
        .stays
        .iter()
        .fold(0.0, |sum, stay| sum + weight(stay, &mut random));
    // A partitioned table takes no frozen rows.
    loader.copy("observations", t::table, columns, |rows| {
        let mut counts = stream(plan.seed, Stream::ObservationCounts);
        let mut shares = Apportion::new(plan.volume.observations, total);
        let mut writer = Writer {
            plan,
            choice: Weighted::new(MEASUREMENTS.iter().map(|measurement| measurement.share)),
            random: stream(plan.seed, Stream::Observations),
            id: 0,
        };
        for (stay, encounter) in plan.hospital.stays.iter().zip(1..) {
            for _ in 0..shares.next(weight(stay, &mut counts)) {
                writer.observation(rows, stay, encounter)?;
            }
        }
        Ok(())
    })
}

/// The longer and the graver a stay, the more is measured.
fn weight(stay: &Stay, random: &mut impl Rng) -> f64 {
    let gravity: f64 = random.random();
    f64::from(stay.nights.min(30) + 1) * (0.2 + gravity * gravity)
}

struct Writer<'a> {
    plan: &'a Plan,
    choice: Weighted,
    random: ChaCha8Rng,
    id: u32,
}

impl Writer<'_> {
    fn observation(&mut self, rows: &mut Rows<'_>, stay: &Stay, encounter: u32) -> QueryResult<()> {
        self.id += 1;
        let (id, random) = (self.id, &mut self.random);
        let calendar = &self.plan.calendar;
        let last = calendar.days() - 1;
        let day = (stay.day + random.random_range(0..=stay.nights)).min(last);
        let time = instant(calendar.at(day, random.random_range(300..1_320)));
        let time = time.clamp(stay.admitted(calendar), stay.left(calendar));
        let kind = random.random_range(0..1_000);
        rows.field(self.plan.clinic(stay.clinic))
            .field(format_args!("observation-{id:08}"));
        match kind {
            0..2 => rows.field("-infinity").null(),
            2..10 => rows.field(calendar.date(day)).null(),
            _ => rows.field(calendar.date(day)).instant(time),
        };
        rows.field(pseudonym(stay.person))
            .optional((kind < 990).then_some(encounter))
            .field("http://loinc.org");
        self.value(rows);
        rows.field(if kind % 100 == 50 { "amended" } else { "final" })
            .field(1)
            .end()
    }

    /// Code, number, text and unit.
    fn value(&mut self, rows: &mut Rows<'_>) {
        let random = &mut self.random;
        if random.random_bool(0.01) {
            let (loinc, values) = one_of(&FINDINGS, random);
            rows.field(loinc)
                .null()
                .field(one_of(values, random))
                .null();
            return;
        }
        let measurement = &MEASUREMENTS[self.choice.pick(random)];
        let value = measurement.mean + measurement.deviation * normal(random).clamp(-3.0, 3.0);
        let decimals = measurement.decimals;
        rows.field(measurement.loinc)
            .field(format_args!("{value:.decimals$}"))
            .null()
            .field(measurement.unit);
    }
}
