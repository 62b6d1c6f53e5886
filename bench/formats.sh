#!/bin/bash
# Benchmarks of the formats of exports and imports: megabytes of lines that a core writes and reads, without compression.
#
#   BENCH_FORMATS=1 make bench
#   BENCH_ROUNDS=5 bench/formats.sh
#
# A figure is megabytes of text for a second of CPU time of the server's process, the median of its rounds. Reading ends with the item's jsonb.
# Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
functions=$PWD/test/functions.sql
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-5}
megabytes=100

# one_rate QUERY: megabytes a CPU second; the query says how many bytes it went over.
one_rate() {
    local before bytes
    before=$(backends_cpu)
    bytes=$(sql -c "$1" | tail -n 1)
    sleep 0.05
    echo "$bytes $(($(backends_cpu) - before))" | awk '{print $1 / $2}'
}

# rate QUERY
rate() {
    for ((round = 1; round <= rounds; round++)); do
        one_rate "$1"
    done | median | awk '{printf "%.0f", $1}'
}

write() { rate "SELECT dynapg_test.write_speed(item, '$2', ($megabytes * 1000000 / length(dynapg_test.write_record(item, '$2')))::int) FROM items WHERE name = '$1'"; }
read_back() { rate "SELECT length(bytes)::bigint * $megabytes FROM objects, dynapg_test.read_speed(bytes, '$2', $megabytes) WHERE name = '$1' AND format = '$2'"; }

start
sql -c 'CREATE EXTENSION dynapg' -f "$functions" -f - <<'SQL' >/dev/null
CREATE TABLE items AS SELECT * FROM (VALUES
	('flat, 400 bytes', jsonb_build_object('pk', 'customer#00012345', 'sk', 'order#2026-11-29T12:00:00.000Z', 'status', 'SHIPPED', 'total', 1234.56, 'quantity', 42,
		'created', 1764417600, 'paid', true, 'address', repeat('a', 60), 'note', repeat('lorem ipsum ', 15))),
	('nested', '{"pk": "user#0000123456", "tags": {"$SS": ["alpha", "beta", "gamma"]}, "address": {"street": "1 Long Street", "city": "Springfield", "zip": "12345"},
		"lines": [{"sku": "A-100", "n": 1, "price": 9.99}, {"sku": "B-200", "n": 3, "price": 19.95}], "flags": {"a": true, "b": false, "c": null}}'),
	('numbers', jsonb_build_object('pk', 1, 'values', (SELECT jsonb_agg((n * 7919 % 100003)::numeric / 100) FROM generate_series(1, 200) n))),
	('text, 100 KB', jsonb_build_object('pk', 'a', 'text', repeat('The quick brown fox jumps over the lazy dog. ', 2300)))) v(name, item);
CREATE TABLE objects AS SELECT name, format, convert_to(repeat(line, greatest(1000000 / length(line), 1)), 'UTF8') AS bytes
FROM items, unnest(ARRAY['DYNAMODB_JSON', 'ION']) format, dynapg_test.write_record(item, format) line;
INSERT INTO objects SELECT 'CSV', 'CSV', convert_to(E'pk,sk,status,total,address,note\n' ||
	repeat(E'customer#00012345,order#2026-11-29,SHIPPED,1234.56,"Springfield, 12345",lorem ipsum dolor sit amet\n', 10000), 'UTF8');
SQL
printf 'MB/s a core\n\n| item | JSON written | read | Ion written | read |\n|---|---:|---:|---:|---:|\n'
while read -r name; do
    printf '| %s | %s | %s | %s | %s |\n' "$name" "$(write "$name" DYNAMODB_JSON)" "$(read_back "$name" DYNAMODB_JSON)" \
        "$(write "$name" ION)" "$(read_back "$name" ION)"
done < <(sql -c 'SELECT name FROM items')
printf '| CSV of 95 bytes a row | | %s | | |\n' "$(read_back CSV CSV)"
