DROP TRIGGER ticket_rules ON queueing_ticket;
DROP FUNCTION queueing_ticket_rules();
