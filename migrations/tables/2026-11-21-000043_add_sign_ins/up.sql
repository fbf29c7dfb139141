ALTER TABLE userinfo ADD COLUMN openid text unique;
COMMENT ON COLUMN userinfo.openid IS 'Name under which an OIDC provider knows the person, unique; null when none does.';

ALTER TABLE audit ADD COLUMN knownby text;
COMMENT ON COLUMN audit.knownby IS 'By what the caller was known: "token" and its number, or "oidc" and the subject of the provider; null for the command line and where nobody was known.';
COMMENT ON COLUMN audit.kind IS 'READ of data of persons, administrative ACT, or REFUSED sign-ins of one kind from one address within a minute.';
COMMENT ON COLUMN audit.username IS 'Who, by the name used to sign in; whoever used the command line is named by the system user; empty for a refused sign-in that belongs to nobody.';
COMMENT ON COLUMN audit.rows IS 'Rows handed out or changed, or sign-ins refused; null where they are not counted.';
-- The rows that are there kept to a narrower rule: none of them has to be looked at.
ALTER TABLE audit DROP CONSTRAINT ck_audit_kind;
ALTER TABLE audit ADD CONSTRAINT ck_audit_kind CHECK (kind IN ('READ', 'ACT', 'REFUSED')) NOT VALID;
