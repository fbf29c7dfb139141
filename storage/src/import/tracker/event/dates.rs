//! The dates of events: which are needed, and until when an event may be changed.

use chrono::NaiveDateTime;
use domain::expiry;

use super::{
    super::{
        code::Code,
        events::{Store, Stored},
        importer::{Fault, Importer},
        metadata::Program,
        payload::{Event, EventStatus},
        rights::EDIT_EXPIRED,
    },
    place::Place,
};

/// Checks the dates of an event, and that neither it nor what is stored has expired.
pub(super) fn check(
    importer: &Importer,
    place: &Place,
    event: &Event,
    stored: Option<&Stored>,
) -> Vec<Fault> {
    if let Err(fault) = check_storable(Store::of(place.program), event) {
        return vec![fault];
    }
    let mut faults = Vec::new();
    let completed = event.completed_at.map(|moment| moment.0);
    if completed.is_some() && event.status != EventStatus::Completed {
        let message = "`completedAt` needs `status` COMPLETED";
        faults.push(Fault::new(Code::E1051, message));
    }
    if importer.rights.caller.has_authority(EDIT_EXPIRED) {
        return faults;
    }
    if place.program.expiry.is_some() && event.date().is_none() {
        let message = "`occurredAt` or `scheduledAt` is required where periods close";
        faults.push(Fault::new(Code::E1046, message));
    }
    let final_since = completed.filter(|_| event.status == EventStatus::Completed);
    let dates = [event.date(), stored.and_then(Stored::date)];
    let completions = [final_since, stored.and_then(Stored::completion)];
    faults.extend(expired(importer.now, place.program, dates, completions));
    faults
}

/// Checks that the dates are there without which an event cannot be stored.
pub(super) fn check_storable(store: Store, event: &Event) -> Result<(), Fault> {
    let happened = store == Store::Single || !event.status.is_planned();
    if happened && event.occurred_at.is_none() {
        return Err(Fault::new(Code::E1031, "`occurredAt` is required"));
    }
    if event.status == EventStatus::Schedule && event.scheduled_at.is_none() {
        let message = "`scheduledAt` is required for `status` SCHEDULE";
        return Err(Fault::new(Code::E1050, message));
    }
    Ok(())
}

/// What forbids a change: a date in a closed period, a completion that is final.
pub(in super::super) fn expired(
    now: NaiveDateTime,
    program: &Program,
    dates: [Option<NaiveDateTime>; 2],
    completions: [Option<NaiveDateTime>; 2],
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some((period, days)) = program.expiry
        && (dates.into_iter().flatten()).any(|date| period.is_closed(date, days, now))
    {
        let message = format!("the date lies in a period that closed {days} days after its end");
        faults.push(Fault::new(Code::E1047, message));
    }
    if let Some(days) = program.completion_expiry
        && (completions.into_iter().flatten()).any(|date| expiry::is_final(date, days, now))
    {
        let message = format!("the event was completed more than {days} days ago");
        faults.push(Fault::new(Code::E1043, message));
    }
    faults
}

impl Event {
    /// When it happened, or is due.
    pub(super) fn date(&self) -> Option<NaiveDateTime> {
        (self.occurred_at.or(self.scheduled_at)).map(|moment| moment.0)
    }
}

impl Stored {
    /// When it happened, or is due.
    pub(in super::super) fn date(&self) -> Option<NaiveDateTime> {
        self.occurred.or(self.scheduled)
    }

    /// When it was completed, while it is.
    pub(in super::super) fn completion(&self) -> Option<NaiveDateTime> {
        self.completed_on.filter(|_| self.status == "COMPLETED")
    }
}
