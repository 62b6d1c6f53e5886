-- Metrics: what the keeper does by the minute, for pg_cron and where no background worker is to be had.

CREATE FUNCTION dynapg.record_metrics(minute timestamptz DEFAULT pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp())) RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_record_metrics' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION dynapg.record_metrics(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.record_metrics(timestamptz) IS
	'writes what was counted since the last time to dynapg.metrics, as of a minute; returns the number of rows. The keeper does it where dynapg.metrics_history is on';
