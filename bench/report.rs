//! The report: Markdown, written as it grows, printed at the end.

use std::{fmt::Write as _, time::Duration};

/// Text under construction. Writing into a string cannot fail.
#[derive(Debug, Default)]
pub struct Report {
    text: String,
    failures: Vec<String>,
}

impl Report {
    pub fn heading(&mut self, level: usize, title: &str) {
        eprintln!("{title} …");
        let _ = writeln!(self.text, "{} {title}\n", "#".repeat(level));
    }

    pub fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}\n");
    }

    /// A table. Columns after the first are figures and stand right.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        let _ = writeln!(self.text, "| {} |", head.join(" | "));
        let _ = writeln!(self.text, "|---|{}", "---:|".repeat(head.len() - 1));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.join(" | "));
        }
        self.text.push('\n');
    }

    /// Notes what must not be: the run fails after its report.
    pub fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    pub fn failures(&self) -> &[String] {
        &self.failures
    }

    pub fn text(&self) -> &str {
        self.text.trim_end()
    }
}

/// Milliseconds with three significant digits.
pub fn ms(time: Duration) -> String {
    significant(time.as_secs_f64() * 1_000.0)
}

/// How many times as long `slow` took.
pub fn times(slow: Duration, fast: Duration) -> String {
    format!("{} ×", significant(slow.as_secs_f64() / fast.as_secs_f64()))
}

/// A number with three significant digits, thousands set apart.
pub fn significant(value: f64) -> String {
    match value.abs() {
        value if value >= 100.0 => grouped(value.round() as i64),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.3}"),
    }
}

/// A whole number with its thousands set apart.
pub fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

pub fn megabytes(bytes: i64) -> String {
    format!("{} MB", grouped(bytes / 1_048_576))
}
