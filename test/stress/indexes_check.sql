-- Prints what is wrong, and nothing if nothing is.
\pset tuples_only on
\pset format unaligned
SET client_min_messages TO warning;
SELECT * FROM dynapg.check_table('Stress');
SELECT * FROM stress.compare();
SELECT count(*) > 0 AS has_amcheck FROM pg_available_extensions WHERE name = 'amcheck' \gset
\if :has_amcheck
CREATE EXTENSION IF NOT EXISTS amcheck;
SELECT bt_index_check(i.indexrelid, true) FROM pg_index i JOIN dynapg.indexes x ON i.indrelid = x.relation \g /dev/null
\endif
