//! Tracked entities and their enrolments, as tracker events show them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use storage::{
    attributes::Attribute,
    events::{EventRow, ProgramScope, lookup},
};

use super::{
    cells::name_of_value,
    context,
    error::{fail, refuse},
    scalars::{DateTime, instant},
};
use crate::loaders::EnrollmentId;

/// An enrolment of a tracked entity in a program.
#[derive(SimpleObject)]
pub struct Enrollment {
    /// DHIS2 identifier.
    id: ID,
    /// ACTIVE, COMPLETED or CANCELLED.
    status: String,
    /// When the entity was enrolled.
    enrolled_at: DateTime,
}

impl From<&lookup::Enrollment> for Enrollment {
    fn from(row: &lookup::Enrollment) -> Self {
        Enrollment {
            id: ID(row.uid.clone()),
            status: row.status.clone(),
            enrolled_at: instant(row.enrollmentdate),
        }
    }
}

/// The enrolment of an event.
pub(super) async fn enrollment(
    ctx: &Context<'_>,
    event: &EventRow,
) -> Result<Arc<lookup::Enrollment>> {
    let id = EnrollmentId(event.enrollmentid.unwrap_or_default());
    let row = context(ctx).loader.load_one(id).await.map_err(fail)?;
    row.ok_or_else(|| refuse("the enrolment was removed while the request ran; try again"))
}

/// A person or thing followed over time.
pub struct TrackedEntity {
    pub(super) program: Arc<ProgramScope>,
    pub(super) enrollment: Arc<lookup::Enrollment>,
}

/// A person or thing followed over time.
#[Object]
impl TrackedEntity {
    /// DHIS2 identifier.
    async fn id(&self) -> ID {
        ID(self.enrollment.tracked_entity.clone())
    }

    /// Values of the attributes that the caller may read: those of the program in its order, then those that only its kind
    /// of tracked entity has. An attribute without a value is left out.
    async fn attributes(&self) -> Vec<AttributeValue> {
        let known = self.program.definition.attributes.iter();
        let readable = known.filter(|attribute| {
            let asked = self.program.attributes.get(&attribute.uid);
            asked.is_some_and(|attribute| attribute.is_readable)
        });
        let value = |attribute: &Arc<Attribute>| {
            Some(AttributeValue {
                raw: self.enrollment.value(attribute)?.to_owned(),
                attribute: Arc::clone(attribute),
            })
        };
        readable.filter_map(value).collect()
    }
}

/// A value of a tracked entity.
pub struct AttributeValue {
    attribute: Arc<Attribute>,
    raw: String,
}

/// A value of a tracked entity.
#[Object]
impl AttributeValue {
    /// Identifier of the attribute.
    async fn attribute(&self) -> ID {
        ID(self.attribute.uid.clone())
    }

    /// Name of the attribute: the form name where there is one.
    async fn name(&self) -> &str {
        self.attribute.label()
    }

    /// DHIS2 value type, e.g. TEXT, DATE, AGE.
    async fn value_type(&self) -> &str {
        &self.attribute.valuetype
    }

    /// Value as it is stored.
    async fn raw(&self) -> &str {
        &self.raw
    }

    /// Value as people read it: the name of the option, org unit or file, else the stored value.
    async fn display(&self, ctx: &Context<'_>) -> Result<String> {
        let Attribute {
            valuetype,
            option_set,
            ..
        } = &*self.attribute;
        let named = name_of_value(ctx, valuetype, option_set.as_deref(), &self.raw).await?;
        Ok(named.unwrap_or_else(|| self.raw.clone()))
    }
}
