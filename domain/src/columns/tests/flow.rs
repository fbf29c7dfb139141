//! Patient flow against folding every stay by itself.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::{Stay, counted, figures, filter, is_selected, push, sorted, stay};
use crate::columns::{
    Columns, Figures,
    flow::{Flow, FlowCount, FlowLink, FlowNode, Place},
};

/// The flow as its definition says it: each stay by itself, and everything counted anew in each round.
fn plain_flow(stays: &[&Stay], stages: usize, top: usize, minimum: u32) -> (Vec<FlowLink>, u32) {
    let mut visits: BTreeMap<i64, u32> = BTreeMap::new();
    for stay in stays {
        let shown = stay.stations.iter().enumerate().filter(|(place, _)| {
            *place < stages - 2 || *place == stages - 2 && stay.stations.len() == stages - 1
        });
        shown.for_each(|(_, station)| *visits.entry(*station).or_default() += 1);
    }
    let mut ranked: Vec<i64> = visits.keys().copied().collect();
    ranked.sort_by_key(|station| (std::cmp::Reverse(visits[station]), *station));
    ranked.truncate(top);
    let way = |stay: &Stay| {
        let mut way = vec![(0, Place::Admission(stay.types.0))];
        for (place, station) in stay.stations.iter().enumerate().take(stages - 1) {
            way.push((
                place + 1,
                match () {
                    () if place == stages - 2 && stay.stations.len() > stages - 1 => Place::Further,
                    () if ranked.contains(station) => Place::Station(*station),
                    () => Place::Other,
                },
            ));
        }
        way.push((stages, Place::Discharge(stay.types.1)));
        way
    };
    let mut ways: Vec<Vec<(usize, Place)>> = stays.iter().map(|stay| way(stay)).collect();
    loop {
        let links = plain_links(stays, &ways);
        let mut small: Vec<_> = links
            .iter()
            .filter(|(_, stays)| stays.patients < minimum)
            .map(|(link, _)| *link)
            .collect();
        let straight = ((0, Place::Other), (stages, Place::Other));
        if small == [straight] {
            let others = links.iter().filter(|(link, _)| **link != straight);
            let Some((link, _)) = others.min_by_key(|(_, stays)| stays.patients) else {
                small.clear();
                break plain_result(links, &ways);
            };
            small.push(*link);
        }
        if small.is_empty() {
            break plain_result(links, &ways);
        }
        for way in &mut ways {
            let Some(step) =
                (1..way.len()).find(|step| small.contains(&(way[step - 1], way[*step])))
            else {
                continue;
            };
            if way[step].1 != Place::Other {
                way[step].1 = Place::Other;
            } else if way[step - 1].1 != Place::Other {
                way[step - 1].1 = Place::Other;
            } else {
                *way = vec![straight.0, straight.1];
            }
        }
    }
}

type PlainNode = (usize, Place);

fn plain_links(
    stays: &[&Stay],
    ways: &[Vec<PlainNode>],
) -> BTreeMap<(PlainNode, PlainNode), Figures> {
    let mut links: BTreeMap<_, Vec<&Stay>> = BTreeMap::new();
    for (stay, way) in stays.iter().zip(ways) {
        for step in way.windows(2) {
            links.entry((step[0], step[1])).or_default().push(stay);
        }
    }
    let links = links.into_iter();
    links
        .map(|(link, stays)| (link, figures(stays.into_iter())))
        .collect()
}

fn plain_result(
    links: BTreeMap<(PlainNode, PlainNode), Figures>,
    ways: &[Vec<PlainNode>],
) -> (Vec<FlowLink>, u32) {
    let node = |(stage, place): PlainNode| FlowNode { stage, place };
    let links = links
        .into_iter()
        .map(|((source, target), figures)| FlowLink {
            source: node(source),
            target: node(target),
            figures,
        });
    let is_folded = |way: &&Vec<PlainNode>| way.iter().any(|(_, place)| *place == Place::Other);
    (
        links.collect(),
        ways.iter().filter(is_folded).count() as u32,
    )
}

proptest! {
    #[test]
    fn a_flow_is_what_folding_stay_by_stay_makes_of_it(stays in prop::collection::vec(stay(), 0..120), filter in filter(), stages in 2_usize..6, top in 0_usize..5, minimum in 0_u32..6) {
        let stays = sorted(stays);
        let mut columns = Columns::new(HashSet::new());
        stays.iter().for_each(|stay| push(&mut columns, stay));
        let flow = counted(FlowCount::new(stages), &columns, &filter, 2).finish(&columns, top, minimum);
        let selected: Vec<&Stay> = stays.iter().filter(|stay| is_selected(&filter, stay)).collect();
        if flow.total.stays > 0 && flow.total.patients >= minimum {
            prop_assert_eq!((flow.links, flow.folded), plain_flow(&selected, stages, top, minimum));
        }
    }

    #[test]
    fn a_flow_keeps_every_stay_and_hides_small_ways(stays in prop::collection::vec(stay(), 0..80), filter in filter(), stages in 2_usize..6, top in 0_usize..5, minimum in 0_u32..6, parts in 1_usize..5) {
        let stays = sorted(stays);
        let mut columns = Columns::new(HashSet::new());
        stays.iter().for_each(|stay| push(&mut columns, stay));
        let count = counted(FlowCount::new(stages), &columns, &filter, parts);
        let flow: Flow = count.finish(&columns, top, minimum);
        prop_assert_eq!(flow.total, figures(stays.iter().filter(|stay| is_selected(&filter, stay))));
        if flow.total.patients < minimum || flow.total.stays == 0 {
            prop_assert!(flow.links.is_empty());
            return Ok(());
        }
        for boundary in 0..stages {
            let crossing = flow.links.iter().filter(|link| link.source.stage <= boundary && boundary < link.target.stage);
            prop_assert_eq!(crossing.map(|link| link.figures.stays).sum::<u32>(), flow.total.stays, "boundary {}", boundary);
        }
        for link in &flow.links {
            prop_assert!(link.figures.patients >= minimum, "{:?}", link);
            for (node, is_inner) in [(link.source, link.source.stage > 0), (link.target, link.target.stage < stages)] {
                let sum = |incoming: bool| flow.links.iter().filter(|other| (if incoming { other.target } else { other.source }) == node).map(|other| other.figures.stays).sum::<u32>();
                prop_assert!(!is_inner || sum(true) == sum(false), "{:?}", node);
            }
        }
        let shown: HashSet<_> = flow.links.iter().flat_map(|link| [link.source, link.target])
            .filter_map(|node| match node.place { Place::Station(key) => Some(key), _ => None }).collect();
        prop_assert!(shown.len() <= top);
        if minimum < 2 && top == 4 && stages == 5 {
            let direct = flow.links.iter().filter(|link| link.source.stage == 0 && link.target.stage == stages).map(|link| link.figures.stays).sum::<u32>();
            prop_assert_eq!(direct as usize, stays.iter().filter(|stay| is_selected(&filter, stay) && stay.stations.is_empty()).count());
        }
    }
}
