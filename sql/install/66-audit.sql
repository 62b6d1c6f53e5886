--
-- The audit's table, where dynapg.audit_destination is table.  The keeper fills it, and removes what is old.
--

CREATE TABLE dynapg.audit_events (
	event_time timestamptz NOT NULL,
	event_id uuid NOT NULL,
	event jsonb NOT NULL,
	PRIMARY KEY (event_time, event_id)
);
COMMENT ON TABLE dynapg.audit_events IS 'events of the audit, in CloudTrail''s shape, for dynapg.audit_retention; only its owner reads them, and whom that grants SELECT';
COMMENT ON COLUMN dynapg.audit_events.event_time IS 'when the request began; eventTime is the same in whole seconds';
COMMENT ON COLUMN dynapg.audit_events.event_id IS 'eventID';

-- In a dump they would be an audit of what another server has done.
REVOKE ALL ON dynapg.audit_events FROM PUBLIC;
