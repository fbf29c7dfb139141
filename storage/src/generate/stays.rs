//! Plans persons and their stays in the clinics, sorted by admission.

use chrono::{Datelike, Days, NaiveDate};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use super::{
    calendar::{Calendar, Rhythm},
    hospital::{CaseKind, Hospital, Person, Sex, Stay},
    keys::{self, ADMISSIONS, CHAPTERS, ENDINGS},
    random::{Apportion, Stream, Weighted, normal, stream},
    volume::Volume,
};

const RHYTHM: Rhythm = Rhythm {
    growth: 1.25,
    weekend: [0.6, 0.55],
};

/// Parts of the clinics in all stays.
const CLINIC_SHARES: [f64; 3] = [0.5, 0.3, 0.2];

/// Ages in years and the shares of persons, newborns aside.
const AGES: [(u16, u16, f64); 6] = [
    (0, 2, 2.0),
    (2, 15, 5.0),
    (15, 40, 22.0),
    (40, 65, 31.0),
    (65, 80, 26.0),
    (80, 97, 14.0),
];

/// Plans exactly the persons and stays asked for.
pub(super) fn plan(volume: &Volume, seed: u64, calendar: &Calendar) -> Hospital {
    let extra = u64::from(volume.stays - volume.patients);
    let mut returns = stream(seed, Stream::Returns);
    let total = (0..volume.patients).fold(0.0, |sum, _| sum + return_weight(&mut returns));
    let mut returns = stream(seed, Stream::Returns);
    let mut shares = Apportion::new(extra, total);
    let mut planner = Planner::new(seed, calendar);
    for _ in 0..volume.patients {
        let share = shares.next(return_weight(&mut returns));
        planner.person(
            1 + share as usize,
            f64::from(volume.stays) / f64::from(volume.patients),
        );
    }
    planner
        .hospital
        .stays
        .sort_by_key(|stay| (stay.day, stay.minute));
    planner.hospital
}

/// How prone a person is to return: most never do, a few often.
fn return_weight(random: &mut impl Rng) -> f64 {
    (1.8 * normal(random)).exp().min(60.0)
}

struct Planner<'a> {
    calendar: &'a Calendar,
    random: ChaCha8Rng,
    days: Weighted,
    clinics: Weighted,
    ages: Weighted,
    admissions: Weighted,
    endings: Weighted,
    /// Chapters of main diagnoses by month; for women of childbearing age, and for others.
    chapters: [Vec<Weighted>; 2],
    hospital: Hospital,
}

/// What is known of a person while the stays are planned.
struct Draft {
    number: u32,
    sex: Sex,
    born: NaiveDate,
    is_newborn: bool,
}

impl<'a> Planner<'a> {
    fn new(seed: u64, calendar: &'a Calendar) -> Self {
        let chapters = |pregnancy: f64| {
            (1..=12)
                .map(|month| {
                    let weights = CHAPTERS.iter().enumerate();
                    Weighted::new(weights.map(|(place, chapter)| match place {
                        keys::PREGNANCY => chapter.main * pregnancy,
                        keys::RESPIRATORY => chapter.main * winter(month),
                        _ => chapter.main,
                    }))
                })
                .collect()
        };
        Planner {
            calendar,
            random: stream(seed, Stream::Stays),
            days: calendar.choice(RHYTHM),
            clinics: Weighted::new(CLINIC_SHARES),
            ages: Weighted::new(AGES.map(|(_, _, share)| share)),
            admissions: Weighted::new(ADMISSIONS.iter().map(|admission| admission.share)),
            endings: Weighted::new(ENDINGS.map(|(_, _, share)| share)),
            chapters: [chapters(0.0), chapters(2.2)],
            hospital: Hospital::default(),
        }
    }

    fn person(&mut self, count: usize, stays_per_person: f64) {
        let days = self.admission_days(count);
        let clinics = self.clinics_of(count);
        let draft = self.draft(days[0]);
        let is_dated = self.random.random_bool(0.997);
        let mut person = Person {
            sex: draft.sex,
            birth: is_dated.then(|| (draft.born.year() as i16, draft.born.month() as u8)),
            clinics: clinics.iter().fold(0, |known, clinic| known | 1 << clinic),
            died: None,
        };
        let mut before: Option<Stay> = None;
        for (place, (&day, &clinic)) in days.iter().zip(&clinics).enumerate() {
            let last_chapter = before.map(|before| before.chapter);
            let mut stay = self.stay(&draft, day, clinic, last_chapter);
            match days.get(place + 1) {
                Some(&next) => leave_before(&mut stay, next, clinics[place + 1]),
                None => self.may_die(&mut stay, &draft, stays_per_person),
            }
            if let Some(before) = before {
                follow(&mut stay, &before);
            }
            if stay.day + stay.nights >= self.calendar.days() {
                stay.ending = keys::OPEN;
            }
            if stay.ending == keys::DEATH {
                person.died = Some(stay.day + stay.nights);
            }
            before = Some(stay);
            self.hospital.stays.push(stay);
        }
        self.hospital.persons.push(person);
    }

    /// The clinic of each stay: mostly the same, for some people another one now and then.
    fn clinics_of(&mut self, count: usize) -> Vec<u8> {
        let home = self.clinics.pick(&mut self.random) as u8;
        let other = (home + self.random.random_range(1..3)) % 3;
        let changes = self.random.random_bool(0.14);
        (0..count)
            .map(|place| {
                if changes && place % 3 == 1 {
                    other
                } else {
                    home
                }
            })
            .collect()
    }

    /// Different days, in order. Most returns come soon after the stay before.
    fn admission_days(&mut self, count: usize) -> Vec<u16> {
        let mut days = vec![self.days.pick(&mut self.random) as u16];
        while days.len() < count {
            let day = match self.random.random_bool(0.6) {
                true => days[days.len() - 1] + self.random.random_range(3..45),
                false => self.days.pick(&mut self.random) as u16,
            };
            if day < self.calendar.days() && !days.contains(&day) {
                days.push(day);
            }
        }
        days.sort_unstable();
        days
    }

    fn draft(&mut self, first_day: u16) -> Draft {
        let random = &mut self.random;
        let is_newborn = random.random_bool(0.045);
        let (from, to, _) = AGES[self.ages.pick(random)];
        let age = random.random_range(u64::from(from) * 365 + 1..u64::from(to) * 365);
        let admitted = self.calendar.date(first_day);
        let sex = match random.random_range(0..1_000) {
            0..519 => Sex::Female,
            519..995 => Sex::Male,
            995..997 => Sex::Other,
            _ => Sex::Unknown,
        };
        Draft {
            number: self.hospital.persons.len() as u32,
            sex,
            born: if is_newborn {
                admitted
            } else {
                admitted - Days::new(age)
            },
            is_newborn,
        }
    }

    /// Chapter of the main diagnosis: often the same as in the stay `before`.
    fn chapter(&mut self, draft: &Draft, date: NaiveDate, before: Option<u8>) -> u8 {
        let random = &mut self.random;
        if draft.is_newborn && date == draft.born {
            let is_well = random.random_bool(0.72);
            return if is_well {
                keys::FACTORS
            } else {
                keys::PERINATAL
            };
        }
        let age = (date - draft.born).num_days() / 365;
        let may_be_pregnant = draft.sex == Sex::Female && (15..50).contains(&age);
        let lasts = |chapter: &u8| match usize::from(*chapter) {
            keys::PREGNANCY => may_be_pregnant,
            _ => *chapter != keys::PERINATAL,
        };
        match before.filter(lasts) {
            Some(before) if random.random_bool(0.6) => before,
            _ => {
                let months = &self.chapters[usize::from(may_be_pregnant)];
                months[date.month0() as usize].pick(random) as u8
            }
        }
    }

    fn stay(&mut self, draft: &Draft, day: u16, clinic: u8, before: Option<u8>) -> Stay {
        let date = self.calendar.date(day);
        let is_birth = draft.is_newborn && date == draft.born;
        let chapter = self.chapter(draft, date, before);
        let random = &mut self.random;
        let case_kind = match (is_birth, chapter) {
            (false, keys::MENTAL) if random.random_bool(0.08) => CaseKind::Home,
            (false, _) if random.random_bool(0.05) => CaseKind::Day,
            _ => CaseKind::Full,
        };
        let admission = match case_kind {
            _ if is_birth => keys::BIRTH,
            CaseKind::Day => keys::DAY_CARE,
            CaseKind::Home => keys::HOME_EQUIVALENT,
            CaseKind::Full => self.admissions.pick(random) as u8,
        };
        let nights = nights(case_kind, chapter, random);
        let minute = match admission {
            keys::EMERGENCY | keys::BIRTH => emergency_minute(random),
            _ => random.random_range(420..720),
        };
        let mut stay = Stay {
            person: draft.number,
            clinic,
            day,
            minute,
            nights,
            discharge_minute: random.random_range(540..960),
            case_kind,
            admission,
            ending: self.endings.pick(random) as u8,
            chapter,
        };
        leave_after_arrival(&mut stay);
        stay
    }

    fn may_die(&mut self, stay: &mut Stay, draft: &Draft, stays_per_person: f64) {
        let age = (self.calendar.date(stay.day) - draft.born).num_days() / 365;
        let risk = match age {
            ..40 => 0.1,
            40..65 => 0.65,
            65..80 => 1.55,
            _ => 3.2,
        };
        if stay.case_kind == CaseKind::Full
            && self
                .random
                .random_bool((0.022 * stays_per_person * risk).min(1.0))
        {
            stay.ending = keys::DEATH;
        }
    }
}

/// Respiratory diseases are three times as frequent in January as in July.
fn winter(month: u32) -> f64 {
    1.0 + 0.5 * (f64::from(month - 1) / 12.0 * std::f64::consts::TAU).cos()
}

/// Nights: mostly a few, sometimes many.
fn nights(case_kind: CaseKind, chapter: u8, random: &mut impl Rng) -> u16 {
    match case_kind {
        CaseKind::Day => 0,
        CaseKind::Home => random.random_range(14..45),
        CaseKind::Full if random.random_bool(0.05) => 0,
        CaseKind::Full => {
            let length =
                (1.5 + 0.95 * normal(random)).exp() * CHAPTERS[usize::from(chapter)].length;
            (length.round() as u16).clamp(1, 180)
        }
    }
}

/// Any time of the day except the hour that clock changes skip or repeat.
fn emergency_minute(random: &mut impl Rng) -> u16 {
    match random.random_range(0..1_920_u16) {
        minute @ 0..240 => (1_320 + minute) % 1_440,
        minute @ 240..480 => minute - 60,
        minute => 420 + (minute - 480) * 5 / 8,
    }
}

/// On the day of arrival, people leave one to six hours later.
fn leave_after_arrival(stay: &mut Stay) {
    if stay.nights == 0 {
        stay.minute = stay.minute.min(1_020);
        stay.discharge_minute = stay.minute + 60 + (stay.discharge_minute % 300);
    }
}

/// A stay ends before the next one begins; one just before a stay in another clinic ends with a transfer to it.
fn leave_before(stay: &mut Stay, next: u16, next_clinic: u8) {
    let gap = next - stay.day;
    stay.nights = stay.nights.min(gap);
    if next_clinic != stay.clinic && gap <= 14 && stay.case_kind == CaseKind::Full {
        stay.nights = gap;
        stay.ending = keys::TRANSFERRED_OUT;
    }
    leave_after_arrival(stay);
}

/// A stay that begins on the day the one before ended begins later on that day; in another clinic it is a transfer.
fn follow(stay: &mut Stay, before: &Stay) {
    if before.day + before.nights == stay.day {
        stay.minute = stay.minute.max(before.discharge_minute + 45);
        leave_after_arrival(stay);
        if before.clinic != stay.clinic && stay.case_kind == CaseKind::Full {
            stay.admission = keys::TRANSFERRED_IN;
        }
    }
}
