//! One pass over columns against counting with sets, on random stays.

mod flow;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use proptest::prelude::*;

use super::{
    ADMISSION_TYPES, CASE_KINDS, Columns, DISCHARGE_TYPES, Figures, SEX_NAMES, SEXES, Selection,
    StayRow,
    codes::Kind,
    diagnoses::DiagnosisCount,
    kpis::{AGE_GROUPS, KpiCount, Measure},
    pass::{self, Count},
};
use crate::{
    icd10::{Level, Node},
    stay::{AgeGroup, DateBasis, DiagnosisRole, Period, StayFilter},
};

const CODES: [&str; 8] = [
    "A00", "A00.1", "A00.12", "A91", "E91.0", "I10", "I10.00", "I50.0",
];

#[derive(Debug, Clone)]
struct Stay {
    person: i64,
    clinic: i64,
    from: u64,
    nights: Option<u64>,
    types: (usize, usize, usize, usize),
    age: Option<i16>,
    codes: BTreeMap<usize, bool>,
    stations: Vec<i64>,
}

fn day(number: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 1, 1).expect("a day") + Days::new(number)
}

impl Stay {
    fn admission(&self) -> NaiveDate {
        day(self.from)
    }

    fn discharge(&self) -> Option<NaiveDate> {
        self.nights.map(|nights| day(self.from + nights))
    }

    fn codes(&self, role: DiagnosisRole) -> BTreeSet<String> {
        let counts = |is_main: bool| is_main || role == DiagnosisRole::Any;
        let codes = self.codes.iter().filter(|(_, is_main)| counts(**is_main));
        codes.map(|(code, _)| CODES[*code].to_owned()).collect()
    }
}

fn stay() -> impl Strategy<Value = Stay> {
    let types = (0..6_usize, 0..13_usize, 0..3_usize, 0..4_usize);
    let codes = prop::collection::btree_map(0..CODES.len(), any::<bool>(), 0..4);
    // Now and then one of years.
    let nights = prop_oneof![20 => 0_u64..20, 1 => 500_u64..530];
    let nights = prop::option::weighted(0.8, nights);
    (
        (1_i64..12, 1_i64..4, 0_u64..90, nights),
        types,
        prop::option::of(0_i16..100),
        codes,
        prop::collection::vec(1_i64..6, 0..5),
    )
        .prop_map(
            |((person, clinic, from, nights), types, age, codes, stations)| Stay {
                person,
                clinic,
                from,
                nights,
                types: match nights {
                    Some(_) => types,
                    None => (types.0, 11, types.2, types.3),
                },
                age,
                codes,
                stations,
            },
        )
}

fn filter() -> impl Strategy<Value = StayFilter> {
    let maybe = |chance: bool| if chance { 1 } else { 0 };
    (
        (0_u64..90, 0_u64..60, any::<bool>(), any::<bool>()),
        prop::collection::vec(1_i64..4, 1..3),
        prop::collection::vec(0..6_usize, 0..3),
        prop::option::of(0..4_usize),
        prop::option::of(0_i16..90),
        prop::collection::vec(1_i64..6, 0..2),
        prop::option::of(prop::sample::select(vec![
            "I", "IX", "I10-I15", "A00", "A00.1",
        ])),
    )
        .prop_map(
            move |((from, days, by_discharge, main), clinics, types, sex, age, stations, node)| {
                StayFilter {
                    period: Period {
                        from: day(from),
                        to: day(from + days),
                    },
                    basis: [DateBasis::Admission, DateBasis::Discharge][maybe(by_discharge)],
                    clinics,
                    sexes: sex.map(|sex| SEXES[sex]).into_iter().collect(),
                    age_groups: age
                        .map(|from| match from {
                            90.. => AgeGroup::Unknown,
                            from => AgeGroup::Years {
                                from,
                                to: from + 20,
                            },
                        })
                        .into_iter()
                        .collect(),
                    admission_types: types
                        .into_iter()
                        .map(|place| ADMISSION_TYPES[place])
                        .collect(),
                    discharge_types: Vec::new(),
                    stations,
                    diagnosis: node.map(|node| Node::parse(node).expect("a node")),
                    role: [DiagnosisRole::Any, DiagnosisRole::Main][maybe(main)],
                    case_kind: None,
                }
            },
        )
}

fn has_properties(filter: &StayFilter, stay: &Stay) -> bool {
    let codes = stay.codes(filter.role);
    filter.clinics.contains(&stay.clinic)
        && (filter.sexes.is_empty() || filter.sexes.contains(&SEXES[stay.types.3]))
        && (filter.admission_types.is_empty()
            || filter
                .admission_types
                .contains(&ADMISSION_TYPES[stay.types.0]))
        && filter.age_groups.iter().all(|group| match *group {
            AgeGroup::Years { from, to } => stay.age.is_some_and(|age| from <= age && age <= to),
            AgeGroup::Unknown => stay.age.is_none(),
        })
        && (filter.stations.is_empty()
            || stay
                .stations
                .iter()
                .any(|station| filter.stations.contains(station)))
        && filter.diagnosis.as_ref().is_none_or(|node| {
            let (first, last) = node.bounds();
            codes.iter().any(|code| first <= *code && *code <= last)
        })
}

fn is_selected(filter: &StayFilter, stay: &Stay) -> bool {
    let day = match filter.basis {
        DateBasis::Admission => Some(stay.admission()),
        DateBasis::Discharge => stay.discharge(),
    };
    day.is_some_and(|day| filter.period.from <= day && day <= filter.period.to)
        && has_properties(filter, stay)
}

fn push(columns: &mut Columns, stay: &Stay) {
    let codes: Vec<String> = stay.codes(DiagnosisRole::Any).into_iter().collect();
    let main: Vec<String> = stay.codes(DiagnosisRole::Main).into_iter().collect();
    let row = StayRow {
        clinic: stay.clinic,
        person: stay.person,
        admission: stay.admission(),
        discharge: stay.discharge(),
        admission_type: ADMISSION_TYPES[stay.types.0],
        discharge_type: DISCHARGE_TYPES[stay.types.1],
        case_kind: CASE_KINDS[stay.types.2],
        sex: SEX_NAMES[stay.types.3],
        age: stay.age,
        codes: &codes,
        main_codes: &main,
        stations: &stay.stations,
    };
    columns.push(&row).expect("known names");
}

/// What a pass over runs of persons counts, each on a thread of its own.
fn counted<C: Count>(mut count: C, columns: &Columns, filter: &StayFilter, parts: usize) -> C {
    let selection = Selection::new(filter, columns);
    pass::run_parts(&mut count, columns, &selection, &columns.parts(parts));
    count
}

fn sorted(mut stays: Vec<Stay>) -> Vec<Stay> {
    stays.sort_by_key(|stay| (stay.person, stay.from));
    stays
}

fn figures<'a>(stays: impl Iterator<Item = &'a Stay>) -> Figures {
    let stays: Vec<&Stay> = stays.collect();
    let people: HashSet<i64> = stays.iter().map(|stay| stay.person).collect();
    Figures {
        patients: people.len() as u32,
        stays: stays.len() as u32,
        finished: stays.iter().filter(|stay| stay.nights.is_some()).count() as u32,
        bed_days: stays
            .iter()
            .filter_map(|stay| stay.nights)
            .map(|nights| nights.max(1))
            .sum(),
    }
}

proptest! {
    #[test]
    fn nodes_are_counted_as_sets_count_them(stays in prop::collection::vec(stay(), 0..60), filter in filter(), part in 1_usize..20) {
        let stays = sorted(stays);
        let mut columns = Columns::new(HashSet::new());
        let mut count = DiagnosisCount::new(Level::Five);
        // In parts that end between two persons.
        for (place, stay) in stays.iter().enumerate() {
            if columns.len() >= part && stays[place - 1].person != stay.person {
                count.add(&columns, &Selection::new(&filter, &columns), 0..columns.len());
                columns.next_part();
            }
            push(&mut columns, stay);
        }
        count.add(&columns, &Selection::new(&filter, &columns), 0..columns.len());
        let selected = || stays.iter().filter(|stay| is_selected(&filter, stay));
        prop_assert_eq!(count.total(), figures(selected()));
        prop_assert_eq!(count.uncoded(), figures(selected().filter(|stay| stay.codes(filter.role).is_empty())));
        for (node, counted) in count.nodes() {
            let entry = &columns.codes.entries()[node as usize];
            let is_in = |code: &str| match (entry.kind, entry.level) {
                (Kind::Node, _) => {
                    let (first, last) = Node { level: entry.level, code: entry.code.clone() }.bounds();
                    first.as_str() <= code && code <= last.as_str()
                }
                (Kind::NotFurtherSpecified, Level::Block) => code.starts_with("A91"),
                (Kind::NotFurtherSpecified, _) => code == entry.code,
                _ => code.starts_with("E91"),
            };
            let expected = figures(selected().filter(|stay| stay.codes(filter.role).iter().any(|code| is_in(code))));
            prop_assert_eq!(counted, expected, "{:?}", entry);
        }
    }

    #[test]
    fn children_cover_their_parent(stays in prop::collection::vec(stay(), 0..60), filter in filter(), parts in 1_usize..5) {
        let mut columns = Columns::new(HashSet::new());
        sorted(stays).iter().for_each(|stay| push(&mut columns, stay));
        let count = counted(DiagnosisCount::new(Level::Five), &columns, &filter, parts);
        let found: BTreeMap<_, _> = count.nodes().collect();
        let entries = columns.codes.entries();
        for (node, counted) in &found {
            let children: Vec<_> = found.iter().filter(|(child, _)| entries[**child as usize].parent == Some(*node)).collect();
            if entries[*node as usize].level != Level::Five {
                prop_assert!(children.iter().map(|(_, child)| child.stays).sum::<u32>() >= counted.stays);
                prop_assert!(children.iter().all(|(_, child)| child.patients <= counted.patients));
            }
        }
    }

    #[test]
    fn kpis_are_counted_as_their_definitions_say(stays in prop::collection::vec(stay(), 0..60), filter in filter(), parts in 1_usize..5) {
        let stays = sorted(stays);
        let mut columns = Columns::new(HashSet::from([3]));
        stays.iter().for_each(|stay| push(&mut columns, stay));
        let period = filter.period;
        let other = Period { from: day(0), to: day(45) };
        let count = counted(KpiCount::new(&[other, period]), &columns, &filter, parts);
        let count = count.into_periods().remove(1);
        let of = |is_in: &dyn Fn(&Stay) -> bool| {
            let found = figures(stays.iter().filter(|stay| has_properties(&filter, stay) && is_in(stay)));
            (u64::from(found.stays), found.patients)
        };
        let within = |day: NaiveDate| period.from <= day && day <= period.to;
        let ends = |stay: &Stay| stay.discharge().is_some_and(within);
        let got = |measure| { let amount = count.group.get(measure); (amount.amount, amount.patients) };
        prop_assert_eq!(got(Measure::Stays), of(&|stay| is_selected(&filter, stay)));
        prop_assert_eq!(got(Measure::Admissions), of(&|stay| within(stay.admission())));
        prop_assert_eq!(got(Measure::Emergencies), of(&|stay| within(stay.admission()) && stay.types.0 == 1));
        prop_assert_eq!(got(Measure::Discharges), of(&ends));
        prop_assert_eq!(got(Measure::Deaths), of(&|stay| ends(stay) && stay.types.1 == 3));
        prop_assert_eq!(got(Measure::HourCases), of(&|stay| ends(stay) && stay.nights == Some(0)));
        prop_assert_eq!(got(Measure::IntensiveStays), of(&|stay| is_selected(&filter, stay) && stay.stations.contains(&3)));
        prop_assert_eq!(got(Measure::CensusAfter), of(&|stay| stay.admission() <= period.to && stay.discharge().is_none_or(|day| day > period.to)));
        let amount = |measure| count.group.get(measure).amount;
        prop_assert_eq!(amount(Measure::CensusBefore) + amount(Measure::Admissions), amount(Measure::Discharges) + amount(Measure::CensusAfter));
        let last = stays.iter().map(Stay::admission).max().unwrap_or(day(0));
        let occupied = |stay: &Stay| (0..160).map(day).filter(|day| within(*day) && *day >= stay.admission()
            && (*day == stay.admission() || stay.discharge().map_or(*day <= last, |end| *day < end))).count();
        let days: usize = stays.iter().filter(|stay| has_properties(&filter, stay)).map(occupied).sum();
        prop_assert_eq!(amount(Measure::BedDays), days as u64);
        for (place, first) in AGE_GROUPS.into_iter().enumerate() {
            let is_in = |age: i16| first <= age && AGE_GROUPS.get(place + 1).is_none_or(|next| age < *next);
            let expected = of(&|stay| is_selected(&filter, stay) && stay.age.is_some_and(is_in));
            let found = count.group.age_groups[place];
            prop_assert_eq!((found.amount, found.patients), expected, "age {}", first);
        }
        let mut lengths: Vec<u64> = stays.iter().filter(|stay| has_properties(&filter, stay) && ends(stay))
            .filter_map(|stay| stay.nights).map(|nights| nights.max(1)).collect();
        lengths.sort_unstable();
        for percent in [50, 90, 100] {
            let rank = (lengths.len() * percent).div_ceil(100).max(1);
            prop_assert_eq!(count.group.length_percentile(percent as u32).map(u64::from), lengths.get(rank - 1).copied());
        }
        for measure in super::kpis::MEASURES {
            if measure != Measure::Readmissions {
                let sum: u64 = count.clinics.iter().map(|kpis| kpis.get(measure).amount).sum();
                prop_assert_eq!(sum, amount(measure), "{:?}", measure);
            }
        }
    }
}
