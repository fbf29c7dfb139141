//! Stages that are not repeatable: an enrolment has at most one event of each.

use std::collections::HashMap;

use super::{
    super::{
        code::Code,
        events::{Context, Pair},
        importer::{Fault, Importer},
        report::TrackerType,
    },
    place::Place,
};

/// Refuses good events that are repeated: all of several that are sent, and a new one where one is stored that is neither
/// deleted nor skipped. What was refused before stands in nobody's way, and a stored event may be changed. Returns those
/// that are good still.
pub(in super::super) fn refuse<'a>(
    importer: &mut Importer,
    events: Vec<Pair<'a>>,
    context: &Context,
) -> Vec<Pair<'a>> {
    let mut sent: HashMap<(i64, i64), usize> = HashMap::new();
    for (_, event) in &events {
        if let Some(key) = event.place.once() {
            *sent.entry(key).or_default() += 1;
        }
    }
    if sent.is_empty() {
        return events;
    }
    let mut good = Vec::with_capacity(events.len());
    for (item, event) in events {
        let is_new = !context.stored.contains_key(&item.uid);
        let repeated = event.place.once().is_some_and(|key| {
            sent.get(&key).is_some_and(|sent| *sent > 1) || (is_new && context.taken.contains(&key))
        });
        if repeated {
            let message = "the program stage is not repeatable and an event exists";
            let fault = Fault::new(Code::E1039, message);
            importer.reject(TrackerType::Event, item.line, item.uid, fault);
        } else {
            good.push((item, event));
        }
    }
    good
}

impl Place<'_> {
    /// Enrolment and stage, where there is at most one event of the stage.
    fn once(&self) -> Option<(i64, i64)> {
        let enrollment = self.enrollment.filter(|_| !self.stage.repeatable)?;
        Some((enrollment.id, self.stage.id))
    }
}
