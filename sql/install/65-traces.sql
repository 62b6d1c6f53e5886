-- Traces as SQL sees them.
CREATE FUNCTION dynapg.trace_status(OUT recorded bigint, OUT dropped bigint, OUT sent bigint, OUT failed bigint, OUT rejected_spans bigint,
		OUT waiting bigint, OUT pid int, OUT last_sent timestamptz, OUT last_failed timestamptz, OUT last_error text) RETURNS record
	AS 'MODULE_PATHNAME', 'dynapg_trace_status' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dynapg.trace_status() IS 'what became of the requests that were recorded for the OpenTelemetry receiver, since the server''s start';

CREATE VIEW dynapg.stat_traces AS
	SELECT recorded, dropped, sent, failed, rejected_spans, waiting, pid, last_sent, last_failed, last_error FROM dynapg.trace_status();
COMMENT ON VIEW dynapg.stat_traces IS
	'requests recorded for the OpenTelemetry receiver: dropped ones found no room, failed ones it has not taken; pid is the sender''s';

REVOKE ALL ON FUNCTION dynapg.trace_status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dynapg.trace_status() TO pg_monitor;
GRANT SELECT ON dynapg.stat_traces TO pg_monitor;
