-- Auto scaling, with Application Auto Scaling's names: scalable targets, their policies, what has been done for them.
CREATE TABLE dynapg.scalable_targets (
	table_id uuid NOT NULL,
	table_name text COLLATE "C" NOT NULL,
	index_name text COLLATE "C" NOT NULL,
	is_write boolean NOT NULL,
	min_capacity bigint NOT NULL,
	max_capacity bigint NOT NULL,
	role_arn text,
	scale_in_suspended boolean NOT NULL DEFAULT false,
	scale_out_suspended boolean NOT NULL DEFAULT false,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	is_new boolean NOT NULL DEFAULT true,
	evaluated_at timestamptz,
	scaled_out_at timestamptz,
	scaled_in_at timestamptz,
	PRIMARY KEY (table_id, index_name, is_write)
) WITH (fillfactor = 50);
COMMENT ON TABLE dynapg.scalable_targets IS 'tables and global secondary indexes whose capacity is scaled: scalable targets of Application Auto Scaling';
COMMENT ON COLUMN dynapg.scalable_targets.index_name IS 'empty: the table itself';
COMMENT ON COLUMN dynapg.scalable_targets.role_arn IS 'taken and given back; the capacity is changed as the table''s owner';
COMMENT ON COLUMN dynapg.scalable_targets.is_new IS 'bounds were set, and the capacity is not brought between them yet';
COMMENT ON COLUMN dynapg.scalable_targets.evaluated_at IS 'up to which minute its policies have looked at what was consumed';

CREATE TABLE dynapg.scaling_policies (
	table_id uuid NOT NULL,
	index_name text COLLATE "C" NOT NULL,
	is_write boolean NOT NULL,
	policy_type text NOT NULL CHECK (policy_type IN ('TargetTrackingScaling', 'PredictiveScaling')),
	policy_name text NOT NULL,
	policy_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
	target_value double precision NOT NULL,
	scale_in_cooldown integer NOT NULL DEFAULT 0,
	scale_out_cooldown integer NOT NULL DEFAULT 0,
	disable_scale_in boolean NOT NULL DEFAULT false,
	acts boolean NOT NULL DEFAULT true,
	buffer_time integer NOT NULL DEFAULT 300,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	forecast_at timestamptz,
	forecast_capacity bigint,
	PRIMARY KEY (table_id, index_name, is_write, policy_type)
) WITH (fillfactor = 50);
COMMENT ON TABLE dynapg.scaling_policies IS 'policies of scalable targets: at most one of each type';
COMMENT ON COLUMN dynapg.scaling_policies.acts IS 'of a predictive policy: ForecastAndScale, not ForecastOnly';
COMMENT ON COLUMN dynapg.scaling_policies.buffer_time IS 'of a predictive policy: so many seconds before it is needed capacity is to be there';
COMMENT ON COLUMN dynapg.scaling_policies.forecast_capacity IS 'of a predictive policy: what will be needed, as of forecast_at; null: it cannot tell yet';

CREATE TABLE dynapg.scaling_activities (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	table_id uuid NOT NULL,
	table_name text COLLATE "C" NOT NULL,
	index_name text COLLATE "C" NOT NULL,
	is_write boolean NOT NULL,
	started_at timestamptz NOT NULL,
	ended_at timestamptz NOT NULL,
	description text NOT NULL,
	cause text NOT NULL,
	status_code text NOT NULL CHECK (status_code IN ('Successful', 'Failed')),
	status_message text NOT NULL,
	old_capacity bigint,
	new_capacity bigint
);
CREATE INDEX scaling_activities_started_at ON dynapg.scaling_activities (started_at);
COMMENT ON TABLE dynapg.scaling_activities IS 'what auto scaling has done, and what it could not do, of the last six weeks';
COMMENT ON COLUMN dynapg.scaling_activities.ended_at IS 'of what fails again for the same reason: when it failed last';
GRANT SELECT ON dynapg.scalable_targets, dynapg.scaling_policies, dynapg.scaling_activities TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.scalable_targets', '');
SELECT pg_catalog.pg_extension_config_dump('dynapg.scaling_policies', '');
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.scalable_targets
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.scalable_targets', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_setting();
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.scaling_policies
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.scaling_policies', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_setting();
ALTER TABLE dynapg.scalable_targets ADD CONSTRAINT leave_out CHECK (pg_catalog.has_table_privilege('dynapg.scalable_targets', 'UPDATE'));
ALTER TABLE dynapg.scaling_policies ADD CONSTRAINT leave_out CHECK (pg_catalog.has_table_privilege('dynapg.scaling_policies', 'UPDATE'));
GRANT INSERT ON dynapg.scalable_targets, dynapg.scaling_policies TO pg_database_owner;
-- Activities are not dumped: in a dump they would be what another server has done.

-- ------------------------------------------------------------------------------------------------------------
-- What is common
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.scaling_resource_id(table_name text, index_name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT 'table/' || table_name || CASE WHEN index_name = '' THEN '' ELSE '/index/' || index_name END
$$;
COMMENT ON FUNCTION dynapg.scaling_resource_id(text, text) IS 'ResourceId of a table or an index';

CREATE FUNCTION dynapg.scaling_dimension(index_name text, is_write boolean) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT 'dynamodb:' || CASE WHEN index_name = '' THEN 'table' ELSE 'index' END || ':' || CASE WHEN is_write THEN 'WriteCapacityUnits' ELSE 'ReadCapacityUnits' END
$$;
COMMENT ON FUNCTION dynapg.scaling_dimension(text, boolean) IS 'ScalableDimension of a table or an index';

CREATE FUNCTION dynapg.scaling_refuse(message text, exception text DEFAULT 'ValidationException') RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION USING MESSAGE = message, DATATYPE = exception,
		ERRCODE = CASE exception WHEN 'ValidationException' THEN 'YD001' ELSE 'undefined_object' END;
END $$;
COMMENT ON FUNCTION dynapg.scaling_refuse(text, text) IS 'raises an error of Application Auto Scaling''s';

-- Capacity as it is: nulls if there is no such thing; on_demand: it has none.
CREATE FUNCTION dynapg.scaling_capacity(table_id uuid, index_name text, OUT on_demand boolean, OUT read_units bigint, OUT write_units bigint)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(t.definition #>> '{BillingModeSummary,BillingMode}', '') = 'PAY_PER_REQUEST',
		(d -> 'ProvisionedThroughput' ->> 'ReadCapacityUnits')::bigint, (d -> 'ProvisionedThroughput' ->> 'WriteCapacityUnits')::bigint
	FROM dynapg.tables t LEFT JOIN dynapg.indexes i ON i.table_name = t.name AND i.name = $2 AND i.kind = 'GLOBAL' AND i.status <> 'DELETING',
		LATERAL (SELECT CASE WHEN $2 = '' THEN t.definition ELSE i.definition END AS d) v
	WHERE t.id = $1 AND t.relation IS NOT NULL AND ($2 = '' OR i.name IS NOT NULL)
$$;
COMMENT ON FUNCTION dynapg.scaling_capacity(uuid, text) IS 'provisioned capacity of a table or an index';

-- ------------------------------------------------------------------------------------------------------------
-- Forecast
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.forecast(table_name text, index_name text DEFAULT NULL, dimension text DEFAULT 'ReadCapacityUnits', as_of timestamptz DEFAULT NULL,
		OUT at timestamptz, OUT forecast double precision, OUT low double precision, OUT high double precision,
		OUT mape double precision, OUT wape double precision, OUT naive_wape double precision, OUT days double precision)
	RETURNS SETOF record LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	slot CONSTANT double precision := 900;	-- seconds
	day CONSTANT integer := 96;				-- slots
	horizon CONSTANT integer := 4;
	recent CONSTANT integer := 8;			-- slots by which today is told from other days
	damping CONSTANT double precision := 0.8;
	this_slot timestamptz := to_timestamp(floor(extract(epoch FROM coalesce(as_of, clock_timestamp())) / slot) * slot);
	first_slot timestamptz;
	n integer;
	y double precision[];
	base double precision[];
	value double precision;
	weights double precision;
	weight double precision;
	actual double precision;
	seasonal double precision;
	level double precision[];
	errors double precision := 0;
	naive double precision := 0;
	total double precision := 0;
	relative double precision := 0;
	relatives integer := 0;
	tested integer := 0;
	lows double precision[];
	highs double precision[];
	residual_origin integer[] := '{}';
	residuals double precision[] := '{}';
BEGIN
	IF dimension IS NULL OR dimension NOT IN ('ReadCapacityUnits', 'WriteCapacityUnits') THEN
		PERFORM dynapg.scaling_refuse('Dimension must be ReadCapacityUnits or WriteCapacityUnits');
	END IF;
	SELECT to_timestamp(floor(extract(epoch FROM min(m.at)) / slot) * slot) INTO first_slot FROM dynapg.metrics m
		WHERE m.metric = 'Consumed' || $3 AND m.table_name = $1 AND m.index_name = coalesce($2, '') AND m.operation = ''
			AND m.at >= this_slot - interval '14 days' AND m.at < this_slot;
	n := coalesce(round(extract(epoch FROM this_slot - first_slot) / slot), 0);
	days := n / day::double precision;
	-- y[1..n]: units a second of each slot; what was not recorded is nothing
	SELECT array_agg(coalesce(s.units, 0) / slot ORDER BY i) INTO y FROM generate_series(1, n) i LEFT JOIN (
		SELECT floor(extract(epoch FROM m.at - first_slot) / slot)::integer + 1 AS number, sum(m.sum) AS units FROM dynapg.metrics m
		WHERE m.metric = 'Consumed' || $3 AND m.table_name = $1 AND m.index_name = coalesce($2, '') AND m.operation = '' AND m.at >= first_slot AND m.at < this_slot
		GROUP BY 1) s ON s.number = i;
	-- base[i]: the same time of earlier days, the nearer the heavier
	FOR i IN day + 1 .. n + horizon LOOP
		value := 0; weights := 0; weight := 1;
		FOR k IN 1 .. (i - 1) / day LOOP
			IF i - k * day <= n THEN
				value := value + weight * y[i - k * day];
				weights := weights + weight;
			END IF;
			weight := weight / 2;
		END LOOP;
		IF weights > 0 THEN base[i] := value / weights; END IF;
	END LOOP;
	-- level[i]: by how much the slots up to i were above their base
	FOR i IN day + recent .. n LOOP
		actual := 0; seasonal := 0;
		FOR k IN 0 .. recent - 1 LOOP
			actual := actual + y[i - k];
			seasonal := seasonal + coalesce(base[i - k], 0);
		END LOOP;
		level[i] := CASE WHEN seasonal <= 0 THEN 1 ELSE least(4, greatest(0.25, actual / seasonal)) END;
	END LOOP;
	-- what it would have said at each time of the last week, an hour ahead and less, against what came
	FOR origin IN greatest(day + recent, n - 7 * day) .. n - 1 LOOP
		FOR h IN 1 .. least(horizon, n - origin) LOOP
			value := base[origin + h] * (1 + (level[origin] - 1) * damping ^ h);
			actual := y[origin + h];
			errors := errors + abs(value - actual);
			naive := naive + abs(y[origin + h - day] - actual);
			total := total + actual;
			tested := tested + 1;
			IF actual > 0 THEN
				relative := relative + abs(value - actual) / actual;
				relatives := relatives + 1;
			END IF;
			residual_origin := residual_origin || h;
			residuals := residuals || (actual - value) / greatest(value, 1e-9);
		END LOOP;
	END LOOP;
	IF total > 0 THEN
		wape := errors / total;
		naive_wape := naive / total;
	END IF;
	IF relatives > 0 THEN mape := relative / relatives; END IF;
	FOR h IN 1 .. horizon LOOP
		at := this_slot + (h - 1) * slot * interval '1 second';
		forecast := CASE WHEN n >= day + recent THEN base[n + h] * (1 + (level[n] - 1) * damping ^ h) END;
		SELECT forecast * greatest(0, 1 + percentile_cont(0.1) WITHIN GROUP (ORDER BY r)), forecast * greatest(0, 1 + percentile_cont(0.9) WITHIN GROUP (ORDER BY r))
			INTO low, high FROM unnest(residuals, residual_origin) u(r, step) WHERE step = h;
		RETURN NEXT;
	END LOOP;
END $$;
COMMENT ON FUNCTION dynapg.forecast(text, text, text, timestamptz) IS
	'what will be consumed of a table or an index in the next hour, in units a second by quarters of an hour, from what dynapg.metrics has of the last 14 days; with the band that eight of ten came to lie in, and the mean errors (MAPE, WAPE) of the same forecasts of the last week, beside that of "as yesterday"; null while there is less than a day and two hours';

-- ------------------------------------------------------------------------------------------------------------
-- Deciding
-- ------------------------------------------------------------------------------------------------------------

-- units: what was consumed a second of each of the last 15 minutes, the newest first; null: nothing was recorded, which says nothing.
CREATE FUNCTION dynapg.scaling_decision(units double precision[], capacity bigint, min_capacity bigint, max_capacity bigint, target_value double precision,
		needed bigint DEFAULT NULL, OUT new_capacity bigint, OUT reason text)
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target double precision := target_value / 100;
	low double precision := greatest(target - 0.2, target / 2);
	lowest bigint := least(max_capacity, greatest(min_capacity, coalesce(needed, 0)));
BEGIN
	IF needed > capacity AND lowest > capacity THEN
		new_capacity := lowest;
		reason := 'Forecast';
	END IF;
	IF units[1] > target * capacity AND units[2] > target * capacity THEN
		new_capacity := greatest(new_capacity, least(max_capacity, ceil(greatest(units[1], units[2]) / target)::bigint));
		reason := coalesce(reason, 'AlarmHigh');
		IF new_capacity <= capacity THEN
			new_capacity := NULL; reason := NULL;	-- at its most, or above it by hand
		END IF;
	ELSIF new_capacity IS NULL AND (SELECT count(*) = 15 AND bool_and(u < low * capacity) FROM unnest(units) u WHERE u IS NOT NULL) THEN
		new_capacity := greatest(lowest, ceil((SELECT max(u) FROM unnest(units) u) / target)::bigint);
		reason := 'AlarmLow';
		IF new_capacity >= capacity THEN
			new_capacity := NULL; reason := NULL;
		END IF;
	END IF;
END $$;
COMMENT ON FUNCTION dynapg.scaling_decision(double precision[], bigint, bigint, bigint, double precision, bigint) IS
	'target tracking: more if two minutes were above the target, less if fifteen were 20 percent points below it; null: it stays';

-- ------------------------------------------------------------------------------------------------------------
-- Doing
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.set_capacity(table_name text, index_name text, read_units bigint, write_units bigint, old_read_units bigint, old_write_units bigint) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_set_capacity' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.set_capacity(text, text, bigint, bigint, bigint, bigint) IS 'UpdateTable, of units alone, as the table''s owner, unless they are others than the old ones by then; for auto scaling';
REVOKE EXECUTE ON FUNCTION dynapg.set_capacity(text, text, bigint, bigint, bigint, bigint) FROM PUBLIC;

CREATE FUNCTION dynapg.note_scaling(target dynapg.scalable_targets, as_of timestamptz, new_capacity bigint, old_capacity bigint, reason text, failure text)
	RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	units text := CASE WHEN target.is_write THEN 'write' ELSE 'read' END || ' capacity units';
	resource text := dynapg.scaling_resource_id(target.table_name, target.index_name);
	message text := coalesce(failure, format('Successfully set %s to %s. Change successfully fulfilled by dynamodb.', units, new_capacity));
	last dynapg.scaling_activities;
BEGIN
	IF failure IS NOT NULL THEN
		SELECT * INTO last FROM dynapg.scaling_activities a WHERE a.table_id = target.table_id AND a.index_name = target.index_name AND a.is_write = target.is_write
			ORDER BY a.started_at DESC, a.ended_at DESC LIMIT 1;
		IF last.status_message = failure THEN
			UPDATE dynapg.scaling_activities SET ended_at = as_of WHERE id = last.id;
			RETURN;
		END IF;
	END IF;
	INSERT INTO dynapg.scaling_activities (table_id, table_name, index_name, is_write, started_at, ended_at, description, cause, status_code, status_message, old_capacity, new_capacity)
		VALUES (target.table_id, target.table_name, target.index_name, target.is_write, as_of, as_of,
			CASE WHEN new_capacity IS NULL THEN format('Scaling of %s.', units) ELSE format('Setting %s to %s.', units, new_capacity) END,
			CASE WHEN reason = 'Bounds' THEN format('minimum or maximum capacity of %s was set', resource)
				WHEN reason = 'Forecast' THEN format('a forecast triggered the predictive policy of %s', resource)
				WHEN reason IS NULL THEN format('policies of %s were evaluated', resource)
				ELSE format('monitor alarm TargetTracking-%s-%s in state ALARM triggered its policy', resource, reason) END,
			CASE WHEN failure IS NULL THEN 'Successful' ELSE 'Failed' END, message, old_capacity, new_capacity);
	RAISE LOG 'auto scaling of %: %', resource, message;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.note_scaling(dynapg.scalable_targets, timestamptz, bigint, bigint, text, text) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.note_scaling(dynapg.scalable_targets, timestamptz, bigint, bigint, text, text) IS 'writes down what auto scaling did; for auto scaling';

-- What one target needs now; null: what it has.
CREATE FUNCTION dynapg.evaluate_target(target dynapg.scalable_targets, capacity bigint, as_of timestamptz, OUT new_capacity bigint, OUT reason text)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	last_minute timestamptz := date_trunc('minute', as_of - interval '10 s');
	tracking dynapg.scaling_policies;
	predictive dynapg.scaling_policies;
	units double precision[];
	needed bigint;
BEGIN
	IF target.is_new THEN
		new_capacity := greatest(target.min_capacity, least(target.max_capacity, capacity));
		reason := 'Bounds';
		IF new_capacity = capacity THEN
			new_capacity := NULL; reason := NULL;
		ELSE
			RETURN;
		END IF;
	END IF;
	IF target.evaluated_at >= last_minute THEN RETURN; END IF;
	SELECT * INTO tracking FROM dynapg.scaling_policies p WHERE (p.table_id, p.index_name, p.is_write) = (target.table_id, target.index_name, target.is_write)
		AND p.policy_type = 'TargetTrackingScaling';
	SELECT * INTO predictive FROM dynapg.scaling_policies p WHERE (p.table_id, p.index_name, p.is_write) = (target.table_id, target.index_name, target.is_write)
		AND p.policy_type = 'PredictiveScaling';
	IF predictive.table_id IS NOT NULL THEN
		IF predictive.forecast_at IS NULL OR predictive.forecast_at <= as_of - interval '5 min' OR predictive.forecast_at > as_of THEN
			SELECT ceil(max(f.high) / (predictive.target_value / 100))::bigint INTO predictive.forecast_capacity
				FROM dynapg.forecast(target.table_name, target.index_name, CASE WHEN target.is_write THEN 'WriteCapacityUnits' ELSE 'ReadCapacityUnits' END, as_of) f
				WHERE f.at <= as_of + (predictive.buffer_time + 300) * interval '1 s';
			UPDATE dynapg.scaling_policies p SET forecast_at = as_of, forecast_capacity = predictive.forecast_capacity
				WHERE (p.table_id, p.index_name, p.is_write, p.policy_type) = (predictive.table_id, predictive.index_name, predictive.is_write, predictive.policy_type);
		END IF;
		IF predictive.acts THEN needed := predictive.forecast_capacity; END IF;
	END IF;
	IF tracking.table_id IS NULL AND needed IS NULL THEN RETURN; END IF;
	SELECT array_agg(m.sum / 60 ORDER BY i) INTO units FROM generate_series(1, 15) i LEFT JOIN (
		SELECT p.at, p.sum FROM dynapg.metric_series s JOIN dynapg.metric_points p ON p.series = s.id
		WHERE s.metric = CASE WHEN target.is_write THEN 'ConsumedWriteCapacityUnits' ELSE 'ConsumedReadCapacityUnits' END AND s.table_name = target.table_name
			AND s.table_id = target.table_id AND s.index_name = target.index_name AND s.operation = '' AND p.at >= last_minute - interval '15 min' AND p.at < last_minute) m
		ON m.at = last_minute - i * interval '1 min';
	IF tracking.table_id IS NULL THEN units := array_fill(NULL::double precision, ARRAY[15]); END IF;
	SELECT d.new_capacity, d.reason INTO new_capacity, reason
		FROM dynapg.scaling_decision(units, capacity, target.min_capacity, target.max_capacity, coalesce(tracking.target_value, predictive.target_value), needed) d;
	IF new_capacity > capacity AND (target.scale_out_suspended OR
			(reason = 'AlarmHigh' AND as_of < target.scaled_out_at + tracking.scale_out_cooldown * interval '1 s')) OR
		new_capacity < capacity AND (target.scale_in_suspended OR tracking.disable_scale_in OR
			as_of < greatest(target.scaled_in_at, target.scaled_out_at) + tracking.scale_in_cooldown * interval '1 s') THEN
		new_capacity := NULL; reason := NULL;
	END IF;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.evaluate_target(dynapg.scalable_targets, bigint, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.evaluate_target(dynapg.scalable_targets, bigint, timestamptz) IS 'what a scalable target needs; for auto scaling';

CREATE FUNCTION dynapg.scale_target(target dynapg.scalable_targets, as_of timestamptz) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	now_has record;
	capacity bigint;
	wanted record;
	failure text;
	state text;
BEGIN
	SELECT * INTO now_has FROM dynapg.scaling_capacity(target.table_id, target.index_name);
	IF now_has.on_demand IS NULL THEN
		failure := format('DynamoDB %s does not exist: %s', CASE WHEN target.index_name = '' THEN 'table' ELSE 'index' END,
			dynapg.scaling_resource_id(target.table_name, target.index_name));
	ELSIF now_has.on_demand THEN
		failure := format('Table %s is on demand (PAY_PER_REQUEST): it has no capacity to scale', target.table_name);
	END IF;
	IF failure IS NOT NULL THEN
		PERFORM dynapg.note_scaling(target, as_of, NULL, NULL, NULL, failure);
		UPDATE dynapg.scalable_targets t SET evaluated_at = as_of WHERE (t.table_id, t.index_name, t.is_write) = (target.table_id, target.index_name, target.is_write);
		RETURN false;
	END IF;
	capacity := CASE WHEN target.is_write THEN now_has.write_units ELSE now_has.read_units END;
	SELECT * INTO wanted FROM dynapg.evaluate_target(target, capacity, as_of);
	IF wanted.new_capacity IS NOT NULL THEN
		BEGIN
			PERFORM dynapg.set_capacity(target.table_name, target.index_name, CASE WHEN target.is_write THEN now_has.read_units ELSE wanted.new_capacity END,
				CASE WHEN target.is_write THEN wanted.new_capacity ELSE now_has.write_units END, now_has.read_units, now_has.write_units);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
		END;
		-- who holds a lock is come back to, as is a table that is changing (ResourceInUseException), and one that was dropped (ResourceNotFoundException) goes; none is a failure
		IF state IN ('55P03', '40P01', 'YD011', 'YD012') THEN
			wanted.new_capacity := NULL;
		ELSE
			PERFORM dynapg.note_scaling(target, as_of, wanted.new_capacity, capacity, wanted.reason, failure);
		END IF;
	END IF;
	UPDATE dynapg.scalable_targets t SET
			-- what was refused waits for the next minute; when the capacity was brought within its bounds, or bounds or policies were set meanwhile, the policies are due still
			evaluated_at = CASE WHEN (wanted.reason = 'Bounds' AND failure IS NULL) OR (t.min_capacity, t.max_capacity) <> (target.min_capacity, target.max_capacity)
				OR t.evaluated_at IS DISTINCT FROM target.evaluated_at THEN t.evaluated_at ELSE date_trunc('minute', as_of - interval '10 s') END,
			-- bounds that were set meanwhile are new still
			is_new = t.is_new AND (failure IS NOT NULL OR NOT target.is_new OR (t.min_capacity, t.max_capacity) <> (target.min_capacity, target.max_capacity)),
			scaled_out_at = CASE WHEN failure IS NULL AND wanted.new_capacity > capacity THEN as_of ELSE t.scaled_out_at END,
			scaled_in_at = CASE WHEN failure IS NULL AND wanted.new_capacity < capacity THEN as_of ELSE t.scaled_in_at END
		WHERE (t.table_id, t.index_name, t.is_write) = (target.table_id, target.index_name, target.is_write);
	RETURN failure IS NULL AND wanted.new_capacity IS NOT NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.scale_target(dynapg.scalable_targets, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.scale_target(dynapg.scalable_targets, timestamptz) IS 'evaluates a scalable target, and changes its capacity; for auto scaling';

CREATE FUNCTION dynapg.forget_scaling(as_of timestamptz) RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
	DELETE FROM dynapg.scalable_targets t WHERE NOT EXISTS (SELECT FROM dynapg.tables c WHERE c.id = t.table_id);
	DELETE FROM dynapg.scaling_policies p WHERE NOT EXISTS (SELECT FROM dynapg.tables c WHERE c.id = p.table_id);
	DELETE FROM dynapg.scaling_activities a WHERE a.started_at < $1 - interval '42 days';
$$;
REVOKE EXECUTE ON FUNCTION dynapg.forget_scaling(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.forget_scaling(timestamptz) IS 'removes what auto scaling knows of tables that are gone, and old activities; for auto scaling';

-- Each target is due once a minute; one with new bounds or policies at once.
CREATE FUNCTION dynapg.scaling_is_due(evaluated_at timestamptz, as_of timestamptz) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT evaluated_at IS NULL OR evaluated_at < date_trunc('minute', as_of - interval '10 s')
$$;
COMMENT ON FUNCTION dynapg.scaling_is_due(timestamptz, timestamptz) IS 'whether a scalable target is to be evaluated';

CREATE FUNCTION dynapg.scale_due_target(target dynapg.scalable_targets, as_of timestamptz) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	message text;
BEGIN
	RETURN dynapg.scale_target(target, as_of);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RAISE LOG 'auto scaling of %: %', dynapg.scaling_resource_id(target.table_name, target.index_name), message;
	RETURN false;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.scale_due_target(dynapg.scalable_targets, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.scale_due_target(dynapg.scalable_targets, timestamptz) IS 'dynapg.scale_target(), whose errors go to the log; for auto scaling';

CREATE FUNCTION dynapg.run_auto_scaling(as_of timestamptz DEFAULT NULL) RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets;
	changed integer := 0;
	moment timestamptz := coalesce(as_of, clock_timestamp());
BEGIN
	PERFORM dynapg.forget_scaling(moment);
	FOR target IN SELECT * FROM dynapg.scalable_targets t WHERE dynapg.scaling_is_due(t.evaluated_at, moment) ORDER BY t.table_name, t.index_name, t.is_write LOOP
		changed := changed + dynapg.scale_due_target(target, moment)::integer;
	END LOOP;
	RETURN changed;
END $$;
COMMENT ON FUNCTION dynapg.run_auto_scaling(timestamptz) IS
	'changes the capacities that policies say are to be changed, as the keeper does every minute, but in one transaction; returns how many were. as_of: as if it were then, for tests';
REVOKE EXECUTE ON FUNCTION dynapg.run_auto_scaling(timestamptz) FROM PUBLIC;

-- ------------------------------------------------------------------------------------------------------------
-- Application Auto Scaling's operations: requests and answers as in its JSON protocol
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.auto_scaling(operation text, request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_auto_scaling' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.auto_scaling(text, jsonb) IS
	'an operation of Application Auto Scaling on tables and indexes: RegisterScalableTarget, DeregisterScalableTarget, PutScalingPolicy, DeleteScalingPolicy for the table''s owner; DescribeScalableTargets, DescribeScalingPolicies, DescribeScalingActivities, ListTagsForResource';

-- A number of a request, whole and within bounds; null: it is not given.
CREATE FUNCTION dynapg.scaling_number(request jsonb, member text, least_value double precision, most double precision, whole boolean DEFAULT true)
	RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	value numeric;
BEGIN
	IF jsonb_typeof(coalesce(request -> member, 'null')) = 'null' THEN RETURN NULL; END IF;
	IF jsonb_typeof(request -> member) = 'number' THEN value := (request ->> member)::numeric; END IF;
	IF value IS NULL OR (whole AND value <> trunc(value)) OR value < least_value::numeric OR value > most::numeric THEN
		PERFORM dynapg.scaling_refuse(format('%s must be a%s number from %s to %s', member, CASE WHEN whole THEN ' whole' ELSE '' END, least_value, most));
	END IF;
	RETURN value;
END $$;
COMMENT ON FUNCTION dynapg.scaling_number(jsonb, text, double precision, double precision, boolean) IS 'a number of a request of Application Auto Scaling''s';

CREATE FUNCTION dynapg.scaling_boolean(request jsonb, member text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF jsonb_typeof(coalesce(request -> member, 'null')) NOT IN ('null', 'boolean') THEN
		PERFORM dynapg.scaling_refuse(format('%s must be true or false', member));
	END IF;
	RETURN (request ->> member)::boolean;
END $$;
COMMENT ON FUNCTION dynapg.scaling_boolean(jsonb, text) IS 'a boolean of a request of Application Auto Scaling''s';

-- The target that a request names, as far as it says so; the rest is null.
CREATE FUNCTION dynapg.scaling_target_of(request jsonb) RETURNS dynapg.scalable_targets LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets;
	parts text[] := regexp_match(request ->> 'ResourceId', '^table/([a-zA-Z0-9_.-]{3,255})(?:/index/([a-zA-Z0-9_.-]{3,255}))?$');
	dimension text := request ->> 'ScalableDimension';
BEGIN
	IF request ->> 'ServiceNamespace' IS DISTINCT FROM 'dynamodb' OR parts IS NULL OR dimension IS NULL OR
		dimension NOT IN (dynapg.scaling_dimension(coalesce(parts[2], ''), false), dynapg.scaling_dimension(coalesce(parts[2], ''), true)) THEN
		PERFORM dynapg.scaling_refuse('Unsupported service namespace, resource type or scalable dimension');
	END IF;
	target.table_name := parts[1];
	target.index_name := coalesce(parts[2], '');
	target.is_write := dimension LIKE '%:WriteCapacityUnits';
	SELECT t.id INTO target.table_id FROM dynapg.tables t WHERE t.name = target.table_name AND t.relation IS NOT NULL;
	RETURN target;
END $$;
COMMENT ON FUNCTION dynapg.scaling_target_of(jsonb) IS 'the scalable target that a request names';

CREATE FUNCTION dynapg.scaling_target_arn(target dynapg.scalable_targets) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('arn:aws:application-autoscaling:%s:%s:scalable-target/%s', current_setting('dynapg.region'), current_setting('dynapg.account_id'),
		left(md5(concat_ws('/', target.table_id, target.index_name, target.is_write)), 28))
$$;
COMMENT ON FUNCTION dynapg.scaling_target_arn(dynapg.scalable_targets) IS 'ScalableTargetARN';

CREATE FUNCTION dynapg.scaling_policy_arn(policy dynapg.scaling_policies, table_name text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT format('arn:aws:autoscaling:%s:%s:scalingPolicy:%s:resource/dynamodb/%s:policyName/%s', current_setting('dynapg.region'), current_setting('dynapg.account_id'),
		policy.policy_id, dynapg.scaling_resource_id(table_name, policy.index_name), policy.policy_name)
$$;
COMMENT ON FUNCTION dynapg.scaling_policy_arn(dynapg.scaling_policies, text) IS 'PolicyARN';

CREATE FUNCTION dynapg.register_scalable_target(request jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets := dynapg.scaling_target_of(request);
	present dynapg.scalable_targets;
	has record;
	suspended jsonb := coalesce(request -> 'SuspendedState', '{}');
BEGIN
	SELECT * INTO has FROM dynapg.scaling_capacity(target.table_id, target.index_name);
	IF has.on_demand IS NULL THEN
		PERFORM dynapg.scaling_refuse(format('DynamoDB %s does not exist: %s', CASE WHEN target.index_name = '' OR target.table_id IS NULL THEN 'table' ELSE 'index' END,
			request ->> 'ResourceId'));
	END IF;
	IF has.on_demand THEN
		PERFORM dynapg.scaling_refuse(format('Table %s is on demand (PAY_PER_REQUEST): it has no capacity to scale', target.table_name));
	END IF;
	SELECT * INTO present FROM dynapg.scalable_targets t WHERE (t.table_id, t.index_name, t.is_write) = (target.table_id, target.index_name, target.is_write);
	target.min_capacity := coalesce(dynapg.scaling_number(request, 'MinCapacity', 1, 1e12), present.min_capacity);
	target.max_capacity := coalesce(dynapg.scaling_number(request, 'MaxCapacity', 1, 1e12), present.max_capacity);
	IF target.min_capacity IS NULL OR target.max_capacity IS NULL THEN
		PERFORM dynapg.scaling_refuse('Minimum and maximum capacity must be specified when a scalable target is registered');
	END IF;
	IF target.min_capacity > target.max_capacity THEN
		PERFORM dynapg.scaling_refuse(format('Maximum capacity cannot be less than minimum capacity: %s, %s', target.max_capacity, target.min_capacity));
	END IF;
	IF jsonb_typeof(suspended) <> 'object' THEN PERFORM dynapg.scaling_refuse('SuspendedState must be an object'); END IF;
	INSERT INTO dynapg.scalable_targets AS t (table_id, table_name, index_name, is_write, min_capacity, max_capacity, role_arn, scale_in_suspended, scale_out_suspended)
		VALUES (target.table_id, target.table_name, target.index_name, target.is_write, target.min_capacity, target.max_capacity,
			coalesce(request ->> 'RoleARN', present.role_arn), coalesce(dynapg.scaling_boolean(suspended, 'DynamicScalingInSuspended'), present.scale_in_suspended, false),
			coalesce(dynapg.scaling_boolean(suspended, 'DynamicScalingOutSuspended'), present.scale_out_suspended, false))
		ON CONFLICT (table_id, index_name, is_write) DO UPDATE SET min_capacity = excluded.min_capacity, max_capacity = excluded.max_capacity, role_arn = excluded.role_arn,
			scale_in_suspended = excluded.scale_in_suspended, scale_out_suspended = excluded.scale_out_suspended,
			is_new = t.is_new OR (t.min_capacity, t.max_capacity) <> (excluded.min_capacity, excluded.max_capacity),
			-- looked at in seconds, not after the minute
			evaluated_at = NULL;
	RETURN jsonb_build_object('ScalableTargetARN', dynapg.scaling_target_arn(target));
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.register_scalable_target(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.register_scalable_target(jsonb) IS 'RegisterScalableTarget, for dynapg.auto_scaling()';

-- The registered target that a request is about.
CREATE FUNCTION dynapg.registered_target(request jsonb) RETURNS dynapg.scalable_targets LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	named dynapg.scalable_targets := dynapg.scaling_target_of(request);
	target dynapg.scalable_targets;
BEGIN
	SELECT * INTO target FROM dynapg.scalable_targets t WHERE (t.table_id, t.index_name, t.is_write) = (named.table_id, named.index_name, named.is_write);
	IF target.table_id IS NULL THEN
		PERFORM dynapg.scaling_refuse(format('No scalable target found for service namespace: dynamodb, resource ID: %s, scalable dimension: %s',
			request ->> 'ResourceId', request ->> 'ScalableDimension'), 'ObjectNotFoundException');
	END IF;
	RETURN target;
END $$;
COMMENT ON FUNCTION dynapg.registered_target(jsonb) IS 'the scalable target that a request is about, which must be there';

CREATE FUNCTION dynapg.deregister_scalable_target(request jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets := dynapg.registered_target(request);
BEGIN
	DELETE FROM dynapg.scalable_targets t WHERE (t.table_id, t.index_name, t.is_write) = (target.table_id, target.index_name, target.is_write);
	DELETE FROM dynapg.scaling_policies p WHERE (p.table_id, p.index_name, p.is_write) = (target.table_id, target.index_name, target.is_write);
	RETURN '{}';
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.deregister_scalable_target(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.deregister_scalable_target(jsonb) IS 'DeregisterScalableTarget, for dynapg.auto_scaling()';

CREATE FUNCTION dynapg.put_scaling_policy(request jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets := dynapg.registered_target(request);
	policy dynapg.scaling_policies;
	tracking jsonb := request -> 'TargetTrackingScalingPolicyConfiguration';
	predictive jsonb := request -> 'PredictiveScalingPolicyConfiguration';
	other dynapg.scaling_policies;
	metric text := CASE WHEN target.is_write THEN 'DynamoDBWriteCapacityUtilization' ELSE 'DynamoDBReadCapacityUtilization' END;
	given text;
BEGIN
	policy.policy_name := request ->> 'PolicyName';
	policy.policy_type := coalesce(request ->> 'PolicyType', 'TargetTrackingScaling');
	IF policy.policy_name IS NULL OR length(policy.policy_name) NOT BETWEEN 1 AND 256 THEN
		PERFORM dynapg.scaling_refuse('PolicyName must have 1 to 256 characters');
	END IF;
	IF policy.policy_type NOT IN ('TargetTrackingScaling', 'PredictiveScaling') THEN
		PERFORM dynapg.scaling_refuse(format('PolicyType %s is not supported for dynamodb: TargetTrackingScaling or PredictiveScaling', policy.policy_type));
	END IF;
	IF policy.policy_type = 'TargetTrackingScaling' THEN
		IF coalesce(jsonb_typeof(tracking), '') <> 'object' THEN
			PERFORM dynapg.scaling_refuse('TargetTrackingScalingPolicyConfiguration must be specified for policy type TargetTrackingScaling');
		END IF;
		given := tracking #>> '{PredefinedMetricSpecification,PredefinedMetricType}';
		IF tracking ? 'CustomizedMetricSpecification' OR given IS DISTINCT FROM metric THEN
			PERFORM dynapg.scaling_refuse(format('The metric of dimension %s is PredefinedMetricSpecification with PredefinedMetricType %s',
				dynapg.scaling_dimension(target.index_name, target.is_write), metric));
		END IF;
		policy.target_value := dynapg.scaling_number(tracking, 'TargetValue', 20, 90, false);
		policy.scale_in_cooldown := coalesce(dynapg.scaling_number(tracking, 'ScaleInCooldown', 0, 2147483647), 0);
		policy.scale_out_cooldown := coalesce(dynapg.scaling_number(tracking, 'ScaleOutCooldown', 0, 2147483647), 0);
		policy.disable_scale_in := coalesce(dynapg.scaling_boolean(tracking, 'DisableScaleIn'), false);
		policy.acts := true;
		policy.buffer_time := 300;
	ELSE
		IF coalesce(jsonb_typeof(predictive), '') <> 'object' OR coalesce(jsonb_typeof(predictive -> 'MetricSpecifications'), '') <> 'array' OR
			jsonb_array_length(predictive -> 'MetricSpecifications') <> 1 THEN
			PERFORM dynapg.scaling_refuse('PredictiveScalingPolicyConfiguration with one of MetricSpecifications must be specified for policy type PredictiveScaling');
		END IF;
		policy.target_value := dynapg.scaling_number(predictive #> '{MetricSpecifications,0}', 'TargetValue', 20, 90, false);
		given := coalesce(predictive ->> 'Mode', 'ForecastOnly');
		IF given NOT IN ('ForecastOnly', 'ForecastAndScale') THEN
			PERFORM dynapg.scaling_refuse('Mode must be ForecastOnly or ForecastAndScale');
		END IF;
		IF coalesce(predictive ->> 'MaxCapacityBreachBehavior', 'HonorMaxCapacity') <> 'HonorMaxCapacity' THEN
			PERFORM dynapg.scaling_refuse('MaxCapacityBreachBehavior must be HonorMaxCapacity');
		END IF;
		policy.acts := given = 'ForecastAndScale';
		policy.buffer_time := coalesce(dynapg.scaling_number(predictive, 'SchedulingBufferTime', 0, 3600), 300);
		policy.scale_in_cooldown := 0;
		policy.scale_out_cooldown := 0;
		policy.disable_scale_in := false;
	END IF;
	IF policy.target_value IS NULL THEN PERFORM dynapg.scaling_refuse('TargetValue must be specified'); END IF;
	FOR other IN SELECT * FROM dynapg.scaling_policies p WHERE (p.table_id, p.index_name, p.is_write) = (target.table_id, target.index_name, target.is_write) LOOP
		IF other.policy_type = policy.policy_type AND other.policy_name <> policy.policy_name THEN
			PERFORM dynapg.scaling_refuse(format('Only one %s policy for a given metric specification is allowed.', policy.policy_type));
		ELSIF other.policy_type <> policy.policy_type AND other.policy_name = policy.policy_name THEN
			PERFORM dynapg.scaling_refuse(format('The policy type of %s cannot be changed: it is %s', policy.policy_name, other.policy_type));
		ELSIF other.policy_type <> policy.policy_type AND other.target_value <> policy.target_value THEN
			PERFORM dynapg.scaling_refuse(format('The policies of a dimension must have one TargetValue: that of %s is %s', other.policy_name, other.target_value));
		END IF;
	END LOOP;
	INSERT INTO dynapg.scaling_policies AS p (table_id, index_name, is_write, policy_type, policy_name, target_value, scale_in_cooldown, scale_out_cooldown,
			disable_scale_in, acts, buffer_time)
		VALUES (target.table_id, target.index_name, target.is_write, policy.policy_type, policy.policy_name, policy.target_value, policy.scale_in_cooldown,
			policy.scale_out_cooldown, policy.disable_scale_in, policy.acts, policy.buffer_time)
		ON CONFLICT (table_id, index_name, is_write, policy_type) DO UPDATE SET target_value = excluded.target_value, scale_in_cooldown = excluded.scale_in_cooldown,
			scale_out_cooldown = excluded.scale_out_cooldown, disable_scale_in = excluded.disable_scale_in, acts = excluded.acts, buffer_time = excluded.buffer_time,
			forecast_at = NULL, forecast_capacity = NULL
		RETURNING p.* INTO policy;
	-- looked at in seconds, not after the minute
	UPDATE dynapg.scalable_targets t SET evaluated_at = NULL WHERE (t.table_id, t.index_name, t.is_write) = (target.table_id, target.index_name, target.is_write);
	RETURN jsonb_build_object('PolicyARN', dynapg.scaling_policy_arn(policy, target.table_name), 'Alarms', '[]'::jsonb);
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.put_scaling_policy(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.put_scaling_policy(jsonb) IS 'PutScalingPolicy, for dynapg.auto_scaling()';

CREATE FUNCTION dynapg.delete_scaling_policy(request jsonb) RETURNS jsonb LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	target dynapg.scalable_targets := dynapg.registered_target(request);
BEGIN
	DELETE FROM dynapg.scaling_policies p WHERE (p.table_id, p.index_name, p.is_write) = (target.table_id, target.index_name, target.is_write)
		AND p.policy_name = request ->> 'PolicyName';
	IF NOT FOUND THEN
		PERFORM dynapg.scaling_refuse(format('No scaling policy found for service namespace: dynamodb, resource ID: %s, scalable dimension: %s: policy name: %s',
			request ->> 'ResourceId', request ->> 'ScalableDimension', coalesce(request ->> 'PolicyName', '')), 'ObjectNotFoundException');
	END IF;
	RETURN '{}';
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.delete_scaling_policy(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.delete_scaling_policy(jsonb) IS 'DeleteScalingPolicy, for dynapg.auto_scaling()';

-- A page of a list in its order, and where the next one begins.
CREATE FUNCTION dynapg.scaling_page(request jsonb, member text, entries jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	size integer := coalesce(dynapg.scaling_number(request, 'MaxResults', 1, 50), 50);
	start integer := 0;
	total integer := coalesce(jsonb_array_length(entries), 0);
	page jsonb;
BEGIN
	IF request ->> 'NextToken' IS NOT NULL THEN
		IF request ->> 'NextToken' !~ '^[0-9]{1,9}$' THEN PERFORM dynapg.scaling_refuse('Invalid NextToken', 'InvalidNextTokenException'); END IF;
		start := (request ->> 'NextToken')::integer;
	END IF;
	SELECT coalesce(jsonb_agg(e ORDER BY i), '[]') INTO page FROM jsonb_array_elements(entries) WITH ORDINALITY u(e, i) WHERE i > start AND i <= start::bigint + size;
	RETURN jsonb_build_object(member, page) || CASE WHEN total > start::bigint + size THEN jsonb_build_object('NextToken', (start + size)::text) ELSE '{}' END;
END $$;
COMMENT ON FUNCTION dynapg.scaling_page(jsonb, text, jsonb) IS 'a page of a list of Application Auto Scaling''s';

CREATE FUNCTION dynapg.scaling_matches(request jsonb, table_name text, index_name text, is_write boolean) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(request ->> 'ResourceId', dynapg.scaling_resource_id(table_name, index_name)) = dynapg.scaling_resource_id(table_name, index_name)
		AND (coalesce(jsonb_typeof(request -> 'ResourceIds'), '') <> 'array' OR request -> 'ResourceIds' ? dynapg.scaling_resource_id(table_name, index_name))
		AND coalesce(request ->> 'ScalableDimension', dynapg.scaling_dimension(index_name, is_write)) = dynapg.scaling_dimension(index_name, is_write)
		AND request ->> 'ServiceNamespace' = 'dynamodb'
$$;
COMMENT ON FUNCTION dynapg.scaling_matches(jsonb, text, text, boolean) IS 'whether a request asks for a target';

CREATE FUNCTION dynapg.describe_scalable_targets(request jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT dynapg.scaling_page(request, 'ScalableTargets', jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ServiceNamespace', 'dynamodb',
		'ResourceId', dynapg.scaling_resource_id(t.table_name, t.index_name), 'ScalableDimension', dynapg.scaling_dimension(t.index_name, t.is_write),
		'MinCapacity', t.min_capacity, 'MaxCapacity', t.max_capacity, 'RoleARN', coalesce(t.role_arn,
			format('arn:aws:iam::%s:role/aws-service-role/dynamodb.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_DynamoDBTable', current_setting('dynapg.account_id'))),
		'CreationTime', extract(epoch FROM t.created_at)::double precision, 'ScalableTargetARN', dynapg.scaling_target_arn(t),
		'SuspendedState', jsonb_build_object('DynamicScalingInSuspended', t.scale_in_suspended, 'DynamicScalingOutSuspended', t.scale_out_suspended,
			'ScheduledScalingSuspended', false))) ORDER BY t.table_name, t.index_name, t.is_write))
	FROM dynapg.scalable_targets t WHERE dynapg.scaling_matches(request, t.table_name, t.index_name, t.is_write) AND EXISTS (SELECT FROM dynapg.tables c WHERE c.id = t.table_id)
$$;
COMMENT ON FUNCTION dynapg.describe_scalable_targets(jsonb) IS 'DescribeScalableTargets, for dynapg.auto_scaling()';

CREATE FUNCTION dynapg.describe_scaling_policies(request jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT dynapg.scaling_page(request, 'ScalingPolicies', jsonb_agg(jsonb_build_object('PolicyARN', dynapg.scaling_policy_arn(p, t.table_name), 'PolicyName', p.policy_name,
		'ServiceNamespace', 'dynamodb', 'ResourceId', dynapg.scaling_resource_id(t.table_name, t.index_name),
		'ScalableDimension', dynapg.scaling_dimension(t.index_name, t.is_write), 'PolicyType', p.policy_type, 'Alarms', '[]'::jsonb,
		'CreationTime', extract(epoch FROM p.created_at)::double precision) || CASE p.policy_type WHEN 'TargetTrackingScaling' THEN
			jsonb_build_object('TargetTrackingScalingPolicyConfiguration', jsonb_build_object('TargetValue', p.target_value, 'ScaleInCooldown', p.scale_in_cooldown,
				'ScaleOutCooldown', p.scale_out_cooldown, 'DisableScaleIn', p.disable_scale_in, 'PredefinedMetricSpecification',
				jsonb_build_object('PredefinedMetricType', CASE WHEN p.is_write THEN 'DynamoDBWriteCapacityUtilization' ELSE 'DynamoDBReadCapacityUtilization' END)))
		ELSE jsonb_build_object('PredictiveScalingPolicyConfiguration', jsonb_build_object('MetricSpecifications', jsonb_build_array(jsonb_build_object('TargetValue', p.target_value)),
				'Mode', CASE WHEN p.acts THEN 'ForecastAndScale' ELSE 'ForecastOnly' END, 'SchedulingBufferTime', p.buffer_time, 'MaxCapacityBreachBehavior', 'HonorMaxCapacity')) END
		ORDER BY t.table_name, t.index_name, t.is_write, p.policy_type DESC))
	FROM dynapg.scaling_policies p JOIN dynapg.scalable_targets t USING (table_id, index_name, is_write)
	WHERE dynapg.scaling_matches(request, t.table_name, t.index_name, t.is_write) AND EXISTS (SELECT FROM dynapg.tables c WHERE c.id = t.table_id)
		AND (coalesce(jsonb_typeof(request -> 'PolicyNames'), '') <> 'array' OR request -> 'PolicyNames' ? p.policy_name)
$$;
COMMENT ON FUNCTION dynapg.describe_scaling_policies(jsonb) IS 'DescribeScalingPolicies, for dynapg.auto_scaling()';

CREATE FUNCTION dynapg.describe_scaling_activities(request jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT dynapg.scaling_page(request, 'ScalingActivities', jsonb_agg(jsonb_build_object('ActivityId', a.id, 'ServiceNamespace', 'dynamodb',
		'ResourceId', dynapg.scaling_resource_id(a.table_name, a.index_name), 'ScalableDimension', dynapg.scaling_dimension(a.index_name, a.is_write),
		'Description', a.description, 'Cause', a.cause, 'StartTime', extract(epoch FROM a.started_at)::double precision,
		'EndTime', extract(epoch FROM a.ended_at)::double precision, 'StatusCode', a.status_code, 'StatusMessage', a.status_message)
		ORDER BY a.started_at DESC, a.table_name, a.index_name, a.is_write))
	FROM dynapg.scaling_activities a WHERE dynapg.scaling_matches(request, a.table_name, a.index_name, a.is_write)
$$;
COMMENT ON FUNCTION dynapg.describe_scaling_activities(jsonb) IS 'DescribeScalingActivities, for dynapg.auto_scaling()';

-- ------------------------------------------------------------------------------------------------------------
-- For SQL
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.put_scaling_policy(resource_id text, scalable_dimension text, min_capacity bigint, max_capacity bigint,
		target_value double precision DEFAULT 70, scale_in_cooldown integer DEFAULT 0, scale_out_cooldown integer DEFAULT 0,
		disable_scale_in boolean DEFAULT false, predictive text DEFAULT NULL) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	resource jsonb := jsonb_build_object('ServiceNamespace', 'dynamodb', 'ResourceId', resource_id, 'ScalableDimension', scalable_dimension);
	utilization text := CASE WHEN scalable_dimension LIKE '%:WriteCapacityUnits' THEN 'DynamoDBWriteCapacityUtilization' ELSE 'DynamoDBReadCapacityUtilization' END;
	policy record;
BEGIN
	PERFORM dynapg.auto_scaling('RegisterScalableTarget', resource || jsonb_build_object('MinCapacity', min_capacity, 'MaxCapacity', max_capacity));
	-- under the names that are there, if there are policies: this one takes their place
	FOR policy IN SELECT p ->> 'PolicyName' AS name, p ->> 'PolicyType' AS type FROM jsonb_array_elements(dynapg.auto_scaling('DescribeScalingPolicies', resource) -> 'ScalingPolicies') p LOOP
		PERFORM dynapg.auto_scaling('DeleteScalingPolicy', resource || jsonb_build_object('PolicyName', policy.name));
	END LOOP;
	PERFORM dynapg.auto_scaling('PutScalingPolicy', resource || jsonb_build_object('PolicyName', utilization || ':' || resource_id, 'PolicyType', 'TargetTrackingScaling',
		'TargetTrackingScalingPolicyConfiguration', jsonb_build_object('PredefinedMetricSpecification', jsonb_build_object('PredefinedMetricType', utilization),
			'TargetValue', target_value, 'ScaleInCooldown', scale_in_cooldown, 'ScaleOutCooldown', scale_out_cooldown, 'DisableScaleIn', disable_scale_in)));
	IF predictive IS NOT NULL THEN
		PERFORM dynapg.auto_scaling('PutScalingPolicy', resource || jsonb_build_object('PolicyName', 'Predictive:' || resource_id, 'PolicyType', 'PredictiveScaling',
			'PredictiveScalingPolicyConfiguration', jsonb_build_object('MetricSpecifications', jsonb_build_array(jsonb_build_object('TargetValue', target_value)), 'Mode', predictive)));
	END IF;
END $$;
COMMENT ON FUNCTION dynapg.put_scaling_policy(text, text, bigint, bigint, double precision, integer, integer, boolean, text) IS
	'has the capacity of a table (table/name) or an index (table/name/index/name) follow what is consumed, between a least and a most, so that target_value percent of it is used; in the place of what was said before; predictive: ForecastOnly or ForecastAndScale; for the table''s owner';

CREATE FUNCTION dynapg.delete_scaling_policy(resource_id text, scalable_dimension text) RETURNS boolean LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	resource jsonb := jsonb_build_object('ServiceNamespace', 'dynamodb', 'ResourceId', resource_id, 'ScalableDimension', scalable_dimension);
BEGIN
	PERFORM dynapg.auto_scaling('DeregisterScalableTarget', resource);
	RETURN true;
EXCEPTION WHEN undefined_object THEN
	RETURN false;
END $$;
COMMENT ON FUNCTION dynapg.delete_scaling_policy(text, text) IS
	'ends the scaling of a table''s or an index''s capacity, which stays as it is; false if there was none; for the table''s owner';

CREATE VIEW dynapg.scaling AS
	SELECT dynapg.scaling_resource_id(t.table_name, t.index_name) AS resource_id, dynapg.scaling_dimension(t.index_name, t.is_write) AS scalable_dimension,
		t.min_capacity, t.max_capacity, CASE WHEN t.is_write THEN c.write_units ELSE c.read_units END AS capacity,
		p.target_value, p.scale_in_cooldown, p.scale_out_cooldown, p.disable_scale_in,
		CASE WHEN f.acts THEN 'ForecastAndScale' WHEN f.table_id IS NOT NULL THEN 'ForecastOnly' END AS predictive, f.forecast_capacity, t.scaled_out_at, t.scaled_in_at
	FROM dynapg.scalable_targets t
		LEFT JOIN dynapg.scaling_policies p ON (p.table_id, p.index_name, p.is_write) = (t.table_id, t.index_name, t.is_write) AND p.policy_type = 'TargetTrackingScaling'
		LEFT JOIN dynapg.scaling_policies f ON (f.table_id, f.index_name, f.is_write) = (t.table_id, t.index_name, t.is_write) AND f.policy_type = 'PredictiveScaling',
		LATERAL dynapg.scaling_capacity(t.table_id, t.index_name) c
	WHERE EXISTS (SELECT FROM dynapg.tables k WHERE k.id = t.table_id);
COMMENT ON VIEW dynapg.scaling IS 'capacities that follow what is consumed';
COMMENT ON COLUMN dynapg.scaling.capacity IS 'as it is now';
COMMENT ON COLUMN dynapg.scaling.forecast_capacity IS 'what the predictive policy says will be needed';
GRANT SELECT ON dynapg.scaling TO PUBLIC;
