//! What the KPIs mean, in German and English.

use domain::columns::indicator::Kpi;

use super::words::{Text, text};

/// Name and definition of a KPI, as reports count it: stays belong to the period of their discharge.
pub fn of(kpi: Kpi) -> (Text, Text) {
    match kpi {
        Kpi::Admissions
        | Kpi::Discharges
        | Kpi::Cases
        | Kpi::Stays
        | Kpi::Patients
        | Kpi::BedDays
        | Kpi::AverageLengthOfStay
        | Kpi::MedianLengthOfStay
        | Kpi::LengthOfStayPercentile90
        | Kpi::Occupancy
        | Kpi::CarriedOver
        | Kpi::MidnightCensus => of_volume(kpi),
        _ => of_quality(kpi),
    }
}

fn of_volume(kpi: Kpi) -> (Text, Text) {
    match kpi {
        Kpi::Admissions => (
            text("Aufnahmen", "Admissions"),
            text(
                "Stationäre Fälle der obersten Kontaktebene mit Aufnahmetag im Zeitraum.",
                "Inpatient stays of the top contact level whose day of admission lies in the period.",
            ),
        ),
        Kpi::Discharges => (
            text("Entlassungen", "Discharges"),
            text(
                "Fälle mit Entlassungstag im Zeitraum, einschließlich der Verstorbenen.",
                "Stays whose day of discharge lies in the period, deaths included.",
            ),
        ),
        Kpi::Cases => (
            text("Fallzahl (amtlich)", "Cases (official statistics)"),
            text(
                "Halbe Summe aus Patientenzugang und Patientenabgang: (Aufnahmen + Entlassungen einschließlich Verstorbener) / 2.",
                "Half the sum of inflow and outflow: (admissions + discharges, deaths included) / 2.",
            ),
        ),
        Kpi::Stays => (
            text("Fallzahl (Controlling)", "Cases (controlling)"),
            text(
                "Im Zeitraum entlassene Fälle; Bezugsgröße aller Anteile je Fall.",
                "Stays discharged in the period; what figures for each stay refer to.",
            ),
        ),
        Kpi::Patients => (
            text("Patienten", "Patients"),
            text(
                "Verschiedene Patienten (Pseudonyme) der im Zeitraum entlassenen Fälle; jeder zählt einmal, auch über mehrere Kliniken.",
                "Distinct patients (pseudonyms) of the stays discharged in the period; each counts once, over several clinics too.",
            ),
        ),
        Kpi::BedDays => (
            text("Belegungstage", "Bed days"),
            text(
                "Aufnahmetag und jeder weitere Tag ohne den Entlassungstag, soweit er im Zeitraum liegt; Stundenfälle zählen einen Tag.",
                "The day of admission and each further day but that of discharge, as far as it lies in the period; same-day stays count one.",
            ),
        ),
        Kpi::AverageLengthOfStay => (
            text("Ø Verweildauer", "Average length of stay"),
            text(
                "Belegungstage der im Zeitraum entlassenen Fälle geteilt durch ihre Anzahl; nie ein Mittel aus Mittelwerten.",
                "Bed days of the stays discharged in the period by their number; never a mean of means.",
            ),
        ),
        Kpi::MedianLengthOfStay => (
            text("Median der Verweildauer", "Median length of stay"),
            text(
                "Verweildauer, die die Hälfte der entlassenen Fälle nicht überschreitet.",
                "Length that half of the discharged stays do not exceed.",
            ),
        ),
        Kpi::LengthOfStayPercentile90 => (
            text(
                "90. Perzentil der Verweildauer",
                "90th percentile of length of stay",
            ),
            text(
                "Verweildauer, die 90 % der entlassenen Fälle nicht überschreiten.",
                "Length that 90 % of the discharged stays do not exceed.",
            ),
        ),
        Kpi::Occupancy => (
            text("Bettenauslastung", "Bed occupancy"),
            text(
                "Belegungstage geteilt durch aufgestellte Betten mal Kalendertage; „n. v.“ ohne Bettenzahl.",
                "Bed days by beds in operation times calendar days; “n/a” where beds are not known.",
            ),
        ),
        Kpi::CarriedOver => (
            text("Überlieger", "Carried over"),
            text(
                "Fälle, die um 0 Uhr des ersten Tages offen waren: vor dem Zeitraum aufgenommen, nicht vor ihm entlassen.",
                "Stays open at midnight before the first day: admitted before the period and not discharged before it.",
            ),
        ),
        _ => (
            text("Bestand um Mitternacht", "Midnight census"),
            text(
                "Fälle, die um 24 Uhr des letzten Tages offen sind.",
                "Stays open at midnight of the last day.",
            ),
        ),
    }
}

fn of_quality(kpi: Kpi) -> (Text, Text) {
    match kpi {
        Kpi::EmergencyShare => (
            text("Notfallquote", "Emergency share"),
            text(
                "Aufnahmen mit Anlass Notfall geteilt durch alle Aufnahmen.",
                "Admissions as emergencies by all admissions.",
            ),
        ),
        Kpi::Deaths => (
            text("Verstorbene", "Deaths"),
            text(
                "Entlassungen mit Grund Tod (07).",
                "Discharges with reason death (07).",
            ),
        ),
        Kpi::Mortality => (
            text("Krankenhausmortalität", "In-hospital mortality"),
            text(
                "Verstorbene geteilt durch alle Entlassungen; nicht risikoadjustiert.",
                "Deaths by all discharges; not adjusted for risk.",
            ),
        ),
        Kpi::Readmissions => (
            text("Wiederaufnahmen ≤ 30 Tage", "Readmissions within 30 days"),
            text(
                "Lebend, nicht verlegt und nicht gegen ärztlichen Rat Entlassene, die nach 1 bis 30 Tagen vollstationär wiederkommen, in der Gruppe in irgendeine ihrer Kliniken; nur Entlassungen, auf die 30 bekannte Tage folgen, „n. v.“ wo es keine gibt. Geplante lassen sich nicht trennen.",
                "Patients discharged alive, not transferred and not against advice who come back as inpatients after 1 to 30 days, in the group to any of its clinics; only discharges followed by 30 known days, “n/a” where there are none. Planned ones cannot be told apart.",
            ),
        ),
        Kpi::ReadmissionRate => (
            text("Wiederaufnahmequote", "Readmission rate"),
            text(
                "Wiederaufnahmen geteilt durch die Entlassungen, die 30 Tage weit beobachtet werden konnten.",
                "Readmissions by the discharges that could be followed for 30 days.",
            ),
        ),
        Kpi::TransfersIn => (
            text("Zuverlegungen", "Transfers in"),
            text(
                "Aufnahmen aus anderen Krankenhäusern.",
                "Admissions from other hospitals.",
            ),
        ),
        Kpi::TransfersOut => (
            text("Externe Verlegungen", "Transfers out"),
            text(
                "Entlassungen in andere Krankenhäuser.",
                "Discharges to other hospitals.",
            ),
        ),
        Kpi::InternalTransfersPerStay => (
            text("Interne Verlegungen je Fall", "Internal transfers per stay"),
            text(
                "Wechsel der Station innerhalb des Falls geteilt durch die entlassenen Fälle.",
                "Changes of station within the stay by the discharged stays.",
            ),
        ),
        Kpi::IntensiveStays => (
            text("Intensivfälle", "Intensive care stays"),
            text(
                "Entlassene Fälle, die eine Intensivstation (Fachabteilung 36xx oder Kontaktart „intensivstationaer“) berührt haben.",
                "Discharged stays that touched an intensive care unit (department 36xx, or contacts of the kind “intensivstationaer”).",
            ),
        ),
        Kpi::HourCases => (
            text("Stundenfälle", "Same-day cases"),
            text(
                "Am Aufnahmetag Entlassene.",
                "Discharged on the day of admission.",
            ),
        ),
        Kpi::OneNightCases => (
            text("Ein-Nacht-Fälle", "One-night cases"),
            text(
                "Am Tag nach der Aufnahme Entlassene.",
                "Discharged on the day after admission.",
            ),
        ),
        Kpi::SecondaryDiagnosesPerStay => (
            text("Nebendiagnosen je Fall", "Secondary diagnoses per stay"),
            text(
                "Verschiedene ICD-10-Kodes, die nicht Hauptdiagnose sind, geteilt durch die entlassenen Fälle.",
                "Distinct ICD-10 codes that are no main diagnosis by the discharged stays.",
            ),
        ),
        Kpi::WithoutMainDiagnosis => (
            text("Ohne Hauptdiagnose", "Without main diagnosis"),
            text(
                "Anteil der entlassenen Fälle ohne Hauptdiagnose (Kodierqualität).",
                "Share of the discharged stays without a main diagnosis (quality of coding).",
            ),
        ),
        _ => (
            text("Ohne Entlassungsgrund", "Without discharge reason"),
            text(
                "Anteil der Entlassungen ohne Angabe eines Grundes.",
                "Share of the discharges without a reason.",
            ),
        ),
    }
}
