-- No change without history: a commit is refused in which a changed row has no Event of the same transaction.
-- Deferred to the commit, because the Event is written after the row. The name of the model is the trigger's argument.
CREATE FUNCTION queueing_require_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row_id bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
BEGIN
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM queueing_event
        WHERE model = TG_ARGV[0] AND object_id = row_id AND txid = pg_current_xact_id()
    ) THEN
        RAISE EXCEPTION '% of % % leaves no history', TG_OP, TG_ARGV[0], row_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'no_change_without_history',
                  HINT = 'Save rows one by one through the models, or call a verb of queueing.tickets.';
    END IF;
    RETURN NULL;
END $$;

-- History only grows, but for one door: a function that belongs to the table's owner and says which statement it makes
-- (notifications/sql/pruning.sql). Who sets the same by hand and is not the owner stands before a wall.
-- TRUNCATE is left to privileges, because test databases are emptied with it.
CREATE FUNCTION queueing_event_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('clinic.history_door', true) = TG_OP
       AND (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) = current_user THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'history is never changed: % of queueing_event', TG_OP
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'history_is_append_only';
END $$;

CREATE TRIGGER event_is_history BEFORE UPDATE OR DELETE ON queueing_event
    FOR EACH STATEMENT EXECUTE FUNCTION queueing_event_is_history();

CREATE CONSTRAINT TRIGGER service_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_service
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.service');
CREATE CONSTRAINT TRIGGER room_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_room
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.room');
CREATE CONSTRAINT TRIGGER roomservice_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_roomservice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.roomservice');
CREATE CONSTRAINT TRIGGER display_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_display
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.display');
CREATE CONSTRAINT TRIGGER displayservice_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_displayservice
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.displayservice');
CREATE CONSTRAINT TRIGGER kiosk_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_kiosk
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.kiosk');
CREATE CONSTRAINT TRIGGER device_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_device
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.device');
CREATE CONSTRAINT TRIGGER patient_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_patient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.patient');
CREATE CONSTRAINT TRIGGER ticket_has_history AFTER INSERT OR UPDATE OR DELETE ON queueing_ticket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION queueing_require_history('queueing.ticket');
