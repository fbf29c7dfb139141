-- Refused sign-ins stay: nothing is taken out of the log.
ALTER TABLE audit DROP CONSTRAINT ck_audit_kind;
ALTER TABLE audit ADD CONSTRAINT ck_audit_kind CHECK (kind IN ('READ', 'ACT')) NOT VALID;
COMMENT ON COLUMN audit.kind IS 'READ of data of persons, or administrative ACT.';
COMMENT ON COLUMN audit.username IS 'Who, by the name used to sign in; whoever used the command line is named by the system user.';
COMMENT ON COLUMN audit.rows IS 'Rows handed out or changed; null where they are not counted.';
ALTER TABLE audit DROP COLUMN knownby;
ALTER TABLE userinfo DROP COLUMN openid;
