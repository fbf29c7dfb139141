//! Diagnoses by ICD-10: the drill-down.

use async_graphql::{Context, Result, SimpleObject};
use domain::{
    icd10::{self, Node},
    page::MOST_ROWS,
    stay,
};

use super::{
    connection::{PageInfo, seal, unseal},
    context,
    data_version::DataVersion,
    diagnosis_rows::{DiagnosisLevel, DiagnosisRow, Table, Wanted},
    error::{fail, refuse, refuse_page},
    log_read,
    stay_filter::{self, DateRange, StayFilter},
};
use crate::{guard::What, questions};

/// Diagnoses of one level. Rows overlap, since a patient has many diagnoses: the total is counted, never their sum.
#[derive(SimpleObject)]
pub struct DiagnosisBreakdown {
    /// The nodes that occur in one of the periods, in the order of the tree. Nodes below a hidden one are left out.
    rows: Vec<DiagnosisRow>,
    /// All stays that the filter selects, coded or not, whatever `under` says.
    total: DiagnosisRow,
    /// The node `under`; null without it, and when it is hidden or does not occur.
    parent: Option<DiagnosisRow>,
    /// Days of the period.
    period_days: i64,
    /// Days of the period of comparison; null without `compareWith`.
    compared_days: Option<i64>,
    /// Whether both periods have different lengths, so that their numbers cannot be compared as they are; null without
    /// `compareWith`.
    lengths_differ: Option<bool>,
    /// Whether rows below the three characters are compared across calendar years. Each year has its own ICD-10-GM, in which
    /// such codes may mean something else; null without `compareWith`.
    catalogues_differ: Option<bool>,
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
    pub search: Option<String>,
    pub first: i32,
    pub after: Option<String>,
}

/// A page of the drill-down.
pub(super) async fn breakdown(
    ctx: &Context<'_>,
    arguments: Arguments,
) -> Result<DiagnosisBreakdown> {
    let request = context(ctx);
    let analytics = &request.shared.analytics;
    let filter = stay_filter::read(ctx, arguments.filter).await?;
    let wanted = read_wanted(arguments.under, arguments.level.into(), arguments.search)?;
    let compared = arguments
        .compare_with
        .map(|range| range.period("compareWith"))
        .transpose()?;
    let question = match (&compared, &wanted.under) {
        (Some(other), _) => format!("{filter}, beside {other}"),
        (None, Some(under)) => format!("{filter}, under {}", under.code),
        (None, None) => filter.to_string(),
    };
    log_read(ctx, What::of_analytics(question)).await?;
    let first = read_first(arguments.first)?;
    let after = arguments
        .after
        .map(|after| unseal("after", &after))
        .transpose()
        .map_err(refuse_page)?;
    let depth = wanted.depth();
    let period = filter.period;
    let period_days = period.days();
    let is_fine = wanted.level.is_none_or(|level| level > icd10::Level::Three);
    let compared_days = compared.map(|period| period.days());
    let minimum = request.shared.minimum_cell;
    let (version, now) = questions::diagnoses(analytics, filter.clone(), depth)
        .await
        .map_err(fail)?;
    request.saw_data_version(version.data_version_id);
    let then = match compared {
        None => None,
        Some(period) => {
            let filter = stay::StayFilter { period, ..filter };
            let (version, then) = questions::diagnoses(analytics, filter, depth)
                .await
                .map_err(fail)?;
            request.saw_data_version(version.data_version_id);
            Some(then)
        }
    };
    let (_, titles) = questions::titles(analytics).await.map_err(fail)?;
    let table = Table::new(&now, then.as_deref(), &titles, minimum);
    let keys = table.keys(&wanted);
    let start = match &after {
        None => 0,
        Some(after) => keys
            .iter()
            .position(|key| key.cursor() == *after)
            .map_or(keys.len(), |place| place + 1),
    };
    let page = &keys[start..keys.len().min(start + first)];
    let parent = wanted.under.as_ref();
    Ok(DiagnosisBreakdown {
        rows: page.iter().map(|key| table.row(key, parent)).collect(),
        total: table.total(),
        parent: parent.and_then(|node| table.parent(node)),
        period_days,
        compared_days,
        lengths_differ: compared_days.map(|days| days != period_days),
        catalogues_differ: compared.map(|other| is_fine && period.is_of_other_years(&other)),
        page_info: PageInfo {
            has_next_page: start + page.len() < keys.len(),
            has_previous_page: start > 0,
            start_cursor: page.first().map(|key| seal(&key.cursor())),
            end_cursor: page.last().map(|key| seal(&key.cursor())),
        },
        as_of: DataVersion(version),
    })
}

/// The node to look below, the level to list, and the text to look for. The coarsest level with a node to look below
/// means the node's children; with a text to look for it means every level.
fn read_wanted(
    under: Option<String>,
    level: icd10::Level,
    search: Option<String>,
) -> Result<Wanted> {
    let search = search.map(|text| text.trim().to_lowercase());
    if search.as_deref() == Some("") {
        return Err(refuse("search is empty"));
    }
    let is_any_level = search.is_some() && level == icd10::Level::Chapter;
    let Some(text) = under else {
        return Ok(Wanted {
            under: None,
            level: (!is_any_level).then_some(level),
            search,
        });
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
    let level = match level {
        icd10::Level::Chapter if is_any_level => None,
        icd10::Level::Chapter => Some(below),
        level if level > node.level => Some(level),
        _ => {
            return Err(refuse(format!(
                "level must be finer than the level of under \"{text}\""
            )));
        }
    };
    Ok(Wanted {
        under: Some(node),
        level,
        search,
    })
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
