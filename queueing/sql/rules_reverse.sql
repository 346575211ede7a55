DROP TRIGGER ticket_steps_back ON queueing_ticket;
DROP FUNCTION queueing_ticket_steps_back();
DROP TRIGGER ticket_rules ON queueing_ticket;
DROP FUNCTION queueing_ticket_rules();
