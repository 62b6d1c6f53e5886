--
-- Temporary credentials: who may make, see and revoke them, and what they may be.  Requests with them: test/tap/sessions.pl.
--
SET client_min_messages = warning;
SET dynapg.account_id = '123456789012';
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
-- What a session was made as, without what is random: the kinds and lengths of its credentials, and the minutes it lasts
CREATE FUNCTION pg_temp.made(role regrole, duration interval DEFAULT '1 hour', policy text DEFAULT NULL, tags jsonb DEFAULT NULL, name text DEFAULT NULL)
	RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s %s %s', regexp_replace(access_key_id, '[A-Z2-7]{16}$', '+16'), length(secret_access_key), length(session_token),
		(extract(epoch FROM expiration - statement_timestamp()) / 60)::integer)
	FROM dynapg.create_session(role, duration, policy, tags, name)
$$;
CREATE FUNCTION pg_temp.refusal(arguments text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynapg.create_session(%s)', arguments))
$$;
DROP ROLE IF EXISTS regress_session_app, regress_session_broker, regress_session_member, regress_session_other, regress_session_admin, regress_session_super;
\set ECHO all
CREATE ROLE regress_session_app LOGIN;
CREATE ROLE regress_session_broker;
CREATE ROLE regress_session_member;
CREATE ROLE regress_session_other;
CREATE ROLE regress_session_admin IN ROLE dynapg_policy_admin;
CREATE ROLE regress_session_super SUPERUSER LOGIN;
GRANT regress_session_app TO regress_session_broker WITH ADMIN OPTION;
GRANT regress_session_app TO regress_session_member, regress_session_admin;

-- Whoever could SET ROLE to the role makes sessions; the role's administrators say who they are
SET ROLE regress_session_member;
SELECT pg_temp.made('regress_session_app');
SELECT pg_temp.made('regress_session_app', '15 minutes', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}');
SELECT pg_temp.refusal($$ 'regress_session_app', tags => '{"tenant": "a"}' $$);
SELECT pg_temp.refusal($$ 'regress_session_app', tags => '{}' $$);
SELECT pg_temp.refusal($$ 'regress_session_app', name => 'somebody' $$);
SET ROLE regress_session_app;
SELECT pg_temp.made('regress_session_app', '12 hours');
-- ... or else a role could say that it is another tenant
SELECT pg_temp.refusal($$ 'regress_session_app', tags => '{"tenant": "a"}' $$);
SELECT pg_temp.refusal($$ 'regress_session_app', name => 'somebody' $$);
SET ROLE regress_session_broker;
SELECT pg_temp.made('regress_session_app', tags => '{"tenant": "a"}', name => 'tenant-a');
SET ROLE regress_session_admin;
SELECT pg_temp.made('regress_session_app', tags => '{"tenant": "b"}');
SET ROLE regress_session_other;
SELECT pg_temp.refusal($$ 'regress_session_app' $$);
SELECT pg_temp.refusal($$ 'regress_session_super' $$);
SELECT pg_temp.refusal($$ 'regress_session_nobody' $$);
SELECT pg_temp.refusal($$ 4000000000::oid::regrole $$);
RESET ROLE;
SELECT pg_temp.made('regress_session_super', tags => '{}', name => 'root');

-- What was made; the secret is not a part of it
SELECT role, name, policy, tags, created_by, extract(epoch FROM expires_at - created_at)::integer AS seconds FROM dynapg.stat_sessions ORDER BY created_at;
SELECT column_name FROM information_schema.columns WHERE table_schema = 'dynapg' AND table_name = 'stat_sessions' ORDER BY ordinal_position;
SELECT count(DISTINCT access_key_id), count(DISTINCT secret), count(DISTINCT token_digest), bool_and(token_digest <> sha256(secret::bytea)) FROM dynapg.sessions;
SET ROLE regress_session_app;
SELECT pg_temp.fails('SELECT 1 FROM dynapg.sessions');
SELECT count(*) FROM dynapg.stat_sessions;
SET ROLE regress_session_other;
SELECT count(*) FROM dynapg.stat_sessions;
RESET ROLE;

-- The name is the maker's unless one is given
CREATE ROLE "regress session é/x" LOGIN;
SET ROLE "regress session é/x";
SELECT pg_temp.made('"regress session é/x"');
SELECT name FROM dynapg.stat_sessions;
RESET ROLE;

-- 15 minutes to 12 hours
SELECT duration, pg_temp.refusal(format('%L, %L', 'regress_session_app', duration)) FROM unnest('{14 minutes 59 seconds,12 hours 1 second,0,-1 hour,1 month,1 year}'::interval[]) AS duration;
SELECT pg_temp.refusal($$ 'regress_session_app', '300000 years' $$);
SELECT pg_temp.refusal($$ 'regress_session_app', NULL $$), pg_temp.refusal($$ NULL $$);

-- Names
SELECT left(name, 10) AS name, length(name), pg_temp.refusal(format('%L, name => %L', 'regress_session_app', name))
FROM unnest(ARRAY['', 'a', 'a b', 'é1', 'a/b', repeat('a', 65)]) AS name;
SELECT pg_temp.made('regress_session_app', name => 'a1_+=,.@-'), pg_temp.made('regress_session_app', name => repeat('a', 64));

-- Tags: as STS takes them, whatever their letters' case
SELECT tags, pg_temp.refusal(format('%L, tags => %L', 'regress_session_app', tags))
FROM unnest(ARRAY['[]', '1', 'null', '{"a": 1}', '{"a": null}', '{"a": {}}', '{"": "x"}', '{"aws:x": "y"}', '{"AWS:x": "y"}', '{"a": "*"}', '{"a": "${x}"}', '{"a*": "x"}', '{"Tenant": "a", "tenant": "b"}']::jsonb[]) AS tags;
SELECT n, m, pg_temp.refusal(format('%L, tags => %L', 'regress_session_app', jsonb_build_object(repeat('é', n), repeat('é', m)))) AS refusal FROM (VALUES (129, 1), (1, 257)) AS v(n, m);
SELECT pg_temp.made('regress_session_app', tags => jsonb_build_object(repeat('é', 128), repeat('é', 256), 'empty', '', 'kinds', 'aZ09 _.:/=+-@é'));
SELECT pg_temp.refusal(format('%L, tags => %L', 'regress_session_app', (SELECT jsonb_object_agg('k' || i, 'v') FROM generate_series(1, 51) i)));
SELECT pg_temp.made('regress_session_app', tags => (SELECT jsonb_object_agg('k' || i, 'v') FROM generate_series(1, 50) i));

-- Policies: of a role's kind, up to 2,048 characters, white space counted
SELECT policy, pg_temp.refusal(format('%L, policy => %L', 'regress_session_app', policy))
FROM unnest(ARRAY['', '{', '{"Statement": []}', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem"}}',
	'{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "dynamodb:GetItem", "Resource": "*"}}']) AS policy;
SELECT size, pg_temp.refusal(format('%L, policy => %L', 'regress_session_app', rpad('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', size))) FROM (VALUES (2049), (4000)) AS v(size);
SELECT pg_temp.made('regress_session_app', policy => rpad('{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', 2048));
-- what never holds is told
SELECT pg_temp.made('regress_session_app', policy => '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"dynamodb:LeadingKeys": "a"}}}}');

-- Revoking: by whoever could make them
CREATE TEMPORARY TABLE made AS SELECT access_key_id AS id FROM dynapg.create_session('regress_session_app');
GRANT SELECT ON made TO PUBLIC;
SET ROLE regress_session_other;
SELECT regexp_replace(pg_temp.fails(format('SELECT dynapg.revoke_session(%L)', id)), 'ASIA[A-Z2-7]{16}', 'ASIA+16') FROM made;
SELECT pg_temp.fails($$ SELECT dynapg.revoke_sessions('regress_session_app') $$);
SET ROLE regress_session_member;
SELECT dynapg.revoke_session(id) FROM made;
SELECT regexp_replace(pg_temp.fails(format('SELECT dynapg.revoke_session(%L)', id)), 'ASIA[A-Z2-7]{16}', 'ASIA+16') FROM made;
SELECT dynapg.revoke_sessions('regress_session_app') > 0 AS revoked, dynapg.revoke_sessions('regress_session_app') AS again;
SELECT count(*) FROM dynapg.stat_sessions;
RESET ROLE;
SELECT dynapg.revoke_sessions('regress_session_super'), dynapg.revoke_sessions('"regress session é/x"');

-- The sessions of a role that was dropped: nobody sees them, superusers may revoke them
CREATE ROLE regress_session_gone LOGIN;
TRUNCATE made;
INSERT INTO made SELECT access_key_id FROM dynapg.create_session('regress_session_gone');
DROP ROLE regress_session_gone;
SET ROLE regress_session_member;
SELECT regexp_replace(pg_temp.fails(format('SELECT dynapg.revoke_session(%L)', id)), '[0-9]+$', 'OID') FROM made;
SELECT count(*) FROM dynapg.stat_sessions;
RESET ROLE;
SELECT count(dynapg.revoke_session(access_key_id)) FROM dynapg.sessions WHERE role NOT IN (SELECT oid FROM pg_roles);

-- Expired ones stay for a day, and go ten at a time when others are made; in whatever isolation
SELECT count(dynapg.create_session('regress_session_app')) FROM generate_series(1, 25);
UPDATE dynapg.sessions SET expires_at = now() - interval '24 hours 1 second' WHERE access_key_id IN (SELECT access_key_id FROM dynapg.sessions LIMIT 13);
UPDATE dynapg.sessions SET expires_at = now() - interval '23 hours 59 minutes' WHERE access_key_id IN (SELECT access_key_id FROM dynapg.sessions WHERE expires_at > now() LIMIT 2);
SELECT count(dynapg.create_session('regress_session_app')), (SELECT count(*) FROM dynapg.sessions WHERE expires_at < now()) AS expired_before;
SELECT count(*) FILTER (WHERE expires_at < now()) AS expired, count(*) FILTER (WHERE expires_at > now()) AS alive FROM dynapg.sessions;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(dynapg.create_session('regress_session_app'));
ROLLBACK;
SELECT count(*) FILTER (WHERE expires_at < now()) AS expired FROM dynapg.sessions;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT count(dynapg.create_session('regress_session_app'));
COMMIT;
SELECT count(*) FILTER (WHERE expires_at < now()) AS expired FROM dynapg.sessions;
BEGIN READ ONLY;
SELECT dynapg.create_session('regress_session_app');
ROLLBACK;
SELECT dynapg.revoke_sessions('regress_session_app');
TABLE dynapg.sessions;

DROP ROLE regress_session_app, regress_session_broker, regress_session_member, regress_session_other, regress_session_admin, regress_session_super, "regress session é/x";
