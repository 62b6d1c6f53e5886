\set key random(1, :keys)
\set what random(1, 100)
\set isolated random(1, 10)
\if :isolated = 1
BEGIN ISOLATION LEVEL REPEATABLE READ;
\else
BEGIN;
\endif
\if :what <= 25
SELECT stress.put(:key);
\elif :what <= 50
SELECT stress.update(:key);
\elif :what <= 60
SELECT stress.delete(:key);
\elif :what <= 65
SELECT stress.batch(:keys);
\elif :what <= 90
SELECT stress.sql(:key, :what);
\else
SELECT stress.undo(:key, :what);
\endif
COMMIT;
