ALTER TABLE apitoken ADD COLUMN name text not null default '';
ALTER TABLE apitoken ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN apitoken.name IS 'What it is for, in words of whoever made it; empty when not said.';
COMMENT ON COLUMN apitoken.last_used_at IS 'When it was last used, to a few minutes; null when never.';

-- That a token was used changes nobody's rights.
DROP TRIGGER announce_access ON apitoken;
CREATE TRIGGER announce_access AFTER UPDATE OF userinfoid, expires_at, revoked_at OR DELETE ON apitoken
    FOR EACH STATEMENT EXECUTE FUNCTION announce_access();

CREATE TABLE audit (
    auditid bigint generated always as identity primary key,
    at timestamptz not null,
    kind text not null,
    username text not null,
    door text not null,
    operation text not null,
    subject text,
    program text,
    orgunit text,
    orgunitmode text,
    rows bigint,
    address text,
    trace text,
    constraint ck_audit_kind check (kind in ('READ', 'ACT'))
);
CREATE INDEX in_audit_at ON audit (at);
CREATE INDEX in_audit_username ON audit (username, at);
COMMENT ON TABLE audit IS 'Who read data of persons and who changed what, append-only; no row holds such data.';
COMMENT ON COLUMN audit.auditid IS 'Internal key.';
COMMENT ON COLUMN audit.at IS 'When.';
COMMENT ON COLUMN audit.kind IS 'READ of data of persons, or administrative ACT.';
COMMENT ON COLUMN audit.username IS 'Who, by the name used to sign in; whoever used the command line is named by the system user.';
COMMENT ON COLUMN audit.door IS 'How: graphql, socket, rest, report, cli.';
COMMENT ON COLUMN audit.operation IS 'What: the field with the name of the operation, the path, or the act.';
COMMENT ON COLUMN audit.subject IS 'Identifier of the one object that was read or changed; null for lists.';
COMMENT ON COLUMN audit.program IS 'Identifier of the program; null where there is none.';
COMMENT ON COLUMN audit.orgunit IS 'Identifier of the unit asked for; null where none was.';
COMMENT ON COLUMN audit.orgunitmode IS 'DHIS2 org-unit mode asked for; null where none was.';
COMMENT ON COLUMN audit.rows IS 'Rows handed out or changed; null where they are not counted.';
COMMENT ON COLUMN audit.address IS 'Network address of the client; null for the command line.';
COMMENT ON COLUMN audit.trace IS 'Trace of the request, 32 hexadecimal digits; null when it has none.';

CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit is append-only' USING ERRCODE = 'insufficient_privilege';
END $$;
COMMENT ON FUNCTION refuse_audit_change() IS 'Keeps the rows of audit as they were written.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change();
REVOKE UPDATE, DELETE, TRUNCATE ON audit FROM PUBLIC;
