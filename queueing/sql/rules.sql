-- A ticket starts by waiting, goes only where the table of verbs lets it go, and keeps its identity.
CREATE FUNCTION queueing_ticket_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'waiting' THEN
            RAISE EXCEPTION 'ticket % must start by waiting, not as %', NEW.code, NEW.status
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_starts_by_waiting';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.code, NEW.day, NEW.issued_at, NEW.token) IS DISTINCT FROM (OLD.code, OLD.day, OLD.issued_at, OLD.token) THEN
        RAISE EXCEPTION 'ticket % cannot become another ticket', OLD.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_keeps_its_identity';
    END IF;
    IF OLD.more_time_at IS NOT NULL AND NEW.more_time_at IS NOT NULL AND NEW.more_time_at <> OLD.more_time_at THEN
        RAISE EXCEPTION 'ticket % had more time already', OLD.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_takes_more_time_once';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('waiting', 'called'), ('waiting', 'held'), ('waiting', 'cancelled'),
        ('held', 'waiting'), ('held', 'called'), ('held', 'cancelled'),
        ('called', 'serving'), ('called', 'completed'), ('called', 'missed'), ('called', 'cancelled'), ('called', 'waiting'),
        ('serving', 'completed'), ('serving', 'waiting'),
        ('missed', 'waiting'),
        ('completed', 'serving'),
        -- Back by undo only: see below.
        ('called', 'held'), ('serving', 'called'), ('missed', 'called'), ('waiting', 'serving'), ('waiting', 'missed'),
        ('cancelled', 'waiting'), ('cancelled', 'held'), ('cancelled', 'called')
    ) THEN
        RAISE EXCEPTION 'ticket % cannot go from % to %', OLD.code, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_goes_where_verbs_go';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ticket_rules BEFORE INSERT OR UPDATE ON queueing_ticket
    FOR EACH ROW EXECUTE FUNCTION queueing_ticket_rules();

-- Some steps only take another one back. Asked at the commit, because the event is written after the row.
CREATE FUNCTION queueing_ticket_steps_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('called', 'held'), ('serving', 'called'), ('missed', 'called'), ('waiting', 'serving'), ('waiting', 'missed'),
        ('cancelled', 'waiting'), ('cancelled', 'held'), ('cancelled', 'called')
    ) AND NOT EXISTS (
        SELECT 1 FROM queueing_event
        WHERE model = 'queueing.ticket' AND object_id = NEW.id AND txid = pg_current_xact_id() AND verb = 'ticket.undone'
    ) THEN
        RAISE EXCEPTION 'ticket % goes from % to % by undo only', OLD.code, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_steps_back_by_undo_only';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ticket_steps_back AFTER UPDATE ON queueing_ticket
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION queueing_ticket_steps_back();
