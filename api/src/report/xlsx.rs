//! Tables as a workbook: a sheet for each, numbers as numbers, codes as texts.

use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::{
    format,
    tables::{Cell, Table},
    words::Language,
};

/// Widest column, characters.
const WIDEST: usize = 60;

/// A workbook of all tables.
///
/// # Errors
/// When a table does not fit into a sheet.
pub fn write(tables: &[Table], language: Language, minimum: i32) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let styles = Styles::new(minimum);
    for table in tables {
        let sheet = workbook.add_worksheet();
        sheet.set_name(table.title.in_language(language))?;
        fill(sheet, table, &styles)?;
    }
    workbook.save_to_buffer()
}

struct Styles {
    header: Format,
    text: Format,
    whole: Format,
    decimal: Format,
    share: Format,
    hidden: Format,
    hidden_text: String,
}

impl Styles {
    fn new(minimum: i32) -> Self {
        let number = |format: &str| Format::new().set_num_format(format);
        Styles {
            header: Format::new()
                .set_bold()
                .set_background_color(0x00E8_EEF4)
                .set_text_wrap(),
            text: number("@"),
            whole: number("#,##0"),
            decimal: number("#,##0.00"),
            share: number("0.0%"),
            hidden: Format::new().set_align(rust_xlsxwriter::FormatAlign::Right),
            hidden_text: format::hidden(minimum).replace('\u{202f}', " "),
        }
    }
}

fn fill(sheet: &mut Worksheet, table: &Table, styles: &Styles) -> Result<(), XlsxError> {
    for (column, title) in (0_u16..).zip(&table.header) {
        // A string cell is never calculated, whatever it begins with.
        sheet.write_string_with_format(0, column, title, &styles.header)?;
        sheet.set_column_width(column, width(table, usize::from(column)))?;
    }
    for (row, cells) in (1_u32..).zip(&table.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Cell::Text(text) => {
                    sheet.write_string_with_format(row, column, text, &styles.text)?
                }
                Cell::Whole(value) => {
                    sheet.write_number_with_format(row, column, *value, &styles.whole)?
                }
                Cell::Decimal(value) => {
                    sheet.write_number_with_format(row, column, *value, &styles.decimal)?
                }
                Cell::Share(value) => {
                    sheet.write_number_with_format(row, column, *value, &styles.share)?
                }
                Cell::Hidden => sheet.write_string_with_format(
                    row,
                    column,
                    &styles.hidden_text,
                    &styles.hidden,
                )?,
                Cell::Absent => continue,
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

fn width(table: &Table, column: usize) -> f64 {
    let texts = table.rows.iter().filter_map(|row| match &row[column] {
        Cell::Text(text) => Some(text.chars().count()),
        _ => None,
    });
    let title = table.header[column].chars().count().min(16);
    texts.chain([title, 10]).max().unwrap_or(10).min(WIDEST) as f64 + 2.0
}
