\set g random(0, :partitions - 1)
SELECT item FROM raw@table@ WHERE item->>'g' = 'group#' || :g ORDER BY pk, sk;
