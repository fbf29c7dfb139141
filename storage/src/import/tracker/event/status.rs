//! Which states an event may have, and which changes of state.

use super::{
    super::{
        code::Code,
        events::{Store, Stored},
        importer::Fault,
        payload::{Event, EventStatus},
    },
    place::Place,
};

/// Checks that the form is not closed: a completed event is opened again before anything else is changed.
pub(super) fn check_form(
    place: &Place,
    event: &Event,
    stored: Option<&Stored>,
) -> Result<(), Fault> {
    let stays = event.status == EventStatus::Completed
        && stored.is_some_and(|stored| stored.status == "COMPLETED");
    if place.stage.closes && stays {
        let message = "the form is closed: take the completion back before you change the event";
        return Err(Fault::new(Code::E1326, message));
    }
    Ok(())
}

/// Checks that the store knows the status.
pub(super) fn check_kind(store: Store, event: &Event) -> Result<(), Fault> {
    if event.status.is_planned() && store == Store::Single {
        let message = "`status` must be ACTIVE, COMPLETED or VISITED";
        return Err(Fault::new(Code::E1318, message));
    }
    Ok(())
}

/// Checks that what happened does not become a plan.
pub(super) fn check_change(event: &Event, stored: Option<&Stored>) -> Option<Fault> {
    let happened =
        |stored: &Stored| matches!(stored.status.as_str(), "ACTIVE" | "VISITED" | "COMPLETED");
    let goes_back = event.status.is_planned() && stored.is_some_and(happened);
    let message = "`status` may not go back from what happened to what is planned";
    goes_back.then(|| Fault::new(Code::E1316, message))
}

impl EventStatus {
    /// As it is stored: VISITED is ACTIVE.
    pub(in super::super) fn text(self) -> &'static str {
        match self {
            Self::Active | Self::Visited => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::Schedule => "SCHEDULE",
            Self::Overdue => "OVERDUE",
            Self::Skipped => "SKIPPED",
        }
    }

    /// Whether nothing happened yet.
    pub(in super::super) fn is_planned(self) -> bool {
        matches!(self, Self::Schedule | Self::Overdue | Self::Skipped)
    }
}
