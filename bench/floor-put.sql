-- :item is the text of an item, as a client would have it ready.
\set p random(0, :partitions - 1)
\set s random(0, 9)
INSERT INTO raw VALUES ('user#' || :p, :s, :item) ON CONFLICT (pk, sk) DO UPDATE SET item = excluded.item;
