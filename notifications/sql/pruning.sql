-- The only way out of history, for events that every sink has taken, that the audit trail has sealed, and that are older
-- than `keep`. Runs as the owner, because the clinic at work may delete no event. At most `most` go; the caller repeats it.
CREATE FUNCTION notifications_prune_history(
    keep interval, most integer, OUT events integer, OUT first_id bigint, OUT last_id bigint
) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET clinic.history_door = 'DELETE' AS $$
BEGIN
    IF keep < interval '1 day' OR keep IS NULL THEN
        RAISE EXCEPTION 'history is kept for a day at least, not for %', keep
            USING ERRCODE = 'check_violation', CONSTRAINT = 'history_is_kept_for_a_day';
    END IF;
    WITH delivered AS (
        -- Null, and so nothing, while a sink has not begun to read. One that is retired but has a cursor counts too.
        SELECT CASE WHEN count(*) FILTER (WHERE sink IN ('audit', 'replica', 'push')) = 3 THEN min(low) END AS low
        FROM notifications_cursor
    ), due AS (
        SELECT id FROM queueing_event e
        WHERE txid < (SELECT low FROM delivered) AND at < now() - keep
          AND EXISTS (SELECT FROM notifications_auditentry a WHERE a.event_id = e.id)
          -- What `checkqueues` explains these tickets with.
          AND NOT (model = 'queueing.ticket' AND EXISTS (
              SELECT FROM queueing_ticket t JOIN queueing_line l ON l.service_id = t.service_id
              WHERE t.id = e.object_id AND t.day >= l.day - 7))
        ORDER BY id LIMIT most
    ), gone AS (
        DELETE FROM queueing_event WHERE id IN (SELECT id FROM due) RETURNING id
    )
    SELECT count(*), min(id), max(id) INTO events, first_id, last_id FROM gone;
END $$;

REVOKE EXECUTE ON FUNCTION notifications_prune_history FROM PUBLIC;
