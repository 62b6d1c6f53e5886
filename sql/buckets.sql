-- Buckets: who may use them, folders below dynapg.export_directory, and what must not lead out of them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
CREATE ROLE bucket_user;
CREATE ROLE bucket_group;
CREATE ROLE bucket_member IN ROLE bucket_group;
GRANT USAGE ON SCHEMA dynapg, dynapg_test TO bucket_user, bucket_member;

-- settings are for superusers, and are checked
SET dynapg.export_directory = 'relative/path';
SET dynapg.s3_endpoint = 'ftp://host';
SET dynapg.s3_endpoint = 'http://user@host';
SET dynapg.s3_endpoint = 'http://host/path';
SET dynapg.s3_endpoint = 'http://host:9000/';
SET dynapg.s3_endpoint = 'https://[::1]:9000';
SET dynapg.s3_endpoint = 'http://[]';
RESET dynapg.s3_endpoint;
SET dynapg.s3_region = 'EU';
SET ROLE bucket_user;
SET dynapg.export_directory = '/tmp';
SET dynapg.s3_endpoint = 'http://localhost';
SET dynapg.s3_region = 'eu-central-1';
SET dynapg.s3_path_style = off;
SET dynapg.out_ca_file = '/tmp/x';
-- and so are grants and credentials
SELECT dynapg.grant_bucket('b', 'bucket_user');
SELECT dynapg.revoke_bucket('b', 'bucket_user');
SELECT dynapg.set_s3_credentials('a', 'b');
SELECT * FROM dynapg.s3_credentials;
RESET ROLE;

--
-- Grants
--
SELECT dynapg.grant_bucket('b', 'bucket_user', '{read}');
SELECT dynapg.grant_bucket('b', 'bucket_user', '{READ}');
SELECT dynapg.grant_bucket('c', 'bucket_group');
SELECT dynapg.grant_bucket('b', 'bucket_user', '{}');
SELECT dynapg.grant_bucket('b', 'bucket_user', '{SELECT}');
SELECT dynapg.grant_bucket('b', 'bucket_user', '{NULL}');
SELECT bucket, role, access FROM dynapg.bucket_grants ORDER BY bucket;
SELECT dynapg_test.bucket_may('b', 'READ'), dynapg_test.bucket_may('z', 'WRITE') AS superuser_may;
SET ROLE bucket_user;
SELECT dynapg_test.bucket_may('b', 'READ'), dynapg_test.bucket_may('b', 'WRITE'), dynapg_test.bucket_may('c', 'READ');
SET ROLE bucket_member;
SELECT dynapg_test.bucket_may('b', 'READ'), dynapg_test.bucket_may('c', 'READ'), dynapg_test.bucket_may('c', 'WRITE');
RESET ROLE;
GRANT pg_read_server_files TO bucket_user;
SET ROLE bucket_user;
SELECT dynapg_test.bucket_may('z', 'READ'), dynapg_test.bucket_may('z', 'WRITE');
RESET ROLE;
REVOKE pg_read_server_files FROM bucket_user;
GRANT pg_write_server_files TO bucket_user;
SET ROLE bucket_user;
SELECT dynapg_test.bucket_may('z', 'READ'), dynapg_test.bucket_may('z', 'WRITE');
RESET ROLE;
SELECT dynapg.revoke_bucket('c', 'bucket_group', '{WRITE}');
SELECT dynapg.grant_bucket('b', 'bucket_user', '{WRITE}');
SELECT bucket, role, access FROM dynapg.bucket_grants ORDER BY bucket;
SELECT dynapg.revoke_bucket('c', 'bucket_group', '{READ}'), dynapg.revoke_bucket('b', 'bucket_user'), dynapg.revoke_bucket('b', 'bucket_user');
SELECT bucket, role, access FROM dynapg.bucket_grants ORDER BY bucket;

--
-- Credentials
--
SELECT dynapg.set_s3_credentials('key', 'secret one');
SELECT dynapg.set_s3_credentials('key', NULL);
SELECT dynapg.set_s3_credentials('key', '');
SELECT dynapg.set_s3_credentials('key', 'secret');
SELECT dynapg.set_s3_credentials('other', 'another', 'token');
SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();
SELECT access_key_id, secret_access_key, session_token FROM dynapg.s3_credentials;
SELECT dynapg.set_s3_credentials(NULL, NULL);
SELECT count(*) FROM dynapg.s3_credentials;
-- neither grants nor credentials are in dumps
SELECT count(*) FROM pg_extension, unnest(extconfig) c
	WHERE extname = 'dynapg' AND c IN ('dynapg.bucket_grants'::regclass, 'dynapg.s3_credentials'::regclass);

--
-- Folders
--
CREATE TEMP TABLE place (path text);
COPY place FROM PROGRAM 'mktemp -d';
SELECT path AS place FROM place \gset
CREATE PROCEDURE dynapg_test.sh(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT) TO PROGRAM %L', format('cat >/dev/null; cd %s && { %s; } >/dev/null', (SELECT path FROM place), command));
END $$;
CALL dynapg_test.sh('mkdir bucket outside && echo secret >outside/file && echo top >top && ln -s outside link && chmod 750 bucket');

-- no folder and no S3
SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_list('bucket')$$);
SELECT set_config('dynapg.export_directory', :'place', false) AS set \gset
SELECT replace(dynapg_test.failure_of(format('SELECT dynapg_test.bucket_list(%L)', bucket)), :'place', '...')
	FROM unnest('{absent, link, top, ., .., bucket/.., "", /etc, .dynapg-x}'::text[]) bucket;
SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_list('bucket', '', '999999999999')$$);
SELECT count(*) FROM dynapg_test.bucket_list('bucket', '', '000000000000');

-- objects are there when they are finished, with the rights of their bucket
SELECT dynapg_test.bucket_put('bucket', 'a/b/c.json', 'hello') AS etag \gset
SELECT dynapg_test.bucket_put('bucket', 'a/abandoned', 'no', 1, 'abandon');
SELECT dynapg_test.bucket_put('bucket', 'a/left', 'no', 1000000, 'leave');
SELECT dynapg_test.bucket_put('bucket', 'a/b/empty', '') IS NOT NULL AS finished;
SELECT dynapg_test.bucket_put('bucket', 'a/b.json', 'x', 300001) IS NOT NULL AS finished;
SELECT dynapg_test.bucket_put('bucket', 'ab', 'x') IS NOT NULL AS finished;
SELECT dynapg_test.bucket_put('bucket', 'Ä b?&%', 'x', 1, 'finish', 'AES256') IS NOT NULL AS finished;
SELECT key, size FROM dynapg_test.bucket_list('bucket');
SELECT key FROM dynapg_test.bucket_list('bucket', 'a/b');
SELECT key FROM dynapg_test.bucket_list('bucket', 'a/b/');
SELECT key FROM dynapg_test.bucket_list('bucket', 'ab');
SELECT key FROM dynapg_test.bucket_list('bucket', 'a/b/c.json/');
SELECT key FROM dynapg_test.bucket_list('bucket', '../outside/');
SELECT dynapg_test.bucket_read('bucket', 'a/b/c.json');
SELECT dynapg_test.bucket_read('bucket', 'a/b/c.json', 3, :'etag');
SELECT dynapg_test.bucket_read('bucket', 'a/b/c.json', 5);
SELECT dynapg_test.bucket_read('bucket', 'a/b/c.json', 50);
SELECT right(dynapg_test.bucket_read('bucket', 'a/b.json'), 70);
SELECT etag = :'etag' AS same FROM dynapg_test.bucket_list('bucket', 'a/b/c');
SELECT dynapg_test.bucket_put('bucket', 'a/b/c.json', 'HELLO') <> :'etag' AS other;
SELECT dynapg_test.failure_of(format($$SELECT dynapg_test.bucket_read('bucket', 'a/b/c.json', 0, %L)$$, :'etag'));
CALL dynapg_test.sh('cd bucket && find . -printf "%M %P\n" | LC_ALL=C sort -k 2 >../found');
SELECT pg_read_file(:'place' || '/found');

-- what a writer that has died has left is removed by the next one in the folder; what one that lives has is not
CALL dynapg_test.sh('echo x >bucket/a/.dynapg-0123456789abcdef; echo x >bucket/.dynapg-0123456789abcdef');
SELECT key FROM dynapg_test.bucket_list('bucket', '') WHERE key ~ 'dynapg';
SELECT dynapg_test.bucket_put('bucket', 'a/new', 'x') IS NOT NULL AS finished;
CALL dynapg_test.sh('test ! -e bucket/a/.dynapg-0123456789abcdef && test -e bucket/.dynapg-0123456789abcdef');

-- keys that are no paths below the bucket
SELECT key, dynapg_test.failure_of(format('SELECT dynapg_test.bucket_read(''bucket'', %L)', key)),
	dynapg_test.failure_of(format('SELECT dynapg_test.bucket_put(''bucket'', %L, ''x'')', key)) IS DISTINCT FROM 'none' AS refused
	FROM unnest('{../outside/file, a/../../outside/file, /etc/passwd, a//b, a/./b, a/, "", ., a/.., a/.dynapg-0, a/b, a/b/c.json/d, a/absent/x}'::text[]) key;
SELECT left(dynapg_test.failure_of(format('SELECT dynapg_test.bucket_read(''bucket'', %L)', repeat('k', n))), 60) FROM unnest('{300,1100}'::int[]) n;
SELECT left(dynapg_test.failure_of(format('SELECT dynapg_test.bucket_put(''bucket'', %L, ''x'')', repeat('k', n))), 60) FROM unnest('{300,1100}'::int[]) n;
SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_put('bucket', 'k', 'x', 1, 'finish', 'KMS', 'arn:aws:kms:us-east-1:000000000000:key/k')$$);
SELECT dynapg_test.bucket_put('bucket', 'kms', 'x', 1, 'finish', 'KMS') IS NOT NULL AS finished;

-- links, and files that are not ordinary ones, are refused and not passed over
CALL dynapg_test.sh('mkdir bucket/l && ln -s ../../outside/file bucket/l/file && ln -s ../../outside bucket/l/folder && mkfifo bucket/l/fifo');
SELECT key, dynapg_test.failure_of(format('SELECT dynapg_test.bucket_read(''bucket'', %L)', key)),
	dynapg_test.failure_of(format('SELECT dynapg_test.bucket_list(''bucket'', %L)', key))
	FROM unnest('{l/file, l/folder, l/folder/file, l/fifo}'::text[]) key;
SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_put('bucket', 'l/folder/file', 'x')$$);
SELECT dynapg_test.bucket_put('bucket', 'l/file', 'x') IS NOT NULL AS in_the_place_of_the_link;
SELECT key FROM dynapg_test.bucket_list('bucket', 'l/file');
CALL dynapg_test.sh('test "$(cat outside/file)" = secret');
SELECT key FROM dynapg_test.bucket_list('bucket', 'a/b/');

-- a name in another encoding; folders without end
CALL dynapg_test.sh('mkdir bucket/e && touch "bucket/e/$(printf ''\377'')"');
SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_list('bucket', 'e/')$$);
CALL dynapg_test.sh('mkdir -p "bucket/d/$(seq -s / 70)"');
SELECT left(dynapg_test.failure_of($$SELECT dynapg_test.bucket_list('bucket', 'd')$$), 25);

CALL dynapg_test.sh('rm -rf "$PWD"');
SELECT replace(dynapg_test.failure_of($$SELECT dynapg_test.bucket_list('bucket')$$), :'place', '...');
RESET dynapg.export_directory;
DROP PROCEDURE dynapg_test.sh;
DROP OWNED BY bucket_user, bucket_group, bucket_member;
DROP ROLE bucket_user, bucket_group, bucket_member;
