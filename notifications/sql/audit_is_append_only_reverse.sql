DROP TRIGGER audit_trail_is_append_only ON notifications_auditentry;
DROP FUNCTION notifications_audit_is_sealed();
