ALTER TABLE trackedentitytype ALTER featuretype DROP NOT NULL, ALTER featuretype DROP DEFAULT;
ALTER TABLE program ALTER featuretype DROP NOT NULL, ALTER featuretype DROP DEFAULT;
ALTER TABLE programstage ALTER featuretype DROP NOT NULL, ALTER featuretype DROP DEFAULT;
COMMENT ON COLUMN trackedentitytype.featuretype IS 'Geometry kind: NONE, POINT or POLYGON; null when the metadata name none.';
COMMENT ON COLUMN program.featuretype IS 'Geometry kind of the enrolment; null when the metadata name none.';
COMMENT ON COLUMN programstage.featuretype IS 'Geometry kind: NONE, POINT or POLYGON; null when the metadata name none.';
