//! What is wrong with the delivered data.

use async_graphql::{Context, ID, Result, SimpleObject};
use domain::suppression;
use storage::analytics::quality::{self, Fault, Finding, Load, Quarantined};

use super::{
    clinics::{self, Clinic},
    context,
    data_version::DataVersion,
    diagnosis_rows::Count,
    error::fail,
    log_read,
    scalars::DateTime,
    stay_filter,
};
use crate::{caller::RequestContext, guard::What, questions};

/// Rows with a fault.
#[derive(Debug, Clone, SimpleObject)]
pub struct DataFault {
    /// Which, a stable name, e.g. `OPEN_STAY`, `DIAGNOSIS_WITHOUT_STAY`, `CODE_OUTSIDE_EVERY_CHAPTER`,
    /// `DISCHARGE_WITHOUT_REASON`, `OBSERVATION_WITHOUT_DAY`.
    pub(crate) fault: String,
    /// Rows that have it.
    pub(crate) rows: Count,
    /// Rows that could have it; null for observations.
    pub(crate) of_rows: Option<i64>,
}

/// Lines that the newest delivery put aside by one rule.
#[derive(Debug, Clone, SimpleObject)]
pub struct QuarantinedLines {
    /// The rule, e.g. `JSON_SYNTAX`.
    pub(crate) rule: String,
    /// Type of the objects; null when it could not be read.
    pub(crate) resource_type: Option<String>,
    /// Lines.
    pub(crate) lines: i64,
}

/// What the newest delivery that was taken met, by one rule.
#[derive(Debug, Clone, SimpleObject)]
pub struct DeliveryFinding {
    /// The rule, e.g. `STATION_GAP`, `COMPANION`, `PSEUDONYM_CONFLICT`, `STAY_OF_ANOTHER_CLINIC`, `EXPORT_ERROR`.
    pub(crate) rule: String,
    /// How often it was met; hidden when so seldom that it would tell of too few patients.
    pub(crate) count: Count,
}

/// A delivery.
#[derive(Debug, Clone, SimpleObject)]
pub struct Delivery {
    /// When its import began.
    pub(crate) started_at: DateTime,
    /// When it ended; null while it runs or after a crash.
    pub(crate) finished_at: Option<DateTime>,
    /// RUNNING, DONE or FAILED.
    pub(crate) status: String,
    /// The delivery holds everything until then; null when it does not say.
    pub(crate) data_through: Option<DateTime>,
    /// Rows added.
    pub(crate) created: i64,
    /// Rows changed.
    pub(crate) updated: i64,
    /// Lines put aside.
    pub(crate) quarantined: i64,
    /// Whether it stood for all data of the clinic, so that what it lacked was removed.
    pub(crate) is_full: bool,
    /// Why it was refused, so that the data before it stayed; null when it was not.
    pub(crate) refused_because: Option<String>,
}

/// Quality of a clinic's data.
#[derive(SimpleObject)]
pub struct ClinicQuality {
    /// The clinic.
    pub(crate) clinic: Clinic,
    /// Faults of the stored rows; those that no row has are listed with 0.
    pub(crate) faults: Vec<DataFault>,
    /// What the newest delivery put aside, most lines first.
    pub(crate) quarantine: Vec<QuarantinedLines>,
    /// What the newest delivery that was taken met besides, by rule.
    pub(crate) findings: Vec<DeliveryFinding>,
    /// The newest deliveries, at most ten, newest first.
    pub(crate) deliveries: Vec<Delivery>,
}

/// Quality of the data behind all analytics.
#[derive(SimpleObject)]
pub struct DataQuality {
    /// Clinics by name.
    pub(crate) clinics: Vec<ClinicQuality>,
    /// Hours between the moment until which the data are known and now; null when no delivery says.
    pub(crate) age_hours: Option<f64>,
    /// The data version that the faults are counted in; quarantine and deliveries are those of now.
    pub(crate) as_of: DataVersion,
}

/// Answers `dataQuality`.
pub(super) async fn of_clinics(ctx: &Context<'_>, clinic: Option<ID>) -> Result<DataQuality> {
    let request = context(ctx);
    let asked = clinic.map(|clinic| vec![clinic]);
    let keys = stay_filter::read_clinics(ctx, "clinic", asked).await?;
    log_read(ctx, What::of_analytics(format!("clinics {keys:?}"))).await?;
    let mut visible = clinics::visible(ctx).await?;
    visible.retain(|clinic| keys.contains(&clinic.clinic_id));
    of(request, &visible).await.map_err(fail)
}

/// Quality of the data of some clinics, which the caller may see.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of(
    request: &RequestContext,
    clinics: &[storage::clinics::Clinic],
) -> storage::Result<DataQuality> {
    let now = chrono::Utc::now();
    let analytics = &request.shared.analytics;
    let (version, of_stays) = questions::stay_faults(analytics, now.date_naive()).await?;
    request.saw_data_version(version.data_version_id);
    let (version, of_rows) = questions::row_faults(analytics).await?;
    request.saw_data_version(version.data_version_id);
    let keys: Vec<i64> = clinics.iter().map(|clinic| clinic.clinic_id).collect();
    let deliveries = request.db().run("deliveries", move |conn| {
        let (quarantined, loads) = quality::deliveries(conn, &keys)?;
        Ok((quarantined, loads, quality::findings(conn, &keys)?))
    });
    let (quarantined, loads, findings) = deliveries.await?;
    let minimum = request.shared.minimum_cell;
    let of_clinic = |clinic: &storage::clinics::Clinic| {
        let key = clinic.clinic_id;
        let faults = of_stays.iter().chain(of_rows.iter());
        let faults = faults.filter(|fault| fault.clinic_id == key);
        let quarantined = quarantined.iter().filter(|lines| lines.clinic_id == key);
        let loads = loads.iter().filter(|load| load.clinic_id == key);
        let findings = findings.iter().filter(|found| found.clinic_id == key);
        ClinicQuality {
            clinic: Clinic(clinic.clone()),
            faults: faults.map(|fault| shown(fault, minimum)).collect(),
            quarantine: quarantined.map(lines).collect(),
            findings: findings.map(|found| finding(found, minimum)).collect(),
            deliveries: loads.map(delivery).collect(),
        }
    };
    let through = version.imported_through;
    Ok(DataQuality {
        clinics: clinics.iter().map(of_clinic).collect(),
        age_hours: through.map(|through| (now - through).num_minutes() as f64 / 60.0),
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

fn finding(found: &Finding, minimum: u32) -> DeliveryFinding {
    DeliveryFinding {
        rule: found.rule.clone(),
        count: Count::new(found.count, suppression::is_small(found.count, minimum)),
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
        is_full: load.is_full,
        refused_because: load.refused_because.clone(),
    }
}
