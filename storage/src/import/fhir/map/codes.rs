//! German key tables: reasons of admission and discharge as the kinds that charts show.

/// Kind of admission by Aufnahmeanlass.
pub fn admission_type(source: Option<&str>) -> &'static str {
    match source {
        Some("E" | "Z") => "REFERRAL",
        Some("N") => "EMERGENCY",
        Some("V" | "A") => "TRANSFER",
        Some("R") => "REHABILITATION",
        Some("G") => "BIRTH",
        _ => "UNKNOWN",
    }
}

/// Kind of discharge by the first two digits of the Entlassungsgrund.
pub fn discharge_type(reason: &str) -> &'static str {
    match reason.get(..2) {
        Some("01" | "02" | "03" | "14" | "28") => "REGULAR",
        Some("04" | "15") => "AGAINST_ADVICE",
        Some("06" | "08" | "13" | "16" | "18" | "29") => "TRANSFER",
        Some("07") => "DEATH",
        Some("09") => "REHABILITATION",
        Some("10") => "NURSING",
        Some("11") => "HOSPICE",
        Some("12" | "17" | "22") => "INTERNAL_TRANSFER",
        Some("05" | "25") => "ADMINISTRATIVE",
        Some("19" | "20" | "21") => "READMISSION",
        Some("23" | "24" | "26" | "27") => "ABSENCE",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_admission_has_its_kind() {
        for (keys, kind) in [
            ("E Z", "REFERRAL"),
            ("N", "EMERGENCY"),
            ("V A", "TRANSFER"),
            ("R", "REHABILITATION"),
            ("G", "BIRTH"),
            ("B X", "UNKNOWN"),
        ] {
            for key in keys.split(' ') {
                assert_eq!(admission_type(Some(key)), kind, "{key}");
            }
        }
        assert_eq!(admission_type(None), "UNKNOWN");
    }

    #[test]
    fn every_key_of_discharge_has_its_kind_with_and_without_a_third_digit() {
        let kinds = [
            ("01 02 03 14 28", "REGULAR"),
            ("04 15", "AGAINST_ADVICE"),
            ("06 08 13 16 18 29", "TRANSFER"),
            ("07", "DEATH"),
            ("09", "REHABILITATION"),
            ("10", "NURSING"),
            ("11", "HOSPICE"),
            ("12 17 22", "INTERNAL_TRANSFER"),
            ("05 25", "ADMINISTRATIVE"),
            ("19 20 21", "READMISSION"),
            ("23 24 26 27", "ABSENCE"),
            ("00 30 99 7", "UNKNOWN"),
        ];
        for (keys, kind) in kinds {
            for key in keys.split(' ') {
                assert_eq!(discharge_type(key), kind, "{key}");
                if key.len() == 2 {
                    assert_eq!(discharge_type(&format!("{key}9")), kind, "{key}9");
                }
            }
        }
    }
}
