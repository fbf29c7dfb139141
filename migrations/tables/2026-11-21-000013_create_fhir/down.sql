DROP SCHEMA fhir CASCADE;
DROP TABLE import_findings;
DROP TABLE import_files;
ALTER TABLE import_runs DROP COLUMN is_full, DROP COLUMN refused_because;
ALTER TABLE stations DROP COLUMN delivered_name;
ALTER TABLE observations DROP COLUMN encounter_reference, DROP COLUMN patient_reference, DROP COLUMN fhir_body;
ALTER TABLE conditions DROP COLUMN contact_reference, DROP COLUMN patient_reference, DROP COLUMN fhir_body;
ALTER TABLE patients DROP COLUMN is_stub, DROP COLUMN fhir_body;
