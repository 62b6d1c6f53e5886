-- Metrics as a history by the minute, with CloudWatch's names and dimensions: the keeper writes it from what is counted in shared memory, and removes what is old.
-- A series is a metric with its dimensions; a row of points is a minute of it, and there is none for a minute in which nothing was counted.  Neither is dumped:
-- in a dump it would be what another server has done, and alarms and auto scaling of the copy would act on it.
CREATE TABLE dynapg.metric_series (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	metric text COLLATE "C" NOT NULL,
	table_name text COLLATE "C" NOT NULL DEFAULT '',
	table_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
	index_name text COLLATE "C" NOT NULL DEFAULT '',
	operation text COLLATE "C" NOT NULL DEFAULT '',
	stream_label text COLLATE "C" NOT NULL DEFAULT '',
	UNIQUE (table_name, metric, index_name, operation, stream_label, table_id)
);
COMMENT ON TABLE dynapg.metric_series IS 'metrics and their dimensions; see dynapg.metrics';
COMMENT ON COLUMN dynapg.metric_series.table_name IS 'TableName; empty: of the account, which is this database';
COMMENT ON COLUMN dynapg.metric_series.table_id IS 'TableId: another one for each table that ever had the name';
COMMENT ON COLUMN dynapg.metric_series.index_name IS 'GlobalSecondaryIndexName; empty: none';
COMMENT ON COLUMN dynapg.metric_series.operation IS 'Operation; empty: none';
COMMENT ON COLUMN dynapg.metric_series.stream_label IS 'StreamLabel; empty: none';
REVOKE ALL ON dynapg.metric_series FROM PUBLIC;

CREATE TABLE dynapg.metric_points (
	series integer NOT NULL,
	at timestamptz NOT NULL,
	sample_count double precision NOT NULL,
	sum double precision NOT NULL,
	minimum double precision NOT NULL,
	maximum double precision NOT NULL,
	distribution integer[],
	PRIMARY KEY (series, at)
);
COMMENT ON TABLE dynapg.metric_points IS 'minutes of series; see dynapg.metrics';
COMMENT ON COLUMN dynapg.metric_points.at IS 'when the minute begins';
COMMENT ON COLUMN dynapg.metric_points.distribution IS 'of latencies: how many there were of each class, which end at 0.0625 ms and at each 2^0.5-fold of that, the last at none; without the zeros at its end';
REVOKE ALL ON dynapg.metric_points FROM PUBLIC;

CREATE VIEW dynapg.metric_list WITH (security_barrier) AS
	SELECT s.id, s.metric, s.table_name, s.table_id, s.index_name, s.operation, s.stream_label
	FROM dynapg.metric_series s
	WHERE pg_catalog.pg_has_role('pg_monitor', 'USAGE')
		OR EXISTS (SELECT FROM dynapg.tables t WHERE t.name = s.table_name AND t.id = s.table_id
			AND pg_catalog.has_schema_privilege('dynamo', 'USAGE') AND pg_catalog.has_table_privilege(t.relation, 'SELECT'));
COMMENT ON VIEW dynapg.metric_list IS
	'metrics that dynapg.metrics has, with their dimensions: of tables that the role may read; of all, and of the account, for pg_monitor';
GRANT SELECT ON dynapg.metric_list TO PUBLIC;

CREATE VIEW dynapg.metrics WITH (security_barrier) AS
	SELECT p.at, s.metric, s.table_name, s.index_name, s.operation, s.stream_label,
		p.sample_count, p.sum, p.minimum, p.maximum, p.sum / p.sample_count AS average, p.distribution
	FROM dynapg.metric_list s JOIN dynapg.metric_points p ON p.series = s.id;
COMMENT ON VIEW dynapg.metrics IS
	'metrics by the minute where dynapg.metrics_history is on, for dynapg.metrics_retention: of tables that the role may read; of all, and of the account, for pg_monitor';
COMMENT ON COLUMN dynapg.metrics.at IS 'when the minute begins';
COMMENT ON COLUMN dynapg.metrics.metric IS 'CloudWatch''s name';
COMMENT ON COLUMN dynapg.metrics.table_name IS 'TableName; empty: of the account, which is this database';
COMMENT ON COLUMN dynapg.metrics.index_name IS 'GlobalSecondaryIndexName; empty: none';
COMMENT ON COLUMN dynapg.metrics.operation IS 'Operation; empty: none';
COMMENT ON COLUMN dynapg.metrics.stream_label IS 'StreamLabel; empty: none';
COMMENT ON COLUMN dynapg.metrics.sum IS 'in the metric''s unit: latencies in milliseconds';
COMMENT ON COLUMN dynapg.metrics.distribution IS 'of latencies: how many there were of each class, which end at 0.0625 ms and at each 2^0.5-fold of that, the last at none; without the zeros at its end';
GRANT SELECT ON dynapg.metrics TO PUBLIC;
