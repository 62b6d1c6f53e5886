--
-- Buckets "in" and "out" for regression tests, as folders below dynapg.export_directory, in each one's own session.  For superusers.
--
SELECT current_setting('data_directory') || '/dynapg_buckets' AS buckets \gset
SELECT format('COPY (SELECT) TO PROGRAM %L', format('cat >/dev/null; cd %1$L && rm -rf dynapg_buckets && mkdir -p dynapg_buckets/in dynapg_buckets/out', current_setting('data_directory'))) \gexec
-- the setting is the library's
LOAD 'dynapg';
ALTER SYSTEM SET dynapg.export_directory = :'buckets';
SELECT pg_reload_conf() \g /dev/null

-- Writes an object of these lines.
CREATE FUNCTION pg_temp.put_object(bucket text, key text, VARIADIC lines text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT nullif(line, '''') FROM unnest(%L::text[]) line) TO PROGRAM %L WITH (FORMAT csv, DELIMITER E''\x01'', QUOTE E''\x02'')', lines,
		format('f=%L; mkdir -p "$(dirname "$f")" && cat >"$f"', current_setting('data_directory') || '/dynapg_buckets' || '/' || bucket || '/' || key));
END $$;

-- The objects below a prefix, in the order of their keys.
CREATE FUNCTION pg_temp.objects(bucket text, prefix text) RETURNS TABLE (key text, content text) LANGUAGE plpgsql AS $$
DECLARE
	folder text := current_setting('data_directory') || '/dynapg_buckets' || '/' || bucket || '/';
BEGIN
	CREATE TEMP TABLE object_keys (key text);
	EXECUTE format('COPY object_keys FROM PROGRAM %L', format('cd %L && find . -type f | sed "s,^./,,"', folder));
	RETURN QUERY SELECT k.key, pg_read_file(folder || k.key) FROM object_keys k WHERE starts_with(k.key, prefix) ORDER BY k.key COLLATE "C";
	DROP TABLE object_keys;
END $$;

-- An answer without ids and times.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(answer, '\d{14}-[0-9a-f]{8}', '(id)', 'g'),
		'[0-9a-f]{8}-[0-9a-f-]{27}', '(uuid)', 'g'), '(Time": ?)[0-9.E]+', '\1"(time)"', 'g'), '("etag": ?")[^"]+', '\1(etag)', 'g')
$$;
