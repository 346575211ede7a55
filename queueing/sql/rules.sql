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
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN (
        ('waiting', 'called'), ('waiting', 'held'), ('waiting', 'cancelled'),
        ('held', 'waiting'), ('held', 'called'), ('held', 'cancelled'),
        ('called', 'serving'), ('called', 'completed'), ('called', 'missed'), ('called', 'cancelled'), ('called', 'waiting'),
        ('serving', 'completed'), ('serving', 'waiting'),
        ('missed', 'waiting'),
        ('completed', 'serving')
    ) THEN
        RAISE EXCEPTION 'ticket % cannot go from % to %', OLD.code, OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ticket_goes_where_verbs_go';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ticket_rules BEFORE INSERT OR UPDATE ON queueing_ticket
    FOR EACH ROW EXECUTE FUNCTION queueing_ticket_rules();
