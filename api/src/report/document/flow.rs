//! Where the nodes and links of the patient flow stand on the page.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Writer, label};
use crate::{
    graphql::flow::{FlowNodeKind, PatientFlow},
    report::words::text,
};

/// Least height of a node with its label, of the whole height.
const LABEL: f64 = 0.024;
/// Space below a node.
const GAP: f64 = 0.012;

/// What stands at a stage: a node, or a link that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Slot {
    Node(usize),
    Passing(usize),
}

/// Part of a link between two stages that follow each other.
struct Step {
    from: Slot,
    to: Slot,
    stays: f64,
}

impl Writer<'_> {
    pub(super) fn flow(&self) -> Value {
        let flow = &self.report.patient_flow;
        let last = flow.nodes.iter().map(|node| node.stage).max().unwrap_or(0) as usize;
        let mut stages = vec![self.say(text("Aufnahme", "Admission")).to_owned()];
        for stage in 1..last {
            stages.push(format!("{stage}. {}", self.say(text("Station", "station"))));
        }
        stages.push(self.say(text("Entlassung", "Discharge")).to_owned());
        let stays = self.count(flow.stays.value, flow.stays.suppressed);
        let patients = self.count(flow.patients.value, flow.patients.suppressed);
        let folded = self.count(flow.folded, flow.stays.suppressed);
        let [of_stays, of_patients, of_folded] = [
            text("Fälle", "stays"),
            text("Patienten", "patients"),
            text(
                "Fälle nicht in allen Schritten einzeln gezeigt",
                "stays not shown step by step",
            ),
        ]
        .map(|name| self.say(name));
        let summary =
            format!("{stays} {of_stays}, {patients} {of_patients}, {folded} {of_folded}.");
        let (nodes, links) = self.laid_out(flow);
        json!({
            "title": self.say(text("Patientenfluss", "Patient flow")),
            "stages": stages,
            "summary": summary,
            "nodes": nodes,
            "links": links,
            "empty": self.say(text("Der Patientenfluss kann nicht ausgewiesen werden.", "The patient flow cannot be shown.")),
            "note": self.say(text(
                "Im Monat entlassene Fälle. Jeder Fall geht als eine Einheit von der Aufnahme bis zur Entlassung. Seltene Stationen und Wege weniger Patienten stehen unter „übrige“.",
                "Stays discharged in the month. Each goes as one unit from admission to discharge. Rarer stations and ways of few patients stand under “others”.",
            )),
        })
    }

    fn laid_out(&self, flow: &PatientFlow) -> (Vec<Value>, Vec<Value>) {
        let layout = Layout::new(flow);
        let nodes = flow.nodes.iter().enumerate().map(|(place, node)| {
            let place = layout.places.get(&(node.stage as usize, Slot::Node(place)));
            let (y, height) = place.copied().unwrap_or_default();
            json!({
                "stage": node.stage,
                "y": y,
                "height": height,
                "label": label(node, self.language),
                "text": self.count(node.stays.value, node.stays.suppressed),
                "kind": match node.kind {
                    FlowNodeKind::Admission => "admission",
                    FlowNodeKind::Station => "station",
                    FlowNodeKind::Discharge | FlowNodeKind::Open => "discharge",
                    FlowNodeKind::Further | FlowNodeKind::Other => "other",
                },
            })
        });
        let links = layout.ribbons.iter().map(|ribbon| {
            json!({
                "stage": ribbon.stage, "from": ribbon.from, "to": ribbon.to,
                "height": ribbon.height, "passes": ribbon.passes,
            })
        });
        (nodes.collect(), links.collect())
    }
}

/// A link between two stages, from the top of the page.
struct Ribbon {
    stage: usize,
    from: f64,
    to: f64,
    height: f64,
    /// Whether the link goes on behind the second stage.
    passes: bool,
}

/// Tops and heights, as parts of the whole height.
#[derive(Default)]
struct Layout {
    /// By stage and slot.
    places: HashMap<(usize, Slot), (f64, f64)>,
    ribbons: Vec<Ribbon>,
}

impl Layout {
    fn new(flow: &PatientFlow) -> Self {
        let steps = steps(flow);
        let stays = |slot: Slot| match slot {
            Slot::Node(place) => flow.nodes[place].stays.value.unwrap_or(0) as f64,
            Slot::Passing(link) => flow.links[link].value as f64,
        };
        let mut stages: Vec<Vec<Slot>> = Vec::new();
        let mut first: Vec<Slot> = match steps.first() {
            Some(steps) => steps.iter().map(|step| step.from).collect(),
            None => return Layout::default(),
        };
        first.sort_unstable();
        first.dedup();
        first.sort_by(|a, b| stays(*b).total_cmp(&stays(*a)));
        stages.push(first);
        for (stage, steps) in steps.iter().enumerate() {
            stages.push(ordered(&stages[stage], steps));
        }
        let scale = scale(&stages, stays);
        let mut layout = Layout::default();
        for (stage, slots) in stages.iter().enumerate() {
            let mut y = 0.0;
            for &slot in slots {
                let height = stays(slot) * scale;
                layout.places.insert((stage, slot), (y, height));
                y += space(slot, height);
            }
        }
        for (stage, steps) in steps.iter().enumerate() {
            layout.connect(stage, steps, scale);
        }
        layout
    }

    /// Draws the steps from a stage to the next: at both ends side by side in the order of the other end.
    fn connect(&mut self, stage: usize, steps: &[Step], scale: f64) {
        let top = |stage: usize, slot: Slot| {
            let place = self.places.get(&(stage, slot));
            place.map_or(0.0, |(y, _)| *y)
        };
        let mut order: Vec<&Step> = steps.iter().collect();
        order.sort_by(|a, b| {
            let key = |step: &Step| (top(stage, step.from), top(stage + 1, step.to));
            let ((from, to), (other_from, other_to)) = (key(a), key(b));
            from.total_cmp(&other_from).then(to.total_cmp(&other_to))
        });
        let mut used: HashMap<(usize, Slot), f64> = HashMap::new();
        let mut ribbons = Vec::new();
        for step in order {
            let height = step.stays * scale;
            let mut next = |stage: usize, slot: Slot| {
                let used = used.entry((stage, slot)).or_default();
                let y = top(stage, slot) + *used;
                *used += height;
                y
            };
            ribbons.push(Ribbon {
                stage,
                from: next(stage, step.from),
                to: next(stage + 1, step.to),
                height,
                passes: matches!(step.to, Slot::Passing(_)),
            });
        }
        self.ribbons.extend(ribbons);
    }
}

/// The steps from each stage to the next.
fn steps(flow: &PatientFlow) -> Vec<Vec<Step>> {
    let nodes = flow.nodes.iter().enumerate();
    let places: HashMap<&str, usize> = nodes
        .map(|(place, node)| (node.id.as_str(), place))
        .collect();
    let last = flow.nodes.iter().map(|node| node.stage).max().unwrap_or(0);
    let mut steps: Vec<Vec<Step>> = (0..last).map(|_| Vec::new()).collect();
    for (number, link) in flow.links.iter().enumerate() {
        let (Some(&source), Some(&target)) = (
            places.get(link.source.as_str()),
            places.get(link.target.as_str()),
        ) else {
            continue;
        };
        let (first, end) = (flow.nodes[source].stage, flow.nodes[target].stage);
        for stage in first..end {
            steps[stage as usize].push(Step {
                from: match stage == first {
                    true => Slot::Node(source),
                    false => Slot::Passing(number),
                },
                to: match stage + 1 == end {
                    true => Slot::Node(target),
                    false => Slot::Passing(number),
                },
                stays: link.value as f64,
            });
        }
    }
    steps
}

/// The slots that steps lead to, by the mean place of where they come from, so that links cross little.
fn ordered(above: &[Slot], steps: &[Step]) -> Vec<Slot> {
    let mut means: HashMap<Slot, (f64, f64)> = HashMap::new();
    for step in steps {
        let place = above
            .iter()
            .position(|slot| *slot == step.from)
            .unwrap_or(0);
        let (sum, stays) = means.entry(step.to).or_default();
        *sum += place as f64 * step.stays;
        *stays += step.stays;
    }
    let mut slots: Vec<(Slot, f64)> = means
        .into_iter()
        .map(|(slot, (sum, stays))| (slot, sum / stays.max(1.0)))
        .collect();
    slots.sort_by(|(a, mean), (b, other)| mean.total_cmp(other).then(a.cmp(b)));
    slots.into_iter().map(|(slot, _)| slot).collect()
}

/// Height that a slot takes of the page, with its label and the gap below.
fn space(slot: Slot, height: f64) -> f64 {
    match slot {
        Slot::Node(_) => height.max(LABEL) + GAP,
        Slot::Passing(_) => height + GAP / 3.0,
    }
}

/// The height of a stay with which the fullest stage fills the page.
fn scale(stages: &[Vec<Slot>], stays: impl Fn(Slot) -> f64) -> f64 {
    let needed = |scale: f64| {
        let stages = stages.iter().map(|slots| -> f64 {
            let slots = slots.iter();
            slots.map(|&slot| space(slot, stays(slot) * scale)).sum()
        });
        stages.fold(0.0, f64::max)
    };
    let all: f64 = stages[0].iter().map(|&slot| stays(slot)).sum();
    let (mut low, mut high) = (0.0, 1.0 / all.max(1.0));
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        match needed(middle) <= 1.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}
