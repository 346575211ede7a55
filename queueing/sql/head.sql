-- The ticket to be called next from these lines: of each the first, one index look-up, and of those the smallest position.
SELECT head.*
FROM queueing_line line
CROSS JOIN LATERAL (
    SELECT * FROM queueing_ticket t
    WHERE t.service_id = line.service_id AND t.status = 'waiting'
    ORDER BY t.position LIMIT 1
) head
WHERE line.service_id = ANY(%s)
ORDER BY head.position, head.id LIMIT 1
