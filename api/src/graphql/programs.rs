//! Programs, stages, and the columns of their working lists.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, Result};
use domain::event::EventKind;
use storage::saved_views::ViewKind;

use super::{context, error::fail, saved_views::SavedView};
use crate::loaders::{ProgramUid, SavedViewsOf};

/// Which store holds a program's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ProgramKind {
    /// Without registration: single events.
    Event,
    /// With registration: events of enrolments.
    Tracker,
}

/// A program.
pub struct Program(pub Arc<storage::programs::Program>);

/// A program: the definition of what is collected.
#[Object]
impl Program {
    /// DHIS2 identifier.
    pub async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Code; null when not given.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Short name.
    async fn short_name(&self) -> &str {
        &self.0.shortname
    }

    /// Which store holds its events.
    async fn kind(&self) -> ProgramKind {
        match EventKind::of_program_type(&self.0.kind) {
            Some(EventKind::Tracker) => ProgramKind::Tracker,
            _ => ProgramKind::Event,
        }
    }

    /// DHIS2 access level: OPEN, AUDITED, PROTECTED or CLOSED.
    async fn access_level(&self) -> &str {
        &self.0.accesslevel
    }

    /// Whether the caller may read its events.
    async fn is_data_readable(&self, ctx: &Context<'_>) -> bool {
        self.0.is_data_readable(&context(ctx).caller)
    }

    /// Saved views of its working lists that the caller may read, by name.
    async fn saved_views(&self, ctx: &Context<'_>) -> Result<Vec<SavedView>> {
        let kind = match EventKind::of_program_type(&self.0.kind) {
            Some(EventKind::Tracker) => ViewKind::WorkingList,
            _ => ViewKind::EventFilter,
        };
        let request = context(ctx);
        let key = SavedViewsOf(kind, self.0.uid.clone(), Arc::clone(&request.caller));
        let views = request.loader.load_one(key).await.map_err(fail)?;
        let views = views.iter().flat_map(|views| views.iter());
        Ok(views.map(|view| SavedView::from(&**view)).collect())
    }

    /// Stages, in order. An event program has one.
    async fn stages(&self, ctx: &Context<'_>) -> Result<Vec<ProgramStage>> {
        let key = ProgramUid(self.0.uid.clone());
        let known = context(ctx).loader.load_one(key).await.map_err(fail)?;
        let stages = known.iter().flat_map(|program| program.stages.iter());
        Ok(stages.cloned().map(ProgramStage).collect())
    }
}

/// A stage.
pub struct ProgramStage(pub Arc<storage::programs::Stage>);

/// A stage of a program.
#[Object]
impl ProgramStage {
    /// DHIS2 identifier.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether an enrolment may have several events of it.
    async fn repeatable(&self) -> bool {
        self.0.repeatable
    }

    /// Whether events may be assigned to a person.
    async fn user_assignment(&self) -> bool {
        self.0.enableuserassignment
    }

    /// Data elements of the stage that the caller may see, in order: the columns of its working list.
    async fn columns(&self, ctx: &Context<'_>) -> Vec<Column<'_>> {
        let caller = &context(ctx).caller;
        let columns = self.0.columns.iter();
        let readable = columns.filter(|column| column.element.is_readable(caller));
        readable.map(Column).collect()
    }
}

/// A column.
pub struct Column<'a>(&'a storage::programs::Column);

/// A data element as a column of a stage's working list.
#[Object]
impl Column<'_> {
    /// Identifier of the data element; the name of the column in `cells`.
    async fn id(&self) -> ID {
        ID(self.0.element.uid.clone())
    }

    /// Name to show above the column: the form name where there is one.
    async fn name(&self) -> &str {
        self.0.element.label()
    }

    /// DHIS2 value type, e.g. TEXT, INTEGER, DATE, `ORGANISATION_UNIT`.
    async fn value_type(&self) -> &str {
        &self.0.element.valuetype
    }

    /// Whether a value is required.
    async fn compulsory(&self) -> bool {
        self.0.compulsory
    }

    /// Whether lists show the column without being asked.
    async fn display_in_list(&self) -> bool {
        self.0.displayinreports
    }

    /// Options that values are taken from; null for free values.
    async fn option_set(&self) -> Option<OptionSet<'_>> {
        self.0.element.option_set.as_deref().map(OptionSet)
    }
}

/// A closed list of values.
pub struct OptionSet<'a>(&'a storage::option_sets::OptionSet);

/// A closed list of values.
#[Object]
impl OptionSet<'_> {
    /// DHIS2 identifier.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The options, in order.
    async fn options(&self) -> Vec<OptionValue<'_>> {
        self.0.options.iter().map(OptionValue).collect()
    }
}

/// An option of an option set.
pub struct OptionValue<'a>(&'a storage::option_sets::OptionValue);

/// An option of an option set.
#[Object(name = "Option")]
impl OptionValue<'_> {
    /// Value as it is stored.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name shown to people.
    async fn name(&self) -> &str {
        &self.0.name
    }
}
