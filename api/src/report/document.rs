//! What the template of the PDF is given: words and numbers as they are shown, and plain numbers for the charts.

use chrono_tz::Tz;
use domain::columns::indicator::{self, Unit};
use serde_json::{Value, json};

use super::{
    format,
    words::{Language, Text, kind_of_admission, kind_of_discharge, text},
};
use crate::graphql::{
    comparison::{Kpi, Measured},
    flow::{FlowNode, FlowNodeKind},
    report::MonthlyReport,
};

mod flow;
mod sections;

/// KPIs of the first page.
const TILES: [Kpi; 8] = [
    Kpi::Admissions,
    Kpi::Discharges,
    Kpi::Patients,
    Kpi::AverageLengthOfStay,
    Kpi::Occupancy,
    Kpi::EmergencyShare,
    Kpi::Mortality,
    Kpi::ReadmissionRate,
];

/// KPIs of the trend.
const TREND: [Kpi; 8] = [
    Kpi::Admissions,
    Kpi::Discharges,
    Kpi::BedDays,
    Kpi::Occupancy,
    Kpi::AverageLengthOfStay,
    Kpi::EmergencyShare,
    Kpi::Mortality,
    Kpi::ReadmissionRate,
];

/// Characters that fit into the head of a page beside its title.
const LONGEST_HEAD: usize = 90;

/// Last words of German compounds.
const JOINTS: [&str; 6] = [
    "aufnahme",
    "auslastung",
    "dauer",
    "mortalität",
    "quote",
    "tage",
];

/// A report and how it is written.
struct Writer<'a> {
    report: &'a MonthlyReport,
    language: Language,
}

/// The data of the template.
pub fn data(report: &MonthlyReport, language: Language) -> Value {
    let writer = Writer { report, language };
    let month = format::month(report.month.0, language);
    let title = writer.say(text("Monatsbericht", "Monthly report"));
    json!({
        "language": match language { Language::De => "de", Language::En => "en" },
        "title": title,
        "month": month,
        "clinics": writer.clinics(),
        "covered": writer.covered(),
        "facts": writer.facts(),
        "version": writer.version(),
        "page": writer.say(text("Seite", "Page")),
        "of": writer.say(text("von", "of")),
        "contents": writer.say(text("Inhalt", "Contents")),
        "notice": writer.notice(),
        "footnote": writer.footnote(),
        "tiles": TILES.map(|kpi| writer.tile(kpi)),
        "kpis": writer.kpis(),
        "trend": writer.trend(),
        "comparison": writer.comparison(),
        "diagnoses": writer.diagnoses(),
        "divisions": writer.divisions(),
        "flow": writer.flow(),
        "quality": writer.quality(),
        "definitions": writer.definitions(),
    })
}

impl Writer<'_> {
    fn say(&self, text: Text) -> &'static str {
        text.in_language(self.language)
    }

    fn titles(&self, titles: &[Text]) -> Vec<&'static str> {
        titles.iter().map(|title| self.say(*title)).collect()
    }

    fn zone(&self) -> Tz {
        let clinic = self.report.clinics.first();
        let zone = clinic.and_then(|clinic| clinic.0.time_zone.parse().ok());
        zone.unwrap_or(chrono_tz::Europe::Berlin)
    }

    fn measured(&self, measured: Measured, unit: Unit) -> String {
        let minimum = self.report.minimum_patients;
        format::measured(measured, unit, minimum, self.language)
    }

    fn count(&self, value: Option<i64>, is_hidden: bool) -> String {
        let measured = Measured {
            value: value.map(|value| value as f64),
            suppressed: is_hidden,
        };
        self.measured(measured, Unit::Number)
    }

    fn place(kpi: Kpi) -> usize {
        let kpi: indicator::Kpi = kpi.into();
        kpi as usize
    }

    fn name(&self, kpi: Kpi) -> &'static str {
        self.say(self.report.definitions[Self::place(kpi)].name)
    }

    /// The name of a KPI for a narrow column: German compounds may be parted where they were joined.
    fn narrow(&self, kpi: Kpi) -> String {
        let name = self.name(kpi).to_owned();
        match self.language {
            Language::De => JOINTS.iter().fold(name, |name, joint| {
                name.replace(joint, &format!("\u{ad}{joint}"))
            }),
            Language::En => name,
        }
    }

    fn clinics(&self) -> String {
        let names = self.report.clinics.iter();
        let names: Vec<&str> = names.map(|clinic| clinic.0.name.as_str()).collect();
        names.join(", ")
    }

    /// The clinics in few words, for the head of a page.
    fn covered(&self) -> String {
        let (names, count) = (self.clinics(), self.report.clinics.len());
        match self.language {
            _ if names.chars().count() <= LONGEST_HEAD => names,
            Language::De => format!("{count} Kliniken"),
            Language::En => format!("{count} clinics"),
        }
    }

    fn version(&self) -> String {
        let version = &self.report.as_of.0;
        let published = format::moment(version.refreshed_at, self.zone(), self.language);
        let number = version.data_version_id;
        let mut line = match self.language {
            Language::De => format!("Datenversion {number}, veröffentlicht {published}"),
            Language::En => format!("Data version {number}, published {published}"),
        };
        if let Some(source) = &version.title_source {
            let titles = self.say(text("Diagnosetitel", "Titles of diagnoses"));
            line.push_str(&format!("; {titles}: {source}"));
        }
        line
    }

    /// What the first page says of the report: name and value.
    fn facts(&self) -> Vec<[String; 2]> {
        let (report, language) = (self.report, self.language);
        let days = report.month.0.period();
        let version = &report.as_of.0;
        let moment = |moment| format::moment(moment, self.zone(), language);
        let delivered = version.imported_through.map(moment);
        let fact = |name: Text, value: String| [self.say(name).to_owned(), value];
        vec![
            fact(
                text("Zeitraum", "Period"),
                format!(
                    "{} – {}",
                    format::day(days.from, language),
                    format::day(days.to, language)
                ),
            ),
            fact(text("Kliniken", "Clinics"), self.clinics()),
            fact(
                text("Daten bekannt bis", "Data known through"),
                format::day(report.known_through.0, language),
            ),
            fact(
                text("Lieferungen bis", "Deliveries through"),
                delivered.unwrap_or_else(|| format::ABSENT.to_owned()),
            ),
            fact(
                text("Datenversion", "Data version"),
                format!(
                    "{}, {}",
                    version.data_version_id,
                    moment(version.refreshed_at)
                ),
            ),
            fact(
                text("Fallzuordnung", "Stays belong to"),
                self.say(text(
                    "Monat der Entlassung, soweit nicht anders genannt",
                    "the month of their discharge unless stated otherwise",
                ))
                .to_owned(),
            ),
        ]
    }

    /// What readers must know before they read on; empty when there is nothing.
    fn notice(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.report.is_incomplete {
            let day = format::day(self.report.known_through.0, self.language);
            notices.push(match self.language {
                Language::De => format!("Der Monat ist unvollständig: Daten liegen bis {day} vor."),
                Language::En => format!("The month is incomplete: data are known through {day}."),
            });
        }
        if self.report.as_of.0.stale {
            notices.push(
                self.say(text(
                    "Nach dieser Datenversion wurden weitere Daten geliefert; die nächste Veröffentlichung kann Zahlen ändern.",
                    "More data were delivered after this data version; the next one may change figures.",
                ))
                .to_owned(),
            );
        }
        notices
    }

    /// What the sign of a hidden number means; `None` where nothing is hidden.
    fn footnote(&self) -> Option<String> {
        let minimum = self.report.minimum_patients;
        let sign = format::hidden(minimum);
        (minimum > 1).then(|| match self.language {
            Language::De => format!(
                "{sign}: nicht ausgewiesen, weil weniger als {minimum} Patienten dahinterstehen oder eine solche Zahl daraus folgen würde. Daraus berechnete Werte fehlen ebenso."
            ),
            Language::En => format!(
                "{sign}: not shown, because fewer than {minimum} patients stand behind it or such a number would follow from it. What is computed from it is left out too."
            ),
        })
    }

    fn tile(&self, kpi: Kpi) -> Value {
        let figures = &self.report.kpis[Self::place(kpi)];
        let unit = unit(kpi);
        let compare = |change: crate::graphql::report::Change| match unit {
            Unit::Share => format::difference(change.difference, unit, self.language),
            _ => format::change(change.change, self.language),
        };
        json!({
            "name": self.name(kpi),
            "value": self.measured(figures.month, unit),
            "unit": match unit { Unit::Days => self.say(text("Tage", "days")), _ => "" },
            "previous": compare(figures.from_previous_month),
            "previous_name": self.say(text("Vormonat", "previous month")),
            "year": compare(figures.from_last_year),
            "year_name": self.say(text("Vorjahresmonat", "same month last year")),
        })
    }

    fn kpis(&self) -> Value {
        let (report, language) = (self.report, self.language);
        let month = |back: u32| format::month(report.month.0.before(back), language);
        let rows = report.kpis.iter().zip(&report.definitions);
        let rows = rows.map(|(kpi, definition)| {
            let unit = unit(kpi.kpi);
            [
                self.say(definition.name).to_owned(),
                self.measured(kpi.month, unit),
                self.measured(kpi.previous_month, unit),
                format::difference(kpi.from_previous_month.difference, unit, language),
                format::change(kpi.from_previous_month.change, language),
                self.measured(kpi.last_year, unit),
                format::difference(kpi.from_last_year.difference, unit, language),
                format::change(kpi.from_last_year.change, language),
                self.measured(kpi.year_to_date, unit),
            ]
        });
        let difference = self.say(text("Differenz", "Difference"));
        let change = self.say(text("in %", "in %"));
        let lengths = report.days.iter().map(|days| match language {
            Language::De => format!("{days} Tage"),
            Language::En => format!("{days} days"),
        });
        json!({
            "title": self.say(text("Kennzahlen", "Key figures")),
            "header": [
                self.say(text("Kennzahl", "Key figure")),
                month(0), month(1), difference, change, month(12), difference, change,
                self.say(text("Jahr bisher", "Year to date")),
            ],
            "days": lengths.collect::<Vec<_>>(),
            "rows": rows.collect::<Vec<_>>(),
            "note": self.say(text(
                "Anteile ändern sich in Prozentpunkten (PP). Monate sind verschieden lang; die Tage stehen unter ihrem Namen.",
                "Shares change in percentage points (pp). Months have different lengths; their days stand below their names.",
            )),
        })
    }

    fn trend(&self) -> Value {
        let charts = TREND.map(|kpi| {
            let place = Self::place(kpi);
            let unit = unit(kpi);
            let values = self
                .report
                .trend
                .iter()
                .map(|month| month.kpis[place].value.value);
            let top = match values.flatten().fold(0.0, f64::max) {
                0.0 if unit == Unit::Share => 0.1,
                largest => round_above(largest),
            };
            let points = self.report.trend.iter().map(|month| {
                let value = month.kpis[place].value;
                json!({
                    "label": format::short_month(month.month.0),
                    "value": value.value,
                    "text": self.measured(value, unit),
                })
            });
            json!({
                "name": self.name(kpi),
                "is_sum": unit == Unit::Number,
                "top": top,
                "top_text": format::value(top, unit, self.language),
                "zero_text": format::number(0.0, 0, self.language),
                "points": points.collect::<Vec<_>>(),
            })
        });
        let header = TREND.map(|kpi| self.narrow(kpi));
        let rows = self.report.trend.iter().map(|month| {
            let mut row = vec![format::month(month.month.0, self.language)];
            row.extend(TREND.map(|kpi| {
                let place = Self::place(kpi);
                self.measured(month.kpis[place].value, unit(kpi))
            }));
            row
        });
        json!({
            "title": self.say(text("Verlauf über 13 Monate", "Trend of 13 months")),
            "first": self.say(text("Monat", "Month")),
            "charts": charts,
            "header": header,
            "rows": rows.collect::<Vec<_>>(),
            "note": self.say(text(
                "Lücken: kein Wert oder nicht ausgewiesen. Wiederaufnahmen brauchen 30 bekannte Tage nach der Entlassung.",
                "Gaps: no value, or not shown. Readmissions need 30 known days after the discharge.",
            )),
        })
    }
}

/// How a KPI is written: whole days like any other number.
fn unit(kpi: Kpi) -> Unit {
    match kpi {
        Kpi::BedDays | Kpi::MedianLengthOfStay | Kpi::LengthOfStayPercentile90 => Unit::Number,
        kpi => indicator::Kpi::from(kpi).unit(),
    }
}

/// The smallest round number that is not below a value: where an axis ends.
fn round_above(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0];
    let step = steps.into_iter().find(|step| step * power >= value);
    step.unwrap_or(10.0) * power
}

/// Name of a node of the flow.
pub fn label(node: &FlowNode, language: Language) -> String {
    let text = match node.kind {
        FlowNodeKind::Station => return node.label.clone(),
        FlowNodeKind::Admission => kind_of_admission(&node.label),
        FlowNodeKind::Discharge | FlowNodeKind::Open => kind_of_discharge(&node.label),
        FlowNodeKind::Further => text("weitere Stationen", "further stations"),
        FlowNodeKind::Other => text("übrige", "others"),
    };
    text.in_language(language).to_owned()
}
