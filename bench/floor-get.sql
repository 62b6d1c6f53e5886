\set p random(0, :partitions - 1)
\set s random(0, 9)
SELECT item FROM raw WHERE pk = 'user#' || :p AND sk = :s;
