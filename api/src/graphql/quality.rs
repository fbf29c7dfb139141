//! What is wrong with the delivered data.

use async_graphql::{Context, ID, Result, SimpleObject};
use domain::suppression;
use storage::analytics::quality::{self, Fault, Load, Quarantined};

use super::{
    clinics::{self, Clinic},
    context,
    data_version::DataVersion,
    diagnosis_rows::Count,
    error::fail,
    scalars::DateTime,
    stay_filter,
};

/// Rows with a fault.
#[derive(Debug, Clone, SimpleObject)]
pub struct DataFault {
    /// Which, a stable name, e.g. `OPEN_STAY`, `DIAGNOSIS_WITHOUT_STAY`, `CODE_OUTSIDE_EVERY_CHAPTER`,
    /// `DISCHARGE_WITHOUT_REASON`, `OBSERVATION_WITHOUT_DAY`.
    fault: String,
    /// Rows that have it.
    rows: Count,
    /// Rows that could have it; null for observations.
    of_rows: Option<i64>,
}

/// Lines that the newest delivery put aside by one rule.
#[derive(Debug, Clone, SimpleObject)]
pub struct QuarantinedLines {
    /// The rule, e.g. `JSON_SYNTAX`.
    rule: String,
    /// Type of the objects; null when it could not be read.
    resource_type: Option<String>,
    /// Lines.
    lines: i64,
}

/// A delivery.
#[derive(Debug, Clone, SimpleObject)]
pub struct Delivery {
    /// When its import began.
    started_at: DateTime,
    /// When it ended; null while it runs or after a crash.
    finished_at: Option<DateTime>,
    /// RUNNING, DONE or FAILED.
    status: String,
    /// The delivery holds everything until then; null when it does not say.
    data_through: Option<DateTime>,
    /// Rows added.
    created: i64,
    /// Rows changed.
    updated: i64,
    /// Lines put aside.
    quarantined: i64,
}

/// Quality of a clinic's data.
#[derive(SimpleObject)]
pub struct ClinicQuality {
    /// The clinic.
    clinic: Clinic,
    /// Faults of the stored rows; those that no row has are listed with 0.
    faults: Vec<DataFault>,
    /// What the newest delivery put aside, most lines first.
    quarantine: Vec<QuarantinedLines>,
    /// The newest deliveries, at most ten, newest first.
    deliveries: Vec<Delivery>,
}

/// Quality of the data behind all analytics.
#[derive(SimpleObject)]
pub struct DataQuality {
    /// Clinics by name.
    clinics: Vec<ClinicQuality>,
    /// Hours between the moment until which the data are known and now; null when no delivery says.
    age_hours: Option<f64>,
    /// The data version that the faults are counted in; quarantine and deliveries are those of now.
    as_of: DataVersion,
}

/// Answers `dataQuality`.
pub(super) async fn of_clinics(ctx: &Context<'_>, clinic: Option<ID>) -> Result<DataQuality> {
    let request = context(ctx);
    let asked = clinic.map(|clinic| vec![clinic]);
    let keys = stay_filter::read_clinics(ctx, "clinic", asked).await?;
    let analytics = &request.shared.analytics;
    let of_faults = keys.clone();
    let (version, faults) = analytics
        .ask_live(format!("quality {keys:?}"), move |conn| {
            quality::faults(conn, &of_faults)
        })
        .await
        .map_err(fail)?;
    request.saw_data_version(version.data_version_id);
    let of_deliveries = keys.clone();
    let deliveries = request.db().run("deliveries", move |conn| {
        quality::deliveries(conn, &of_deliveries)
    });
    let (quarantined, loads) = deliveries.await.map_err(fail)?;
    let through = version.imported_through;
    let minimum = request.shared.minimum_cell;
    let mut rows = Vec::new();
    for clinic in clinics::visible(ctx).await? {
        let key = clinic.clinic_id;
        if keys.contains(&key) {
            rows.push(ClinicQuality {
                clinic: Clinic(clinic),
                faults: faults
                    .iter()
                    .filter(|fault| fault.clinic_id == key)
                    .map(|fault| shown(fault, minimum))
                    .collect(),
                quarantine: quarantined
                    .iter()
                    .filter(|lines| lines.clinic_id == key)
                    .map(lines)
                    .collect(),
                deliveries: loads
                    .iter()
                    .filter(|load| load.clinic_id == key)
                    .map(delivery)
                    .collect(),
            });
        }
    }
    Ok(DataQuality {
        clinics: rows,
        age_hours: through
            .map(|through| (chrono::Utc::now() - through).num_minutes() as f64 / 60.0),
        as_of: DataVersion(version),
    })
}

/// Rows of few patients are hidden, as are those that leave a rest of few.
fn shown(fault: &Fault, minimum: u32) -> DataFault {
    let rest = fault.of_rows - fault.rows;
    let is_hidden =
        suppression::is_small(fault.patients, minimum) || suppression::is_small(rest, minimum);
    DataFault {
        fault: fault.fault.clone(),
        rows: Count::new(fault.rows, is_hidden),
        of_rows: (fault.of_rows > 0).then_some(fault.of_rows),
    }
}

fn lines(lines: &Quarantined) -> QuarantinedLines {
    QuarantinedLines {
        rule: lines.rule.clone(),
        resource_type: lines.resource_type.clone(),
        lines: lines.lines,
    }
}

fn delivery(load: &Load) -> Delivery {
    Delivery {
        started_at: load.started_at,
        finished_at: load.finished_at,
        status: load.status.clone(),
        data_through: load.data_through,
        created: load.created_rows,
        updated: load.updated_rows,
        quarantined: load.quarantined_rows,
    }
}
