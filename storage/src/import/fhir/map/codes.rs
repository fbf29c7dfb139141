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
