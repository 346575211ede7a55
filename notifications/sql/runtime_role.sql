-- What a clinic at work may do on the primary: write everything, but never rewrite history or the audit trail. It owns
-- no table, so that it can neither alter one nor switch a trigger off.
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
REVOKE UPDATE, DELETE, TRUNCATE ON queueing_event, notifications_auditentry FROM {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
GRANT EXECUTE ON FUNCTION notifications_prune_history, notifications_rebase_history TO {role};
