-- What pg_dump does not say for pg_upgrade: which tables' rows are dumped, by names for OIDs, and how many rows each has.
SELECT 'dumped: ' || c.t::regclass || coalesce(' ' || c.condition, '')
FROM pg_extension, unnest(extconfig, extcondition) AS c(t, condition) WHERE extname = 'dynapg' ORDER BY 1;
SELECT 'member: ' || pg_describe_object(classid, objid, 0) FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynapg') AND deptype = 'e' ORDER BY 1;
SELECT format('SELECT %L || count(*) FROM %s', format('rows: %s ', c.oid::regclass), c.oid::regclass)
FROM pg_class c JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
WHERE c.relkind = 'r' ORDER BY 1 \gexec
