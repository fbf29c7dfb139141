//! The tables of a report, as CSV and XLSX write them.

use domain::columns::indicator::Unit;

use super::{
    format,
    words::{self, Language, Text, text},
};
use crate::graphql::{
    comparison::Measured, diagnosis_rows::Count, report::MonthlyReport, scalars::DateTime,
};

mod parts;

/// A table.
pub struct Table {
    /// Its name in addresses and files.
    pub key: &'static str,
    /// Its title.
    pub title: Text,
    /// Titles of its columns.
    pub header: Vec<String>,
    /// Its rows, each as long as the header.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text, codes included.
    Text(String),
    /// A whole number.
    Whole(f64),
    /// A number with decimals.
    Decimal(f64),
    /// A share of 0 to 1.
    Share(f64),
    /// A number that is hidden.
    Hidden,
    /// Nothing is known.
    Absent,
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Cell::Text(text.into())
    }

    fn of(value: f64, unit: Unit) -> Self {
        match unit {
            Unit::Share => Cell::Share(value),
            Unit::Number if value.fract() == 0.0 => Cell::Whole(value),
            Unit::Number | Unit::Days | Unit::PerStay => Cell::Decimal(value),
        }
    }

    fn measured(measured: Measured, unit: Unit) -> Self {
        match measured.value {
            Some(value) => Cell::of(value, unit),
            None if measured.suppressed => Cell::Hidden,
            None => Cell::Absent,
        }
    }

    fn count(count: Count) -> Self {
        match count.value {
            Some(value) => Cell::Whole(value as f64),
            None if count.suppressed => Cell::Hidden,
            None => Cell::Absent,
        }
    }

    fn optional(value: Option<f64>, cell: fn(f64) -> Cell) -> Self {
        value.map_or(Cell::Absent, cell)
    }

    fn moment(moment: Option<DateTime>) -> Self {
        moment.map_or(Cell::Absent, |moment| {
            Cell::text(moment.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        })
    }
}

/// Titles of columns in a language.
fn header(language: Language, titles: &[Text]) -> Vec<String> {
    let titles = titles.iter();
    titles
        .map(|title| title.in_language(language).to_owned())
        .collect()
}

const CODE: Text = text("Kennzahl-Code", "KPI code");
const KPI: Text = text("Kennzahl", "KPI");
const UNIT: Text = text("Einheit", "Unit");
const CLINIC_ID: Text = text("Klinik-Id", "Clinic id");
const CLINIC: Text = text("Klinik", "Clinic");
const STAYS: Text = text("Fälle", "Stays");
const PATIENTS: Text = text("Patienten", "Patients");
const LENGTH: Text = text("Ø Verweildauer", "Average length of stay");
const SHARE: Text = text("Anteil", "Share");
const DIFFERENCE: Text = text("Differenz", "Difference");
const CHANGE: Text = text("Veränderung", "Change");
/// All clinics of a report together.
pub const GROUP: Text = text("Alle Kliniken", "All clinics");

/// All tables of a report, in their order.
#[must_use]
pub fn all(report: &MonthlyReport, language: Language) -> Vec<Table> {
    vec![
        parts::filter(report, language),
        kpis(report, language),
        trend(report, language),
        comparison(report, language),
        parts::divisions(report, language),
        parts::diagnoses(report, language),
        parts::flow(report, language),
        parts::quality(report, language),
        parts::deliveries(report, language),
        definitions(report, language),
    ]
}

/// Name and unit of each KPI, in a language.
fn named(report: &MonthlyReport, language: Language) -> impl Iterator<Item = (Vec<Cell>, Unit)> {
    report.definitions.iter().map(move |definition| {
        let unit: Unit = definition.unit.into();
        let code = async_graphql::resolver_utils::enum_value(definition.kpi);
        let code = match code {
            async_graphql::Value::Enum(name) => name.to_string(),
            other => other.to_string(),
        };
        let cells = vec![
            Cell::text(code),
            Cell::text(definition.name.in_language(language)),
            Cell::text(words::unit(unit).in_language(language)),
        ];
        (cells, unit)
    })
}

fn kpis(report: &MonthlyReport, language: Language) -> Table {
    let month = |back: u32| format::month(report.month.0.before(back), language);
    let mut titles = header(language, &[CODE, KPI, UNIT]);
    let to = |month: &str, title: Text| match language {
        Language::De => format!("{} zu {month}", title.de),
        Language::En => format!("{} from {month}", title.en),
    };
    titles.push(month(0));
    for back in [1, 12] {
        let then = month(back);
        titles.extend([then.clone(), to(&then, DIFFERENCE), to(&then, CHANGE)]);
    }
    titles.push(match language {
        Language::De => "Jahr bis Monatsende".to_owned(),
        Language::En => "Year to date".to_owned(),
    });
    let rows = named(report, language).zip(&report.kpis);
    let rows = rows.map(|((mut row, unit), kpi)| {
        row.push(Cell::measured(kpi.month, unit));
        for (then, change) in [
            (kpi.previous_month, kpi.from_previous_month),
            (kpi.last_year, kpi.from_last_year),
        ] {
            let difference = change.difference;
            row.push(Cell::measured(then, unit));
            row.push(difference.map_or(Cell::Absent, |value| Cell::of(value, unit)));
            row.push(Cell::optional(change.change, Cell::Share));
        }
        row.push(Cell::measured(kpi.year_to_date, unit));
        row
    });
    Table {
        key: "kpis",
        title: text("Kennzahlen", "KPIs"),
        rows: rows.collect(),
        header: titles,
    }
}

fn trend(report: &MonthlyReport, language: Language) -> Table {
    let mut titles = header(language, &[CODE, KPI, UNIT]);
    let months = report.trend.iter();
    titles.extend(months.map(|month| month.month.0.to_string()));
    let rows = named(report, language).enumerate();
    let rows = rows.map(|(place, (mut row, unit))| {
        let values = report.trend.iter().map(|month| month.kpis[place].value);
        row.extend(values.map(|value| Cell::measured(value, unit)));
        row
    });
    Table {
        key: "trend",
        title: text("Verlauf", "Trend"),
        rows: rows.collect(),
        header: titles,
    }
}

fn comparison(report: &MonthlyReport, language: Language) -> Table {
    let mut titles = header(language, &[CLINIC_ID, CLINIC, CODE, KPI, UNIT]);
    titles.push(format::month(report.month.0, language));
    titles.push(format::month(report.month.0.before(1), language));
    titles.extend(header(language, &[DIFFERENCE, CHANGE]));
    let mut rows = Vec::new();
    for clinic in &report.comparison {
        let (id, name) = match &clinic.clinic {
            Some(clinic) => (clinic.0.uid.as_str(), clinic.0.name.as_str()),
            None => ("", GROUP.in_language(language)),
        };
        for ((names, unit), kpi) in named(report, language).zip(&clinic.kpis) {
            let mut row = vec![Cell::text(id), Cell::text(name)];
            row.extend(names);
            let difference = kpi.difference;
            row.extend([
                Cell::measured(kpi.current, unit),
                Cell::measured(kpi.previous, unit),
                difference.map_or(Cell::Absent, |value| Cell::of(value, unit)),
                Cell::optional(kpi.change, Cell::Share),
            ]);
            rows.push(row);
        }
    }
    Table {
        key: "comparison",
        title: text("Klinikvergleich", "Clinic comparison"),
        header: titles,
        rows,
    }
}

fn definitions(report: &MonthlyReport, language: Language) -> Table {
    let basis = text("Datumsbezug", "Date basis");
    let meaning = text("Definition", "Definition");
    let rows = named(report, language).zip(&report.definitions);
    let rows = rows.map(|((mut row, _), definition)| {
        let basis = words::basis(definition.basis.into());
        row.push(Cell::text(basis.in_language(language)));
        row.push(Cell::text(definition.definition.in_language(language)));
        row
    });
    Table {
        key: "definitions",
        title: text("Definitionen", "Definitions"),
        header: header(language, &[CODE, KPI, UNIT, basis, meaning]),
        rows: rows.collect(),
    }
}
