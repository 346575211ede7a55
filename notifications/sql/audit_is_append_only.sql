-- TRUNCATE is left to privileges, because test databases are emptied with it.
CREATE FUNCTION notifications_audit_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is never changed: % of notifications_auditentry', TG_OP
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'audit_trail_is_append_only';
END $$;

CREATE TRIGGER audit_trail_is_append_only BEFORE UPDATE OR DELETE ON notifications_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION notifications_audit_is_sealed();
