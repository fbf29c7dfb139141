//! Programs, stages, and the columns of their working lists.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use domain::event::EventKind;
use storage::saved_views::ViewKind;

use super::{context, error::fail, saved_views::SavedView};
use crate::loaders::{ColumnsOf, OptionSetId, OptionsOf, SavedViewsOf, StagesOf};

/// Which store holds a program's events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum ProgramKind {
    /// Without registration: single events.
    Event,
    /// With registration: events of enrolments.
    Tracker,
}

/// A program.
pub struct Program(pub storage::programs::Program);

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
        let stages = context(ctx)
            .loader
            .load_one(StagesOf(self.0.programid))
            .await
            .map_err(fail)?;
        let stages = stages.iter().flat_map(|stages| stages.iter());
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

    /// Data elements of the stage, in order: the columns of its working list.
    async fn columns(&self, ctx: &Context<'_>) -> Result<Vec<Column>> {
        let columns = context(ctx)
            .loader
            .load_one(ColumnsOf(self.0.programstageid))
            .await
            .map_err(fail)?;
        let columns = columns.iter().flat_map(|columns| columns.iter());
        Ok(columns.cloned().map(Column).collect())
    }
}

/// A column.
pub struct Column(Arc<storage::programs::Column>);

/// A data element as a column of a stage's working list.
#[Object]
impl Column {
    /// Identifier of the data element; the name of the column in `cells`.
    async fn id(&self) -> ID {
        ID(self.0.uid.clone())
    }

    /// Name to show above the column: the form name where there is one.
    async fn name(&self) -> &str {
        self.0.formname.as_ref().unwrap_or(&self.0.name)
    }

    /// DHIS2 value type, e.g. TEXT, INTEGER, DATE, `ORGANISATION_UNIT`.
    async fn value_type(&self) -> &str {
        &self.0.valuetype
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
    async fn option_set(&self, ctx: &Context<'_>) -> Option<Result<OptionSet>> {
        let id = self.0.optionsetid?;
        let set = context(ctx)
            .loader
            .load_one(OptionSetId(id))
            .await
            .map_err(fail)
            .transpose()?;
        Some(set.map(|set| OptionSet {
            id: ID(set.uid.clone()),
            name: set.name.clone(),
            key: set.optionsetid,
        }))
    }
}

/// A closed list of values.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct OptionSet {
    /// DHIS2 identifier.
    id: ID,
    /// Name.
    name: String,
    #[graphql(skip)]
    key: i64,
}

#[ComplexObject]
impl OptionSet {
    /// The options, in order.
    async fn options(&self, ctx: &Context<'_>) -> Result<Vec<OptionValue>> {
        let options = context(ctx)
            .loader
            .load_one(OptionsOf(self.key))
            .await
            .map_err(fail)?;
        let options = options.iter().flat_map(|options| options.iter());
        Ok(options.cloned().map(OptionValue).collect())
    }
}

/// An option of an option set.
pub struct OptionValue(Arc<storage::data_elements::OptionValue>);

/// An option of an option set.
#[Object(name = "Option")]
impl OptionValue {
    /// Value as it is stored.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Name shown to people.
    async fn name(&self) -> &str {
        &self.0.name
    }
}
