DROP TABLE enrollment_notes;
DROP TABLE note;
DROP TABLE programtempowner;
DROP TABLE programownershiphistory;
DROP TABLE trackedentityprogramowner;
DROP TABLE enrollment;
DROP TABLE trackedentityattributevalue;
DROP TABLE trackedentity;
