//! Patient flow as a Sankey diagram takes it.

use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use domain::columns::{
    ADMISSION_TYPES, DISCHARGE_TYPES,
    flow::{self, Place},
};
use storage::{
    analytics::{flow::Shape, version},
    org_units::OrgUnit,
};

use super::{
    context,
    data_version::DataVersion,
    diagnosis_rows::Count,
    error::{fail, refuse},
    log_read,
    stay_filter::{self, StayFilter},
};
use crate::{caller::RequestContext, guard::What, questions};

/// Most stages and stations of a flow.
const MOST_STAGES: i32 = 10;
const MOST_STATIONS: i32 = 50;

/// What a node of the flow stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum FlowNodeKind {
    /// A way of admission.
    Admission,
    /// A station.
    Station,
    /// All stations from here on, of stays with more stations than stages.
    Further,
    /// A way of discharge.
    Discharge,
    /// Stays that are not discharged yet.
    Open,
    /// What is not shown by itself at the stage: rarer stations, and what too few patients stand behind.
    Other,
}

/// A node of the flow. It belongs to one stage: a station that is reached again is another node.
#[derive(Debug, Clone, SimpleObject)]
pub struct FlowNode {
    /// Identifier within the flow; d3-sankey takes it with `nodeId(d => d.id)`.
    pub(crate) id: ID,
    /// The same, as `ECharts` names nodes.
    pub(crate) name: String,
    /// 0 for admissions, the number of stages for discharges.
    pub(crate) stage: i32,
    /// The same, as `ECharts` calls it.
    pub(crate) depth: i32,
    /// What it stands for.
    pub(crate) kind: FlowNodeKind,
    /// Text for people: the name of a station, or a type as filters name it.
    pub(crate) label: String,
    /// The station; null for other nodes.
    pub(crate) station: Option<ID>,
    /// Stays that pass it.
    pub(crate) stays: Count,
}

/// Stays that go from one node to another. No link is hidden: what too few patients go is led through other nodes.
#[derive(Debug, Clone, SimpleObject)]
pub struct FlowLink {
    /// Node they come from.
    pub(crate) source: ID,
    /// Node they go to; at a later stage, not always the next.
    pub(crate) target: ID,
    /// Width of the link: its stays.
    pub(crate) value: i64,
    /// Stays.
    pub(crate) stays: Count,
    /// Distinct patients.
    pub(crate) patients: Count,
    /// Bed days by discharged stays; null when none is discharged.
    pub(crate) average_length_of_stay: Option<f64>,
}

/// How stays go from admission through stations to discharge. Every stay crosses every boundary between two stages once.
#[derive(SimpleObject)]
pub struct PatientFlow {
    /// Nodes by stage.
    pub(crate) nodes: Vec<FlowNode>,
    /// Links by source. Empty when too few patients stand behind all of them.
    pub(crate) links: Vec<FlowLink>,
    /// All stays that the filter selects.
    pub(crate) stays: Count,
    /// Their distinct patients.
    pub(crate) patients: Count,
    /// Stays whose way is not shown in full, since nodes of it stand in another; null when all are hidden.
    pub(crate) folded: Option<i64>,
    /// The data version that all figures come from.
    pub(crate) as_of: DataVersion,
}

/// Answers `patientFlow`.
pub(super) async fn of_stays(
    ctx: &Context<'_>,
    filter: StayFilter,
    stages: i32,
    top_stations: i32,
) -> Result<PatientFlow> {
    let request = context(ctx);
    let filter = stay_filter::read(ctx, filter).await?;
    let within = |name: &str, value: i32, least: i32, most: i32| match value {
        value if (least..=most).contains(&value) => Ok(value as usize),
        value => Err(refuse(format!(
            "{name} must be between {least} and {most}, got {value}"
        ))),
    };
    let shape = Shape {
        stages: within("stages", stages, 2, MOST_STAGES)?,
        top_stations: within("topStations", top_stations, 0, MOST_STATIONS)?,
        minimum: request.shared.minimum_cell,
    };
    log_read(ctx, What::of_analytics(filter.to_string())).await?;
    let (version, flow) = questions::flow(&request.shared.analytics, filter, shape)
        .await
        .map_err(fail)?;
    request.saw_data_version(version.data_version_id);
    Ok(shown(request, &flow, version))
}

/// A flow with names.
pub(crate) fn shown(
    request: &RequestContext,
    flow: &flow::Flow,
    version: version::DataVersion,
) -> PatientFlow {
    let is_hidden = flow.links.is_empty() && flow.total.stays > 0;
    let names = Names { request };
    PatientFlow {
        nodes: names.nodes(flow),
        links: flow.links.iter().map(|link| names.link(link)).collect(),
        stays: Count::new(flow.total.stays, is_hidden),
        patients: Count::new(flow.total.patients, is_hidden),
        folded: (!is_hidden).then_some(flow.folded.into()),
        as_of: DataVersion(version),
    }
}

fn nodes(flow: &flow::Flow) -> impl Iterator<Item = flow::FlowNode> + '_ {
    let ends = flow.links.iter().map(|link| [link.source, link.target]);
    ends.flatten()
}

/// Identifiers and names of nodes.
struct Names<'a> {
    request: &'a RequestContext,
}

impl Names<'_> {
    fn nodes(&self, flow: &flow::Flow) -> Vec<FlowNode> {
        let all: BTreeSet<flow::FlowNode> = nodes(flow).collect();
        let passing = |node: flow::FlowNode| -> u32 {
            let links = flow.links.iter();
            let leaves = node.stage == 0;
            links
                .filter(|link| (if leaves { link.source } else { link.target }) == node)
                .map(|link| link.figures.stays)
                .sum()
        };
        all.into_iter()
            .map(|node| {
                let (kind, label) = self.describe(node);
                let id = self.id(node);
                FlowNode {
                    name: id.clone(),
                    id: ID(id),
                    stage: node.stage as i32,
                    depth: node.stage as i32,
                    kind,
                    label,
                    station: self.station(node).map(|unit| ID(unit.uid.clone())),
                    stays: Count::new(passing(node), false),
                }
            })
            .collect()
    }

    fn link(&self, link: &flow::FlowLink) -> FlowLink {
        FlowLink {
            source: ID(self.id(link.source)),
            target: ID(self.id(link.target)),
            value: link.figures.stays.into(),
            stays: Count::new(link.figures.stays, false),
            patients: Count::new(link.figures.patients, false),
            average_length_of_stay: link.figures.average_length_of_stay(),
        }
    }

    fn station(&self, node: flow::FlowNode) -> Option<Arc<OrgUnit>> {
        match node.place {
            Place::Station(key) => self.request.unit(key),
            _ => None,
        }
    }

    fn id(&self, node: flow::FlowNode) -> String {
        let stage = node.stage;
        match node.place {
            Place::Admission(place) => format!("admission:{}", ADMISSION_TYPES[place]),
            Place::Discharge(place) => format!("discharge:{}", DISCHARGE_TYPES[place]),
            Place::Station(key) => {
                let uid = self.station(node).map(|unit| unit.uid.clone());
                format!("s{stage}:{}", uid.unwrap_or_else(|| key.to_string()))
            }
            Place::Further => format!("s{stage}:FURTHER"),
            Place::Other => format!("s{stage}:OTHER"),
        }
    }

    fn describe(&self, node: flow::FlowNode) -> (FlowNodeKind, String) {
        match node.place {
            Place::Admission(place) => (FlowNodeKind::Admission, ADMISSION_TYPES[place].to_owned()),
            Place::Discharge(place) => {
                let name = DISCHARGE_TYPES[place];
                let kind = match name {
                    "OPEN" => FlowNodeKind::Open,
                    _ => FlowNodeKind::Discharge,
                };
                (kind, name.to_owned())
            }
            Place::Station(_) => {
                let name = self.station(node).map(|unit| unit.name.clone());
                (FlowNodeKind::Station, name.unwrap_or_default())
            }
            Place::Further => (FlowNodeKind::Further, "FURTHER".to_owned()),
            Place::Other => (FlowNodeKind::Other, "OTHER".to_owned()),
        }
    }
}
