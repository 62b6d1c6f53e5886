-- The HTTP endpoint as SQL sees it.
CREATE FUNCTION dynapg.endpoint_workers(OUT database text, OUT port int, OUT pid int, OUT started_at timestamptz,
		OUT connections bigint, OUT accepted bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'dynapg_endpoint_workers' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dynapg.endpoint_workers() IS 'workers of the HTTP endpoint; pid is null while one waits to be started';

CREATE FUNCTION dynapg.endpoint_operations(OUT database text, OUT operation text, OUT calls bigint,
		OUT errors bigint, OUT faults bigint, OUT total_time double precision, OUT bytes_in bigint,
		OUT bytes_out bigint, OUT read_units double precision, OUT write_units double precision, OUT conflicts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'dynapg_endpoint_operations' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dynapg.endpoint_operations() IS 'what each worker of the HTTP endpoint has done since the server''s start';

CREATE VIEW dynapg.stat_workers AS
	SELECT database, port, pid, started_at, connections, accepted FROM dynapg.endpoint_workers();
COMMENT ON VIEW dynapg.stat_workers IS 'workers of the HTTP endpoint, their open and accepted connections';

CREATE VIEW dynapg.stat_operations AS
	SELECT database, operation, sum(calls)::bigint AS calls, sum(errors)::bigint AS errors,
		sum(faults)::bigint AS faults, sum(total_time) AS total_time,
		sum(total_time) / sum(calls)::double precision AS mean_time,
		sum(bytes_in)::bigint AS bytes_in, sum(bytes_out)::bigint AS bytes_out,
		sum(read_units) AS read_units, sum(write_units) AS write_units, sum(conflicts)::bigint AS conflicts
	FROM dynapg.endpoint_operations() GROUP BY database, operation;
COMMENT ON VIEW dynapg.stat_operations IS
	'calls of the HTTP endpoint by operation: errors are the callers'', faults ours; times in milliseconds; capacity units consumed';

REVOKE ALL ON FUNCTION dynapg.endpoint_workers() FROM PUBLIC;
REVOKE ALL ON FUNCTION dynapg.endpoint_operations() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dynapg.endpoint_workers() TO pg_monitor;
GRANT EXECUTE ON FUNCTION dynapg.endpoint_operations() TO pg_monitor;
GRANT SELECT ON dynapg.stat_workers, dynapg.stat_operations TO pg_monitor;

CREATE FUNCTION dynapg.stop(database text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_endpoint_stop' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.stop(text) IS
	'ends the HTTP endpoint of a database until dynapg.start() or the server''s next start; true when its workers are gone';
CREATE FUNCTION dynapg.start(database text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_endpoint_start' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.start(text) IS 'starts the HTTP endpoint of a database again after dynapg.stop()';
REVOKE ALL ON FUNCTION dynapg.stop(text), dynapg.start(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dynapg.stop(text), dynapg.start(text) TO pg_signal_backend;
