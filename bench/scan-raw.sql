-- A hundredth of the table's blocks, in their order.
\set s random(0, 99)
SELECT count(item->'score') FROM raw WHERE
    ctid >= format('(%s,0)', :s * (SELECT pg_relation_size('raw') / 8192 / 100))::tid AND
    ctid < format('(%s,0)', (:s + 1) * (SELECT pg_relation_size('raw') / 8192 / 100))::tid;
