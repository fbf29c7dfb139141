COMMENT ON TABLE audit IS 'Who read data of persons and who changed what, append-only; no row holds such data.';
COMMENT ON COLUMN audit.kind IS 'READ of data of persons, administrative ACT, or REFUSED sign-ins of one kind from one address within a minute.';
COMMENT ON COLUMN audit.subject IS 'Identifier of the one object that was read or changed; null for lists.';
