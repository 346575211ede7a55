-- The whole public state of one line in one statement: of one moment, and quick, because every display waits for it.
WITH pace (service_id, minutes, rooms) AS ({paces}),
ahead AS MATERIALIZED (
    SELECT count(*) AS number FROM queueing_ticket WHERE service_id = %(service)s AND status = 'waiting'
)
SELECT
    service.name, line.version, service.is_open,
    ARRAY(
        SELECT jsonb_build_array(
            call.id, call.call_count, call.code, room.name, call.called_at,
            CASE WHEN service.names_on_displays AND patient.show_name THEN patient.name END
        )
        FROM (
            SELECT * FROM queueing_ticket
            WHERE service_id = %(service)s AND called_at IS NOT NULL AND room_id IS NOT NULL
            ORDER BY called_at DESC, id DESC LIMIT %(calls)s
        ) call
        JOIN queueing_room room ON room.id = call.room_id
        LEFT JOIN queueing_patient patient ON patient.id = call.patient_id
        ORDER BY call.called_at DESC, call.id DESC
    ),
    ARRAY(
        SELECT code FROM queueing_ticket
        WHERE service_id = %(service)s AND status = 'waiting' ORDER BY position, id LIMIT %(next)s
    ),
    pace.rooms, pace.minutes, ahead.number
FROM queueing_service service JOIN queueing_line line ON line.service_id = service.id
JOIN pace ON pace.service_id = service.id CROSS JOIN ahead
