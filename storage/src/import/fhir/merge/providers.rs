//! Whether a delivery is that of another clinic: the organisation that its stays name as their provider tells.

use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};

use crate::{
    Connection, Error, Result,
    import::{
        Report,
        fhir::settings::{FEW, Settings},
    },
};

/// Delivered stays of a provider that another clinic's stays name and none of this clinic.
#[derive(QueryableByName)]
struct Foreign {
    /// Identifier of the provider, `system|value`.
    #[diesel(sql_type = Text)]
    provider: String,
    /// Uid of the other clinic.
    #[diesel(sql_type = Text)]
    clinic: String,
    #[diesel(sql_type = BigInt)]
    stays: i64,
    /// All delivered stays.
    #[diesel(sql_type = BigInt)]
    of_stays: i64,
    /// Whether stays of this clinic name a provider already.
    #[diesel(sql_type = Bool)]
    is_known: bool,
}

/// Refuses a delivery too many stays of which are another clinic's. Of a clinic whose provider is not known yet nothing can
/// be said; then it is only noted.
///
/// # Errors
/// [`Error::DeliveryRefused`], else when the statement fails.
pub fn check(
    conn: &mut Connection,
    clinic: i64,
    settings: &Settings,
    report: &mut Report,
) -> Result<()> {
    let foreign: Vec<Foreign> = diesel::sql_query(foreign())
        .bind::<BigInt, _>(clinic)
        .load(conn)?;
    let Some(most) = foreign.first() else {
        return Ok(());
    };
    let stays: i64 = foreign.iter().map(|foreign| foreign.stays).sum();
    let percent = stays as f64 * 100.0 / most.of_stays as f64;
    if most.is_known && stays.cast_unsigned() >= FEW && percent > settings.max_bad {
        return Err(Error::DeliveryRefused(format!(
            "{stays} of {} stays ({percent:.1} %, more than {} %) name providers of other clinics, such as {} of clinic {}: is this its delivery?",
            most.of_stays, settings.max_bad, most.provider, most.clinic
        )));
    }
    report.find(
        "STAY_OF_ANOTHER_CLINIC",
        stays.cast_unsigned(),
        "stays name a provider that stays of another clinic name and none of this one",
    );
    Ok(())
}

/// Identifiers with a system only: ids and bare values may be the same in different systems by chance.
fn foreign() -> String {
    let naming = |clinic: &str| {
        format!(
            "SELECT c.clinic_id
             FROM fhir.places p
             JOIN fhir.contacts c ON c.clinic_id = p.clinic_id AND c.provider_id = p.fhir_id AND c.is_stay
             WHERE p.clinic_id {clinic} AND p.resource_type = 'Organization'
               AND p.identifier_system || '|' || p.identifier_value = n.provider
             UNION ALL
             SELECT c.clinic_id FROM fhir.contacts c
             WHERE c.clinic_id {clinic} AND c.is_stay AND c.provider_identifier = n.provider"
        )
    };
    format!(
        "WITH top AS (
             SELECT provider_id, provider_identifier, count(*) AS stays FROM staged_encounters
             WHERE setting = 'INPATIENT' AND admission_date IS NOT NULL
               AND (level = 'FACILITY' OR level IS NULL AND part_of_id IS NULL AND part_of_identifier IS NULL)
             GROUP BY provider_id, provider_identifier
         ), named AS (
             SELECT coalesce(t.provider_identifier, o.token) AS provider, sum(t.stays)::bigint AS stays
             FROM top t
             LEFT JOIN LATERAL (
                 SELECT identifier_system || '|' || identifier_value AS token
                 FROM (SELECT 1 AS place, resource_type, fhir_id, identifier_system, identifier_value FROM staged_places
                       UNION ALL
                       SELECT 2, resource_type, fhir_id, identifier_system, identifier_value FROM fhir.places WHERE clinic_id = $1) p
                 WHERE p.resource_type = 'Organization' AND p.fhir_id = t.provider_id
                 ORDER BY place LIMIT 1) o ON true
             GROUP BY 1
         ), judged AS (
             SELECT n.provider, n.stays, CASE WHEN NOT EXISTS ({own}) THEN ({other} LIMIT 1) END AS clinic_id
             FROM named n WHERE n.provider NOT LIKE '|%'
         )
         SELECT j.provider, u.uid AS clinic, j.stays, (SELECT sum(stays)::bigint FROM top) AS of_stays,
                EXISTS (SELECT FROM fhir.contacts c WHERE c.clinic_id = $1 AND c.is_stay
                        AND (c.provider_id IS NOT NULL OR c.provider_identifier IS NOT NULL)) AS is_known
         FROM judged j JOIN organisationunit u ON u.organisationunitid = j.clinic_id
         ORDER BY j.stays DESC, j.provider",
        own = naming("= $1"),
        other = naming("<> $1"),
    )
}
