//! Tables of the sections behind the KPIs, and of what the report covers.

use std::collections::HashMap;

use super::{CLINIC, CLINIC_ID, Cell, DIFFERENCE, LENGTH, PATIENTS, SHARE, STAYS, Table, header};
use crate::{
    graphql::{flow::FlowNode, report::MonthlyReport},
    report::{
        document::label,
        format,
        words::{self, Language, Text, text},
    },
};

/// What the report covers: month, clinics, data version.
pub fn filter(report: &MonthlyReport, language: Language) -> Table {
    let version = &report.as_of.0;
    let days = report.month.0.period();
    let is_incomplete = match report.is_incomplete {
        true => text("ja", "yes"),
        false => text("nein", "no"),
    };
    let mut rows: Vec<(Text, Cell)> = vec![
        (
            text("Monat", "Month"),
            Cell::text(report.month.0.to_string()),
        ),
        (
            text("Erster Tag", "First day"),
            Cell::text(days.from.to_string()),
        ),
        (
            text("Letzter Tag", "Last day"),
            Cell::text(days.to.to_string()),
        ),
        (
            text("Daten bekannt bis", "Data known through"),
            Cell::text(report.known_through.0.to_string()),
        ),
        (
            text("Monat unvollständig", "Month incomplete"),
            Cell::text(is_incomplete.in_language(language)),
        ),
        (
            text("Datenversion", "Data version"),
            Cell::text(version.data_version_id.to_string()),
        ),
        (
            text("Veröffentlicht", "Published"),
            Cell::moment(Some(version.refreshed_at)),
        ),
        (
            text("Lieferungen bis", "Deliveries through"),
            Cell::moment(version.imported_through),
        ),
        (
            text("Mindestzahl Patienten", "Minimum of patients"),
            Cell::Whole(report.minimum_patients.into()),
        ),
    ];
    for clinic in &report.clinics {
        let name = format!("{} ({})", clinic.0.name, clinic.0.uid);
        rows.push((CLINIC, Cell::Text(name)));
    }
    let row = |(name, cell): (Text, Cell)| vec![Cell::text(name.in_language(language)), cell];
    Table {
        key: "filter",
        title: text("Filter", "Filter"),
        header: header(language, &[text("Angabe", "Item"), text("Wert", "Value")]),
        rows: rows.into_iter().map(row).collect(),
    }
}

/// Stays by category.
pub fn divisions(report: &MonthlyReport, language: Language) -> Table {
    let mut rows = Vec::new();
    for division in &report.divisions {
        let name = words::division(division.division.into());
        for part in &division.parts {
            rows.push(vec![
                Cell::text(name.in_language(language)),
                Cell::text(part.category),
                Cell::text(part.name.in_language(language)),
                Cell::count(part.stays),
                Cell::count(part.patients),
                match part.stays.suppressed {
                    true => Cell::Hidden,
                    false => Cell::optional(part.share, Cell::Share),
                },
            ]);
        }
    }
    let titles = [
        text("Gliederung", "Division"),
        text("Code", "Code"),
        text("Kategorie", "Category"),
        STAYS,
        PATIENTS,
        SHARE,
    ];
    Table {
        key: "divisions",
        title: text("Struktur", "Structure"),
        header: header(language, &titles),
        rows,
    }
}

/// The most frequent main diagnoses, and all of them together.
pub fn diagnoses(report: &MonthlyReport, language: Language) -> Table {
    let mut rows = Vec::new();
    let all = std::iter::once(&report.all_diagnoses);
    for (place, diagnosis) in report.top_diagnoses.iter().chain(all).enumerate() {
        let is_total = diagnosis.level.is_none();
        let change = diagnosis.change.as_ref();
        let previous = change.map(|change| Cell::count(change.previous_stays));
        let difference = change.and_then(|change| change.stays_difference);
        let title = match is_total {
            true => text("Alle Fälle", "All stays").in_language(language),
            false => diagnosis.title.as_deref().unwrap_or_default(),
        };
        rows.push(vec![
            match is_total {
                true => Cell::Absent,
                false => Cell::Whole((place + 1) as f64),
            },
            Cell::text(diagnosis.code.as_str()),
            Cell::text(title),
            Cell::count(diagnosis.stays),
            Cell::count(diagnosis.patients),
            Cell::optional(diagnosis.share_of_patients, Cell::Share),
            Cell::optional(diagnosis.average_length_of_stay, Cell::Decimal),
            previous.unwrap_or(Cell::Absent),
            Cell::optional(difference.map(|value| value as f64), Cell::Whole),
        ]);
    }
    let mut titles = header(
        language,
        &[
            text("Rang", "Rank"),
            text("ICD-10", "ICD-10"),
            text("Hauptdiagnose", "Main diagnosis"),
            STAYS,
            PATIENTS,
            text("Anteil der Patienten", "Share of patients"),
            LENGTH,
        ],
    );
    let previous = format::month(report.month.0.before(1), language);
    titles.push(format!("{} {previous}", STAYS.in_language(language)));
    titles.extend(header(language, &[DIFFERENCE]));
    Table {
        key: "diagnoses",
        title: text("Hauptdiagnosen", "Main diagnoses"),
        header: titles,
        rows,
    }
}

/// Links of the patient flow.
pub fn flow(report: &MonthlyReport, language: Language) -> Table {
    let nodes = report.patient_flow.nodes.iter();
    let nodes: HashMap<&str, &FlowNode> = nodes.map(|node| (node.id.as_str(), node)).collect();
    let side = |id: &str| match nodes.get(id) {
        Some(node) => [
            Cell::Whole(node.stage.into()),
            Cell::Text(label(node, language)),
        ],
        None => [Cell::Absent, Cell::text(id)],
    };
    let rows = report.patient_flow.links.iter().map(|link| {
        let mut row = side(&link.source).to_vec();
        row.extend(side(&link.target));
        row.extend([
            Cell::count(link.stays),
            Cell::count(link.patients),
            Cell::optional(link.average_length_of_stay, Cell::Decimal),
        ]);
        row
    });
    let titles = [
        text("Von Stufe", "From stage"),
        text("Von", "From"),
        text("Nach Stufe", "To stage"),
        text("Nach", "To"),
        STAYS,
        PATIENTS,
        LENGTH,
    ];
    Table {
        key: "flow",
        title: text("Patientenfluss", "Patient flow"),
        rows: rows.collect(),
        header: header(language, &titles),
    }
}

/// Faults of the data, and lines that the newest deliveries put aside.
pub fn quality(report: &MonthlyReport, language: Language) -> Table {
    let mut rows = Vec::new();
    for clinic in &report.data_quality.clinics {
        let of = |code: &str, name: &str, count: Cell, all: Option<i64>| {
            let all = all.map(|all| all as f64);
            vec![
                Cell::text(clinic.clinic.0.uid.as_str()),
                Cell::text(clinic.clinic.0.name.as_str()),
                Cell::text(code),
                Cell::text(name),
                count,
                Cell::optional(all, Cell::Whole),
            ]
        };
        for fault in &clinic.faults {
            let name = words::fault(&fault.fault).map(|name| name.in_language(language));
            let name = name.unwrap_or(&fault.fault);
            rows.push(of(
                &fault.fault,
                name,
                Cell::count(fault.rows),
                fault.of_rows,
            ));
        }
        for lines in &clinic.quarantine {
            let name = text("Zurückgestellte Zeilen", "Lines put aside");
            let name = name.in_language(language);
            let name = match &lines.resource_type {
                Some(kind) => format!("{name} ({kind})"),
                None => name.to_owned(),
            };
            let count = Cell::Whole(lines.lines as f64);
            rows.push(of(&lines.rule, &name, count, None));
        }
        for finding in &clinic.findings {
            let name = text("Beim Einlesen gefunden", "Met by the import");
            let name = name.in_language(language);
            rows.push(of(&finding.rule, name, Cell::count(finding.count), None));
        }
    }
    let titles = [
        CLINIC_ID,
        CLINIC,
        text("Code", "Code"),
        text("Merkmal", "Finding"),
        text("Zeilen", "Rows"),
        text("von", "of"),
    ];
    Table {
        key: "quality",
        title: text("Datenqualität", "Data quality"),
        header: header(language, &titles),
        rows,
    }
}

/// The newest deliveries.
pub fn deliveries(report: &MonthlyReport, language: Language) -> Table {
    let mut rows = Vec::new();
    for clinic in &report.data_quality.clinics {
        for delivery in &clinic.deliveries {
            let whole = |rows: i64| Cell::Whole(rows as f64);
            rows.push(vec![
                Cell::text(clinic.clinic.0.uid.as_str()),
                Cell::text(clinic.clinic.0.name.as_str()),
                Cell::moment(Some(delivery.started_at)),
                Cell::moment(delivery.finished_at),
                Cell::text(delivery.status.as_str()),
                Cell::moment(delivery.data_through),
                whole(delivery.created),
                whole(delivery.updated),
                whole(delivery.quarantined),
                match &delivery.refused_because {
                    Some(reason) => Cell::text(reason.as_str()),
                    None => Cell::Absent,
                },
            ]);
        }
    }
    let titles = [
        CLINIC_ID,
        CLINIC,
        text("Beginn", "Started"),
        text("Ende", "Finished"),
        text("Status", "Status"),
        text("Daten bis", "Data through"),
        text("Neu", "Created"),
        text("Geändert", "Updated"),
        text("Zurückgestellt", "Put aside"),
        text("Abgelehnt, weil", "Refused because"),
    ];
    Table {
        key: "deliveries",
        title: text("Lieferungen", "Deliveries"),
        header: header(language, &titles),
        rows,
    }
}
