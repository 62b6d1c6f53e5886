--
-- What the keeper does on a timer: for pg_cron, and where no background worker is to be had.
--

CREATE FUNCTION dynapg.tick() RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_tick' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION dynapg.tick() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.tick() IS
	'notes up to which number change logs can be read now, for readers on standbys and AT_TIMESTAMP; false if nothing has changed';

CREATE FUNCTION dynapg.rotate() RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_rotate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION dynapg.rotate() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.rotate() IS
	'makes, closes and drops segments of change logs as they are due; returns the number of steps';
