//! Scores that DHIS2 and WHO's own program give, and the edges of the tables.

use super::{Standard::*, *};

#[test]
fn scores_are_those_of_who_and_dhis2() {
    for (standard, at, measure, sex, expected) in [
        (WeightForAge, 30.0, 9.4, "m", -2.97),
        (WeightForAge, 20.0, 12.7, "male", 1.01),
        (WeightForAge, 10.0, 6.7, "f", -1.97),
        (WeightForAge, 30.0, 19.0, "female", 3.01),
        (WeightForAge, 28.0, 12.9, "m", -0.02),
        (WeightForAge, 0.0, 3.3, "0", -0.1),
        (WeightForAge, 60.0, 18.2, "1", -0.01),
        (WeightForAge, 12.0, 5.0, "Male", -5.37),
        (WeightForAge, 12.0, 16.0, "F", 4.79),
        (HeightForAge, 30.0, 88.5, "m", -1.01),
        (HeightForAge, 10.0, 66.5, "f", -2.02),
        (HeightForAge, 30.0, 80.1, "f", -3.0),
        // Lying before two years, standing from then on.
        (HeightForAge, 23.0, 86.0, "f", 0.15),
        (HeightForAge, 24.0, 86.0, "f", 0.09),
        (HeightForAge, 23.0, 86.0, "m", -0.31),
        (HeightForAge, 24.0, 86.0, "m", -0.37),
        (HeightForAge, 60.0, 109.4, "f", 0.0),
        (HeightForAge, 12.0, 65.0, "m", -4.52),
        (HeightForAge, 12.0, 85.0, "f", 4.27),
        (WeightForHeight, 50.0, 2.8, "m", -2.0),
        (WeightForHeight, 60.0, 4.5, "f", -3.07),
        (WeightForHeight, 86.9, 12.0, "m", 0.03),
        (WeightForHeight, 87.0, 12.0, "m", -0.17),
        (WeightForHeight, 86.95, 12.0, "m", 0.02),
        (WeightForHeight, 86.9, 11.8, "f", 0.1),
        (WeightForHeight, 86.95, 11.8, "f", 0.09),
        (WeightForHeight, 87.25, 11.7, "f", -0.25),
        (WeightForHeight, 112.37, 15.3, "f", -2.7),
        (WeightForHeight, 119.99, 22.4, "m", 0.02),
        (WeightForHeight, 45.0, 2.4, "m", -0.19),
        (WeightForHeight, 120.0, 17.3, "f", -2.97),
        (WeightForHeight, 100.0, 25.0, "m", 6.03),
        (WeightForHeight, 45.0, 1.5, "f", -5.44),
        (WeightForHeight, 104.2, 22.1, "f", 2.99),
        // WHO Anthro, standing and lying.
        (WeightForHeight, 94.5, 11.0, "m", -3.06),
        (WeightForHeight, 94.0, 11.0, "f", -2.5),
        (WeightForHeight, 59.7, 4.5, "m", -3.39),
        (WeightForHeight, 66.7, 6.0, "f", -2.5),
    ] {
        let found = standard.z_score(at, measure, sex);
        assert_eq!(found, Ok(expected), "{standard:?} {at} {measure} {sex}");
    }
}

#[test]
fn the_tables_are_whole_and_end_where_the_standards_do() {
    for (name, rows) in [("WFA", 61), ("HFA", 61), ("WFH", 751)] {
        for sex in ["F", "M"] {
            assert_eq!(TABLES[&(name, sex)].rows.len(), rows, "{name} {sex}");
        }
    }
    for (standard, at, measure) in [
        (WeightForAge, -1.0, 8.0),
        (WeightForAge, 6.5, 8.0),
        (WeightForAge, 61.0, 8.0),
        (HeightForAge, 61.0, 100.0),
        (WeightForHeight, 44.9, 12.0),
        (WeightForHeight, 44.95, 12.0),
        (WeightForHeight, 120.05, 12.0),
        (WeightForHeight, 120.1, 12.0),
        (WeightForHeight, f64::NAN, 12.0),
        (WeightForHeight, f64::INFINITY, 12.0),
        (WeightForAge, 12.0, -8.0),
    ] {
        let found = standard.z_score(at, measure, "m");
        assert_eq!(found, Err(Problem::Growth), "{standard:?} {at} {measure}");
    }
}

#[test]
fn heavier_or_longer_is_never_a_lower_score() {
    for (name, standard) in [
        ("WFA", WeightForAge),
        ("HFA", HeightForAge),
        ("WFH", WeightForHeight),
    ] {
        for (sex, word) in [("F", "f"), ("M", "m")] {
            let table = &TABLES[&(name, sex)];
            for (place, lms) in table.rows.iter().enumerate() {
                let key = f64::from(u32::try_from(table.first + place).expect("a small number"));
                let at = if name == "WFH" { key / 10.0 } else { key };
                let mut before = f64::NEG_INFINITY;
                for step in 4_u32..20 {
                    let measure = lms.m * f64::from(step) / 10.0;
                    let z = standard.z_score(at, measure, word).expect("a score");
                    assert!(
                        z >= before,
                        "{name} {sex} {at} {measure}: {z} after {before}"
                    );
                    before = z;
                }
                let median = standard.z_score(at, lms.m, word);
                assert_eq!(median, Ok(0.0), "{name} {sex} {at}");
            }
        }
    }
}
