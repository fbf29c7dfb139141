//! Diagnoses by ICD-10: the drill-down.

use async_graphql::{Context, Result, SimpleObject};
use domain::{
    icd10::{self, Node},
    page::MOST_ROWS,
    stay,
};
use storage::analytics::diagnoses::{self, Figures};

use super::{
    connection::{PageInfo, seal, unseal},
    context,
    data_version::DataVersion,
    diagnosis_rows::{DiagnosisLevel, DiagnosisRow, Names, Page, Table},
    error::{fail, refuse, refuse_page},
    stay_filter::{self, DateRange, StayFilter},
};

/// Diagnoses of one level. Rows overlap, since a patient has many diagnoses: the total is counted, never their sum.
#[derive(SimpleObject)]
pub struct DiagnosisBreakdown {
    /// The nodes that occur, in the order of the tree.
    rows: Vec<DiagnosisRow>,
    /// All stays that the filter selects, coded or not, whatever `under` says.
    total: DiagnosisRow,
    /// Where the page stands in the list.
    page_info: PageInfo,
    /// The data version that all figures come from.
    as_of: DataVersion,
}

/// What `diagnoses` was given.
pub(super) struct Arguments {
    pub filter: StayFilter,
    pub under: Option<String>,
    pub level: DiagnosisLevel,
    pub compare_with: Option<DateRange>,
    pub first: i32,
    pub after: Option<String>,
}

/// A page of the drill-down.
pub(super) async fn breakdown(
    ctx: &Context<'_>,
    arguments: Arguments,
) -> Result<DiagnosisBreakdown> {
    let request = context(ctx);
    let filter = stay_filter::read(ctx, arguments.filter).await?;
    let (under, level) = read_level(arguments.under, arguments.level.into())?;
    let compared = arguments
        .compare_with
        .map(|range| range.period("compareWith"))
        .transpose()?;
    let first = read_first(arguments.first)?;
    let after = arguments
        .after
        .map(|after| unseal("after", &after))
        .transpose()
        .map_err(refuse_page)?;
    let minimum = request.shared.minimum_cell;
    let found = request.db().run("diagnoses", move |conn| {
        storage::analytics::version::snapshot(conn, |conn| {
            let now = Table::read(
                diagnoses::by_node(conn, &filter, level, under.as_ref())?,
                level,
                minimum,
            );
            let then = match compared {
                None => None,
                Some(period) => {
                    let filter = stay::StayFilter {
                        period,
                        ..filter.clone()
                    };
                    Some(Table::read(
                        diagnoses::by_node(conn, &filter, level, under.as_ref())?,
                        level,
                        minimum,
                    ))
                }
            };
            let page = now.page(after.as_deref(), first);
            let codes: Vec<String> = page.rows.iter().map(|row| row.node.clone()).collect();
            let names = Names {
                titles: diagnoses::titles(conn, &codes)?,
                with_children: diagnoses::with_finer_codes(conn, level, &codes)?,
            };
            Ok((now, then, page, names))
        })
    });
    let (now, then, page, names) = found.await.map_err(fail)?;
    request.saw_data_version(now.answer.version.data_version_id);
    Ok(assemble(level, now, then.as_ref(), page, &names))
}

fn assemble(
    level: icd10::Level,
    now: Table,
    then: Option<&Table>,
    page: Page,
    names: &Names,
) -> DiagnosisBreakdown {
    let rows = page
        .rows
        .iter()
        .map(|row| now.row(level, row, then, names))
        .collect();
    let total = now.total_row(then);
    let cursor = |row: Option<&Figures>| row.map(|row| seal(&row.node));
    let page_info = PageInfo {
        has_next_page: page.more_after,
        has_previous_page: page.more_before,
        start_cursor: cursor(page.rows.first()),
        end_cursor: cursor(page.rows.last()),
    };
    DiagnosisBreakdown {
        rows,
        total,
        page_info,
        as_of: DataVersion(now.answer.version),
    }
}

/// The node to look below and the level to list. The coarsest level with a node to look below means the node's children.
fn read_level(under: Option<String>, level: icd10::Level) -> Result<(Option<Node>, icd10::Level)> {
    let Some(text) = under else {
        return Ok((None, level));
    };
    let node = Node::parse(&text).ok_or_else(|| {
        refuse(format!(
            "under \"{text}\" is no chapter, block or ICD-10 code"
        ))
    })?;
    let below = node
        .level
        .below()
        .ok_or_else(|| refuse(format!("under \"{text}\" has nothing below it")))?;
    match level {
        icd10::Level::Chapter => Ok((Some(node), below)),
        level if level > node.level => Ok((Some(node), level)),
        _ => Err(refuse(format!(
            "level must be finer than the level of under \"{text}\""
        ))),
    }
}

fn read_first(first: i32) -> Result<usize> {
    let rows = usize::try_from(first)
        .ok()
        .filter(|rows| *rows <= MOST_ROWS as usize);
    rows.ok_or_else(|| {
        refuse(format!(
            "first must be between 0 and {MOST_ROWS}, got {first}"
        ))
    })
}
