-- Faults of the rows that no stay holds whole, as they were when the state was published. Those of stays are counted from
-- the stays themselves.
CREATE TABLE analytics.row_faults (
    clinic_id bigint not null,
    fault text not null,
    rows bigint not null,
    patients bigint not null,
    of_rows bigint not null,
    primary key (clinic_id, fault)
);

COMMENT ON TABLE analytics.row_faults IS 'Faults of diagnoses and observations by clinic; one that no row has is listed with 0.';
COMMENT ON COLUMN analytics.row_faults.clinic_id IS 'Clinic.';
COMMENT ON COLUMN analytics.row_faults.fault IS 'Which; a stable name in capitals.';
COMMENT ON COLUMN analytics.row_faults.rows IS 'Rows that have it.';
COMMENT ON COLUMN analytics.row_faults.patients IS 'Distinct patients of these rows.';
COMMENT ON COLUMN analytics.row_faults.of_rows IS 'Rows that could have it; 0 for observations, which are not counted.';
