//! Subscriptions: what a caller hears of changes.

use async_graphql::{Context, Enum, ID, Result, SimpleObject, Subscription};
use futures_util::{Stream, stream};
use storage::changes::ChangeKind;

use super::{
    context,
    event_changes::Follower,
    event_filter::{OrgUnitScope, RequestArguments, read_request},
    events::Event,
    refresh::{self, RefreshRun},
    scalars::DateTime,
};

/// Whether a subscription ran before under other rights of its caller, who must then read the list anew.
pub struct Resumed(pub bool);

/// What happened to an event, as the subscriber's scope sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum EventChangeKind {
    /// It was stored, or it moved into the scope.
    Created,
    /// It was changed.
    Updated,
    /// It was deleted, or it moved out of the scope.
    Deleted,
    /// More changed than is told one by one, or something was missed: read the list anew.
    Many,
}

impl From<ChangeKind> for EventChangeKind {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Created => EventChangeKind::Created,
            ChangeKind::Updated => EventChangeKind::Updated,
            ChangeKind::Deleted => EventChangeKind::Deleted,
        }
    }
}

/// A change of an event.
#[derive(SimpleObject)]
pub struct EventChange {
    /// What happened.
    pub kind: EventChangeKind,
    /// DHIS2 identifier of the event; null with MANY.
    pub id: Option<ID>,
    /// The event as it is now; null with DELETED and MANY.
    pub event: Option<Event>,
    /// When the change was stored.
    pub at: DateTime,
}

/// Entry points of all subscriptions.
pub struct Subscription;

/// Entry points of all subscriptions, over WebSocket with the protocol graphql-transport-ws.
#[Subscription]
impl Subscription {
    /// How refreshes of this server go: the newest, then each step. Needs the authority `F_PERFORM_MAINTENANCE`.
    async fn refresh_progress(
        &self,
        ctx: &Context<'_>,
    ) -> Result<impl Stream<Item = RefreshRun> + use<>> {
        refresh::progress(ctx)
    }

    /// Changes of a program's events in a scope, as lists of that scope would show them. Every change is told at least once
    /// after it was stored; several changes of one event at short intervals may be told as one. MANY says that the list must
    /// be read anew: after bulk changes, an outage of the database, a pause of the reader, or a change of the caller's
    /// rights. The subscription ends when the caller may not read the program any more.
    async fn events_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program.")] program: ID,
        #[graphql(
            desc = "Units: the event's own for event programs, the owner's for tracker programs."
        )]
        scope: OrgUnitScope,
    ) -> Result<impl Stream<Item = EventChange> + use<>> {
        let asked = read_request(RequestArguments {
            program,
            program_stage: None,
            scope: Some(scope),
            filter: None,
            order: None,
        })?;
        let request = context(ctx);
        let is_resumed = ctx.data_opt::<Resumed>().is_some_and(|resumed| resumed.0);
        // Followed first: a change while the scope is resolved is heard.
        let news = request.shared.feed.follow().await;
        let follower = Follower::new(request, news, asked, is_resumed).await?;
        Ok(stream::unfold(follower, |mut follower| async move {
            let change = follower.next().await?;
            Some((change, follower))
        }))
    }
}
