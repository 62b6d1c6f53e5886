-- Logs that have ended and segments have been kept long enough: they go, lest later tests see them.
DO $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		UPDATE dynapg.log_segments SET created_at = created_at - '2 years'::interval, closed_at = closed_at - '2 years'::interval;
		UPDATE dynapg.logs SET closed_at = closed_at - '2 years'::interval;
		COMMIT;
		PERFORM dynapg.rotate();
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM dynapg.logs) AND NOT EXISTS (SELECT FROM dynapg.log_segments);
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
