//! Tables as CSV.

use std::io::{Cursor, Error, Result, Write};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    format,
    tables::{Cell, Table},
    words::Language,
};

/// How CSV is written. German spreadsheets expect a semicolon and a decimal comma.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Separator and decimal sign.
    pub language: Language,
    /// Whether a byte order mark begins the file, by which spreadsheets know UTF-8.
    pub has_mark: bool,
    /// Fewest patients behind a shown figure.
    pub minimum: i32,
}

/// A table as CSV: one line of titles, then the rows, each line ended by CR and LF.
#[must_use]
pub fn write(table: &Table, style: Style) -> String {
    let mut text = String::new();
    if style.has_mark {
        text.push('\u{feff}');
    }
    let titles = table.header.iter().map(|title| quoted(title, style));
    push_line(&mut text, titles, style);
    for row in &table.rows {
        push_line(&mut text, row.iter().map(|cell| field(cell, style)), style);
    }
    text
}

/// All tables, each as a file.
///
/// # Errors
/// When they cannot be packed.
pub fn pack(tables: &[Table], style: Style) -> Result<Vec<u8>> {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for table in tables {
        let name = format!("{}.csv", table.key);
        packed
            .start_file(name, SimpleFileOptions::default())
            .map_err(Error::other)?;
        packed.write_all(write(table, style).as_bytes())?;
    }
    Ok(packed.finish().map_err(Error::other)?.into_inner())
}

fn push_line(text: &mut String, fields: impl Iterator<Item = String>, style: Style) {
    let separator = match style.language {
        Language::De => ';',
        Language::En => ',',
    };
    for (place, field) in fields.enumerate() {
        if place > 0 {
            text.push(separator);
        }
        text.push_str(&field);
    }
    text.push_str("\r\n");
}

fn field(cell: &Cell, style: Style) -> String {
    match cell {
        Cell::Text(text) => quoted(text, style),
        Cell::Whole(value) | Cell::Decimal(value) | Cell::Share(value) => {
            let text = value.to_string();
            match style.language {
                Language::De => text.replace('.', ","),
                Language::En => text,
            }
        }
        Cell::Hidden => format::hidden(style.minimum).replace('\u{202f}', " "),
        Cell::Absent => String::new(),
    }
}

/// A text that no spreadsheet takes for a formula, in quotes where it must be.
fn quoted(text: &str, style: Style) -> String {
    let text = harmless(text);
    let separator = match style.language {
        Language::De => ';',
        Language::En => ',',
    };
    match text.contains([separator, '"', '\r', '\n']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// Spreadsheets calculate what begins like a formula: an apostrophe makes it a text.
fn harmless(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::words::text;

    #[test]
    fn fields_are_written_as_a_language_does() {
        let table = Table {
            key: "a",
            title: text("A", "A"),
            header: vec!["a;b".to_owned(), "c,d".to_owned(), "e".to_owned()],
            rows: vec![
                vec![Cell::Whole(1234.0), Cell::Decimal(-0.5), Cell::Hidden],
                vec![Cell::Absent, Cell::Share(0.25), Cell::text("x \"y\"")],
            ],
        };
        let style = |language, has_mark| Style {
            language,
            has_mark,
            minimum: 5,
        };
        assert_eq!(
            write(&table, style(Language::De, true)),
            "\u{feff}\"a;b\";c,d;e\r\n1234;-0,5;< 5\r\n;0,25;\"x \"\"y\"\"\"\r\n"
        );
        assert_eq!(
            write(&table, style(Language::En, false)),
            "a;b,\"c,d\",e\r\n1234,-0.5,< 5\r\n,0.25,\"x \"\"y\"\"\"\r\n"
        );
    }

    #[test]
    fn no_text_is_a_formula() {
        let style = Style {
            language: Language::En,
            has_mark: false,
            minimum: 5,
        };
        for text in ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1"] {
            let field = field(&Cell::text(text), style);
            assert!(field.trim_start_matches('"').starts_with('\''), "{field}");
        }
        assert_eq!(field(&Cell::text("E10"), style), "E10");
    }
}
