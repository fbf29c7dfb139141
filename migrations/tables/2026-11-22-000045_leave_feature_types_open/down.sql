UPDATE trackedentitytype SET featuretype = 'NONE' WHERE featuretype IS NULL;
ALTER TABLE trackedentitytype ALTER featuretype SET NOT NULL, ALTER featuretype SET DEFAULT 'NONE';
COMMENT ON COLUMN trackedentitytype.featuretype IS 'Geometry kind: NONE, POINT or POLYGON.';
UPDATE program SET featuretype = 'NONE' WHERE featuretype IS NULL;
ALTER TABLE program ALTER featuretype SET NOT NULL, ALTER featuretype SET DEFAULT 'NONE';
COMMENT ON COLUMN program.featuretype IS 'Geometry kind of the enrolment.';
UPDATE programstage SET featuretype = 'NONE' WHERE featuretype IS NULL;
ALTER TABLE programstage ALTER featuretype SET NOT NULL, ALTER featuretype SET DEFAULT 'NONE';
COMMENT ON COLUMN programstage.featuretype IS 'Geometry kind: NONE, POINT or POLYGON.';
