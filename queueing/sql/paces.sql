-- Minutes for which one waiting place keeps those behind it waiting, of each service:
-- the mean of its last 20 consultations (its typical minutes while fewer than 5 are known) over its open rooms. And
-- how many rooms that are.
SELECT
    s.id,
    coalesce(CASE WHEN recent.number >= 5 THEN recent.mean END, s.typical_minutes) / greatest(rooms.number, 1),
    rooms.number
FROM queueing_service s
CROSS JOIN LATERAL (
    SELECT count(*) AS number, avg(extract(epoch FROM ended_at - started_at)) / 60 AS mean
    FROM (
        SELECT started_at, ended_at FROM queueing_ticket t
        WHERE t.service_id = s.id AND t.status = 'completed'
        ORDER BY t.ended_at DESC LIMIT 20
    ) last
    -- Over a jump of the clock a consultation ends before it began, or after a day: that tells nothing.
    WHERE ended_at BETWEEN started_at AND started_at + interval '12 hours'
) recent
CROSS JOIN LATERAL (
    SELECT count(*) AS number FROM queueing_roomservice rs JOIN queueing_room r ON r.id = rs.room_id AND r.is_open
    WHERE rs.service_id = s.id
) rooms
WHERE s.id = ANY(%(services)s)
