-- Aggregates are read too, and what was asked tells whose small cells somebody drew nearer to.
COMMENT ON TABLE audit IS 'Who read data of persons or analytics of them and who changed what, append-only; no row holds such data.';
COMMENT ON COLUMN audit.kind IS 'READ of data of persons or of analytics, administrative ACT, or REFUSED sign-ins of one kind from one address within a minute.';
COMMENT ON COLUMN audit.subject IS 'Identifier of the one object that was read or changed, for analytics what was asked; null for lists.';
