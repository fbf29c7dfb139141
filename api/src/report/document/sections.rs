//! The sections behind the trend.

use domain::columns::indicator::Unit;
use serde_json::{Value, json};

use super::{TILES, Writer, unit};
use crate::{
    graphql::{
        comparison::Kpi,
        diagnosis_rows::{DiagnosisLevel, DiagnosisRow},
        quality::ClinicQuality,
    },
    report::{
        format,
        tables::GROUP,
        words::{self, text},
    },
};

/// Most clinics that bars are drawn for.
const MOST_BARS: usize = 12;
/// KPIs that clinics are compared by in bars.
const BARS: [Kpi; 4] = [
    Kpi::Discharges,
    Kpi::AverageLengthOfStay,
    Kpi::EmergencyShare,
    Kpi::Mortality,
];

impl Writer<'_> {
    pub(super) fn comparison(&self) -> Value {
        let clinics = &self.report.comparison;
        let name = |place: usize| match &clinics[place].clinic {
            Some(clinic) => clinic.0.name.clone(),
            None => self.say(GROUP).to_owned(),
        };
        let row = |place: usize| {
            let cells = TILES.map(|kpi| {
                let found = &clinics[place].kpis[Self::place(kpi)];
                let unit = unit(kpi);
                let change = match unit {
                    Unit::Share => format::difference(found.difference, unit, self.language),
                    _ => format::change(found.change, self.language),
                };
                json!({ "value": self.measured(found.current, unit), "change": change })
            });
            json!({ "name": name(place), "cells": cells })
        };
        let bars = BARS.map(|kpi| {
            let bar = |place: usize| {
                let found = &clinics[place].kpis[Self::place(kpi)];
                let text = self.measured(found.current, unit(kpi));
                json!({ "name": name(place), "value": found.current.value, "text": text })
            };
            let bars: Vec<Value> = (1..clinics.len()).map(bar).collect();
            json!({ "name": self.name(kpi), "bars": bars })
        });
        let are_drawn = (3..=MOST_BARS + 1).contains(&clinics.len());
        json!({
            "title": self.say(text("Klinikvergleich", "Clinic comparison")),
            "header": TILES.map(|kpi| self.narrow(kpi)),
            "first": self.say(text("Klinik", "Clinic")),
            "rows": (0..clinics.len()).map(row).collect::<Vec<_>>(),
            "charts": if are_drawn { json!(bars) } else { json!([]) },
            "note": self.say(text(
                "Zweite Zeile: Veränderung zum Vormonat, bei Anteilen in Prozentpunkten. Alle Kliniken zusammen sind gezählt, nicht addiert: wer in zwei Kliniken war, ist ein Patient.",
                "Second line: change from the month before, for shares in percentage points. All clinics together are counted, not added up: whoever was in two clinics is one patient.",
            )),
        })
    }

    pub(super) fn diagnoses(&self) -> Value {
        let report = self.report;
        let row = |rank: Option<usize>, diagnosis: &DiagnosisRow| {
            let change = diagnosis.change.as_ref();
            let title = match rank {
                None => self.say(text("Alle Fälle", "All stays")),
                Some(_) => diagnosis.title.as_deref().unwrap_or(format::ABSENT),
            };
            let previous = change.map(|change| change.previous_stays);
            let absent = || format::ABSENT.to_owned();
            let share = diagnosis.share_of_patients;
            let length = diagnosis.average_length_of_stay;
            let difference = change.and_then(|change| change.stays_difference);
            json!([
                rank.map_or_else(String::new, |rank| rank.to_string()),
                diagnosis.code,
                title,
                self.count(diagnosis.stays.value, diagnosis.stays.suppressed),
                self.count(diagnosis.patients.value, diagnosis.patients.suppressed),
                share.map_or_else(absent, |share| format::percent(share, self.language)),
                length.map_or_else(absent, |days| format::number(days, 1, self.language)),
                previous.map_or_else(absent, |stays| self.count(stays.value, stays.suppressed)),
                format::difference(
                    difference.map(|value| value as f64),
                    Unit::Number,
                    self.language
                ),
            ])
        };
        let top = report.top_diagnoses.iter();
        let bars = top.clone().map(|diagnosis| {
            let title = diagnosis.title.as_deref().unwrap_or_default();
            let text = self.count(diagnosis.stays.value, diagnosis.stays.suppressed);
            let name = format!("{} {title}", diagnosis.code);
            json!({ "name": name, "value": diagnosis.stays.value, "text": text })
        });
        let rows = top.clone().enumerate();
        let rows = rows.map(|(place, diagnosis)| row(Some(place + 1), diagnosis));
        let titles = [
            text("", ""),
            text("ICD-10", "ICD-10"),
            text("Hauptdiagnose", "Main diagnosis"),
            text("Fälle", "Stays"),
            text("Patienten", "Patients"),
            text("Anteil", "Share"),
            text("Ø Tage", "Ø days"),
            text("Vormonat", "Previous"),
            text("Differenz", "Difference"),
        ];
        json!({
            "title": self.say(text("Häufigste Hauptdiagnosen", "Most frequent main diagnoses")),
            "coarse": self.coarse(),
            "header": self.titles(&titles),
            "rows": rows.collect::<Vec<_>>(),
            "total": row(None, &report.all_diagnoses),
            "bars": bars.collect::<Vec<_>>(),
            "chart": self.say(text("Fälle je Hauptdiagnose", "Stays by main diagnosis")),
            "empty": self.say(text("Keine Hauptdiagnose kann ausgewiesen werden.", "No main diagnosis can be shown.")),
            "note": self.say(text(
                "Im Monat entlassene Fälle nach Hauptdiagnose; Anteil an allen Patienten des Monats. Nicht auszuweisende Diagnosen sind nicht gelistet.",
                "Stays discharged in the month by main diagnosis; share of all patients of the month. Diagnoses that cannot be shown are not listed.",
            )),
        })
    }

    /// What is said where main diagnoses are listed coarser than by three characters.
    fn coarse(&self) -> Option<&'static str> {
        let level = self.report.top_diagnoses.first()?.level?;
        Some(self.say(match level {
            DiagnosisLevel::Chapter => text(
                "Dreistellig lassen sich nicht zehn Hauptdiagnosen ausweisen. Gezeigt sind Kapitel der ICD-10.",
                "Ten main diagnoses of three characters cannot be shown. Listed are chapters of ICD-10.",
            ),
            DiagnosisLevel::Block => text(
                "Dreistellig lassen sich nicht zehn Hauptdiagnosen ausweisen. Gezeigt sind Gruppen der ICD-10.",
                "Ten main diagnoses of three characters cannot be shown. Listed are blocks of ICD-10.",
            ),
            _ => return None,
        }))
    }

    pub(super) fn divisions(&self) -> Value {
        let division = |division: &crate::graphql::report::ReportDivision| {
            let shown = division.parts.iter();
            // Categories that nobody is in would only fill the page.
            let shown = shown.filter(|part| part.stays.value != Some(0));
            let parts = shown.map(|part| {
                let share = part
                    .share
                    .map(|share| format::percent(share, self.language));
                json!({
                    "name": self.say(part.name),
                    "value": part.stays.value,
                    "text": self.count(part.stays.value, part.stays.suppressed),
                    "share": share.unwrap_or_default(),
                })
            });
            json!({
                "title": self.say(words::division(division.division.into())),
                "parts": parts.collect::<Vec<_>>(),
            })
        };
        let divisions = self.report.divisions.iter().map(division);
        json!({
            "title": self.say(text("Struktur der Fälle", "Structure of the stays")),
            "divisions": divisions.collect::<Vec<_>>(),
            "header": self.titles(&[text("Kategorie", "Category"), text("Fälle", "Stays"), text("Anteil", "Share")]),
            "note": self.say(text(
                "Aufnahmeart: Aufnahmen des Monats; alles Übrige: im Monat entlassene Fälle.",
                "Way of admission: admissions of the month; all else: stays discharged in the month.",
            )),
        })
    }

    pub(super) fn quality(&self) -> Value {
        let quality = &self.report.data_quality;
        // A finding is a row, a clinic a column; a clinic without stays has no findings.
        let mut findings: Vec<&str> = Vec::new();
        for fault in quality.clinics.iter().flat_map(|clinic| &clinic.faults) {
            if !findings.contains(&fault.fault.as_str()) {
                findings.push(&fault.fault);
            }
        }
        let rows = findings.into_iter().map(|fault| {
            let name = words::fault(fault).map(|name| self.say(name));
            let cells = quality
                .clinics
                .iter()
                .map(|clinic| self.fault(clinic, fault));
            json!({ "name": name.unwrap_or(fault), "cells": cells.collect::<Vec<_>>() })
        });
        let deliveries = quality.clinics.iter().map(|clinic| {
            let newest = clinic.deliveries.first();
            let moment = |moment| format::moment(moment, self.zone(), self.language);
            let absent = || format::ABSENT.to_owned();
            let count = |rows: i64| format::number(rows as f64, 0, self.language);
            let through = newest.and_then(|delivery| delivery.data_through);
            let put_aside: i64 = clinic.quarantine.iter().map(|lines| lines.lines).sum();
            [
                clinic.clinic.0.name.clone(),
                newest.map_or_else(absent, |delivery| moment(delivery.started_at)),
                newest.map_or_else(absent, |delivery| self.status(&delivery.status).to_owned()),
                through.map_or_else(absent, moment),
                newest.map_or_else(absent, |delivery| count(delivery.created)),
                newest.map_or_else(absent, |delivery| count(delivery.updated)),
                count(put_aside),
            ]
        });
        let titles = [
            text("Klinik", "Clinic"),
            text("Letzte Lieferung", "Newest delivery"),
            text("Status", "Status"),
            text("Daten bis", "Data through"),
            text("Neu", "Created"),
            text("Geändert", "Updated"),
            text("Zurückgestellt", "Put aside"),
        ];
        let names = quality
            .clinics
            .iter()
            .map(|clinic| clinic.clinic.0.name.clone());
        json!({
            "title": self.say(text("Datenqualität", "Data quality")),
            "first": self.say(text("Merkmal", "Finding")),
            "header": names.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "deliveries_title": self.say(text("Lieferungen", "Deliveries")),
            "deliveries_header": self.titles(&titles),
            "deliveries": deliveries.collect::<Vec<_>>(),
            "note": self.say(text(
                "Gezählt über alle gespeicherten Daten der Kliniken, nicht nur des Monats.",
                "Counted over all stored data of the clinics, not only those of the month.",
            )),
        })
    }

    /// Rows of a clinic with a fault, and their share of the rows that could have it.
    fn fault(&self, clinic: &ClinicQuality, name: &str) -> Value {
        let Some(fault) = clinic.faults.iter().find(|fault| fault.fault == name) else {
            return json!({ "value": format::ABSENT, "share": "" });
        };
        let share = fault.rows.value.zip(fault.of_rows.filter(|rows| *rows > 0));
        let share =
            share.map(|(rows, all)| format::percent(rows as f64 / all as f64, self.language));
        json!({
            "value": self.count(fault.rows.value, fault.rows.suppressed),
            "share": share.unwrap_or_default(),
        })
    }

    fn status<'a>(&self, status: &'a str) -> &'a str {
        match status {
            "DONE" => self.say(text("eingelesen", "imported")),
            "FAILED" => self.say(text("fehlgeschlagen", "failed")),
            "RUNNING" => self.say(text("läuft", "running")),
            other => other,
        }
    }

    pub(super) fn definitions(&self) -> Value {
        let rows = self.report.definitions.iter().map(|definition| {
            [
                self.say(definition.name),
                self.say(words::unit(definition.unit.into())),
                self.say(words::basis(definition.basis.into())),
                self.say(definition.definition),
            ]
        });
        let titles = [
            text("Kennzahl", "Key figure"),
            text("Einheit", "Unit"),
            text("Datumsbezug", "Date basis"),
            text("Definition", "Definition"),
        ];
        json!({
            "title": self.say(text("Definitionen", "Definitions")),
            "header": self.titles(&titles),
            "rows": rows.collect::<Vec<_>>(),
        })
    }
}
