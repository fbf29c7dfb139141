//! Diagnoses by node of the ICD-10 tree: distinct patients, stays and bed days, exact for every filter.

use std::collections::HashMap;

use diesel::{prelude::*, sql_types::Text};
use domain::{
    columns::{
        Columns, Figures, NodeId,
        codes::{Kind, NO_CODE},
        diagnoses::DiagnosisCount,
    },
    icd10::{CHAPTERS, Level},
    stay::StayFilter,
};

use super::{Source, stays};
use crate::{Connection, Result};

/// A node with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiagnosisNode {
    /// Level at which it is listed.
    pub level: Level,
    /// What it holds.
    pub kind: Kind,
    /// Chapter number, block or code.
    pub code: String,
    /// Place of the node above; `None` for the coarsest.
    pub parent: Option<usize>,
    /// What is known of its stays.
    pub figures: Figures,
}

/// The nodes that occur, down to a level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiagnosisTree {
    /// Level by level, each in the order of the tree; nodes that are no chapter, block or code of their own come last.
    pub nodes: Vec<DiagnosisNode>,
    /// All stays that the filter selects, coded or not.
    pub total: Figures,
}

/// Figures of all nodes down to a level.
///
/// # Errors
/// When the database fails.
pub fn tree(source: &mut Source<'_>, filter: &StayFilter, level: Level) -> Result<DiagnosisTree> {
    source.scan(
        filter,
        || stays::selected(filter),
        DiagnosisCount::new(level),
        |count, columns| assemble(&count, columns),
    )
}

/// Where a node stands: level by level, chapters by their numbers, all others by their codes.
#[must_use]
pub fn place_in_tree(level: Level, kind: Kind, code: &str) -> (Level, Kind, usize, String) {
    let is_chapter = level == Level::Chapter && kind == Kind::Node;
    let chapter = CHAPTERS.iter().position(|chapter| chapter.number == code);
    let number = chapter.filter(|_| is_chapter).unwrap_or(0);
    (level, kind, number, code.to_owned())
}

fn assemble(count: &DiagnosisCount, columns: &Columns) -> DiagnosisTree {
    let entries = columns.codes.entries();
    let mut found: Vec<(NodeId, Figures)> = count.nodes().collect();
    found.sort_by_cached_key(|(node, _)| {
        let entry = &entries[*node as usize];
        place_in_tree(entry.level, entry.kind, &entry.code)
    });
    let places: HashMap<NodeId, usize> = found
        .iter()
        .enumerate()
        .map(|(place, (node, _))| (*node, place))
        .collect();
    let mut nodes: Vec<DiagnosisNode> = found
        .iter()
        .map(|(node, figures)| {
            let entry = &entries[*node as usize];
            DiagnosisNode {
                level: entry.level,
                kind: entry.kind,
                code: entry.code.clone(),
                parent: entry.parent.and_then(|parent| places.get(&parent).copied()),
                figures: *figures,
            }
        })
        .collect();
    if count.uncoded().stays > 0 {
        nodes.push(DiagnosisNode {
            level: Level::Chapter,
            kind: Kind::NoCode,
            code: NO_CODE.to_owned(),
            parent: None,
            figures: count.uncoded(),
        });
    }
    DiagnosisTree {
        nodes,
        total: count.total(),
    }
}

#[derive(QueryableByName)]
struct TitleRow {
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    title: String,
}

/// Titles by node: those of the catalogue that the operator loaded, else what imported data call a code. Nodes without
/// one are absent.
///
/// # Errors
/// When the query fails.
pub fn titles(conn: &mut Connection) -> Result<HashMap<String, String>> {
    let rows: Vec<TitleRow> =
        diesel::sql_query("SELECT coalesce(c.code, d.code) AS code, coalesce(c.title, d.title) AS title FROM icd10_catalogue_titles c FULL JOIN icd10_titles d USING (code)").load(conn)?;
    Ok(rows.into_iter().map(|row| (row.code, row.title)).collect())
}
