-- One of 100 segments.
\set s random(0, 99)
SELECT count(item->'score') FROM dynapg.scan(('{"TableName":"Bench","TotalSegments": 100,"Segment": ' || :s || '}')::jsonb) item;
