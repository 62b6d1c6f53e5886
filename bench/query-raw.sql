\set p random(0, :partitions - 1)
SELECT item FROM raw WHERE pk = 'user#' || :p ORDER BY sk;
