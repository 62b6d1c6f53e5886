\set p random(0, 99)
SELECT item FROM raw_wide WHERE pk = 'user#' || :p ORDER BY sk;
