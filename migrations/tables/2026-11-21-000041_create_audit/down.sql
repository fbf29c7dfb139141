DROP TABLE audit;
DROP FUNCTION refuse_audit_change();
DROP TRIGGER announce_access ON apitoken;
CREATE TRIGGER announce_access AFTER UPDATE OR DELETE ON apitoken FOR EACH STATEMENT EXECUTE FUNCTION announce_access();
ALTER TABLE apitoken DROP COLUMN last_used_at;
ALTER TABLE apitoken DROP COLUMN name;
