-- What is wrong with one line, asked without trusting any constraint. One row: arrays of ticket ids, and the last position.
WITH line AS (
    SELECT * FROM queueing_line WHERE service_id = %(service_id)s
), waiting AS (
    SELECT * FROM queueing_ticket WHERE service_id = %(service_id)s AND status = 'waiting'
), recent AS (
    -- Retention may have taken the events of older days. `day` is a value, so that the planner knows how few there are.
    SELECT * FROM queueing_ticket WHERE service_id = %(service_id)s AND day >= %(day)s::date - 7
), folded AS (
    -- The last value that history has of each column of each ticket.
    SELECT object_id, jsonb_object_agg(name, value) AS columns
    FROM (
        SELECT DISTINCT ON (e.object_id, c.key) e.object_id, c.key AS name, c.value -> 1 AS value
        FROM queueing_event e CROSS JOIN LATERAL jsonb_each(e.changes) c
        WHERE e.model = 'queueing.ticket'
          AND e.object_id = ANY (ARRAY(SELECT id FROM recent))  -- as an array, so that history is not read whole
        ORDER BY e.object_id, c.key, e.id DESC
    ) latest GROUP BY object_id
)
SELECT
    (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM waiting WHERE position IS NULL) AS missing,
    (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM waiting w
        WHERE EXISTS (SELECT 1 FROM waiting o WHERE o.position = w.position AND o.id <> w.id)) AS duplicate,
    (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM waiting WHERE position <= 0) AS non_positive,
    (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM waiting
        WHERE position > coalesce((SELECT last_arrival FROM line), 0)) AS late,
    -- The token and what the patient needs stand in history as dots, so they are taken from the row.
    (SELECT coalesce(array_agg(t.id ORDER BY t.id), '{}') FROM recent t LEFT JOIN folded f ON f.object_id = t.id
        WHERE to_jsonb(t) IS DISTINCT FROM to_jsonb(jsonb_populate_record(
              NULL::queueing_ticket, f.columns || jsonb_build_object(
                  'token', t.token, 'needs_fetching', t.needs_fetching, 'needs_interpreter', t.needs_interpreter,
                  'needs_wheelchair', t.needs_wheelchair)))) AS unexplained,
    (SELECT max(position) FROM waiting) AS max_position
