\set key random(1, :keys)
\set what random(1, 100)
\set value random(1, 1000000000000000)
\set padding random_exponential(1, 300, 20)
\if :what <= 70
SELECT stress.put(:key, :value, :padding);
\else
SELECT stress.delete(:key);
\endif
