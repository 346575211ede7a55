-- After a restore: transaction ids of the old server mean nothing on the new one. What is sealed goes below everything that
-- a sink still reads, the rest becomes news, and every sink begins between the two.
CREATE FUNCTION notifications_rebase_history(OUT sealed bigint, OUT unsealed bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET clinic.history_door = 'UPDATE' AS $$
BEGIN
    IF EXISTS (SELECT FROM notifications_workerbeat WHERE at > now() - interval '15 seconds') THEN
        RAISE EXCEPTION 'a worker is reading history' USING ERRCODE = 'object_in_use';
    END IF;
    -- The first transaction id that a server gives out is 3, and it is used up while the server is made.
    UPDATE queueing_event e SET txid = '3'
        WHERE EXISTS (SELECT FROM notifications_auditentry a WHERE a.event_id = e.id);
    GET DIAGNOSTICS sealed = ROW_COUNT;
    UPDATE queueing_event e SET txid = pg_current_xact_id()
        WHERE NOT EXISTS (SELECT FROM notifications_auditentry a WHERE a.event_id = e.id);
    GET DIAGNOSTICS unsealed = ROW_COUNT;
    UPDATE notifications_cursor SET
        low = CASE sink WHEN 'audit' THEN '4' WHEN 'push' THEN pg_current_xact_id() ELSE '3' END,
        snapshot = '', updated_at = now(), state = 'working', failures = 0, error = '', retry_at = NULL, begun = 0, trying = '';
    -- The number of somebody who was erased is nobody else's.
    PERFORM setval(pg_get_serial_sequence('queueing_patient', 'id'), max(id))
        FROM (SELECT id FROM queueing_patient UNION ALL SELECT patient_id FROM notifications_erasure) AS taken(id)
        HAVING max(id) IS NOT NULL;
    -- Screens drop what is not newer than what they show, and they have shown what is lost now.
    UPDATE queueing_line SET version = version + 1000000;
END $$;

REVOKE EXECUTE ON FUNCTION notifications_rebase_history FROM PUBLIC;
