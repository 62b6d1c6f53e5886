# Auto scaling by the keeper: it acts on new bounds within seconds, begins with the first policy and after a restart, ends with the last one, waits for no lock
# and keeps nobody from dropping the database; and a predictive policy acts only if it is told to.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('scaling', "dynapg.workers = 1\n");

sub sql { return $node->safe_psql('postgres', @_); }

sub units { return sql(q{SELECT c.read_units FROM dynapg.tables t, dynapg.scaling_capacity(t.id, '') c WHERE t.name = 'Kept'}); }

sub keepers { return sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dynapg keeper' AND datname = 'postgres'}); }

sql(q{SELECT dynamo_create_table('{"TableName": "Kept", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}')});

# A policy of a transaction that is rolled back is none
sql(q{BEGIN; SELECT dynapg.put_scaling_policy('table/Kept', 'dynamodb:table:ReadCapacityUnits', 50, 500); ROLLBACK});
is(sql('SELECT count(*) FROM dynapg.scalable_targets'), 0, 'nothing of a transaction that was rolled back');

sql(q{SELECT dynapg.put_scaling_policy('table/Kept', 'dynamodb:table:ReadCapacityUnits', 20, 500)});
ok(eventually(90, sub { units() == 20 }), 'the keeper brings a capacity within new bounds');
is(sql('SELECT status_code, old_capacity, new_capacity FROM dynapg.scaling_activities'), 'Successful|10|20', 'and says so');
like(slurp_file($node->logfile), qr{LOG:  auto scaling of table/Kept: Successfully set read capacity units to 20}, 'in the log, too');

# Somebody holds the table: the keeper goes on, and comes back to it
sql(q{SELECT dynamo_create_table('{"TableName": "Other", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}')});
my $session = $node->background_psql('postgres');
$session->query_safe(q{BEGIN; SELECT dynamo_update_table('{"TableName": "Kept", "DeletionProtectionEnabled": false}')});
sql(q{SELECT dynapg.auto_scaling('DescribeScalableTargets', '{"ServiceNamespace": "dynamodb"}')});
sql(q{UPDATE dynapg.scalable_targets SET min_capacity = 30, is_new = true});
ok(eventually(90, sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dynapg keeper' AND state = 'idle'}) > 0 }), 'the keeper waits for nobody');
sql(q{SELECT dynapg.put_scaling_policy('table/Other', 'dynamodb:table:ReadCapacityUnits', 20, 500)});
ok(eventually(90, sub { sql(q{SELECT capacity FROM dynapg.scaling WHERE resource_id = 'table/Other'}) == 20 }), 'another table is scaled');
is(units(), 20, 'while the table is held');
sql(q{SELECT dynapg.delete_scaling_policy('table/Other', 'dynamodb:table:ReadCapacityUnits')});
$session->query_safe('COMMIT');
$session->quit;
ok(eventually(90, sub { units() == 30 }), 'and is scaled when it is free');
is(sql(q{SELECT count(*) FROM dynapg.scaling_activities WHERE status_code = 'Failed'}), 0, 'which is no failure');

# After a restart it goes on by itself
$node->restart;
sql(q{UPDATE dynapg.scalable_targets SET min_capacity = 40, is_new = true});
ok(eventually(90, sub { units() == 40 }), 'after a restart the keeper is there again');

# What was consumed, of three days; a forecast alone changes nothing
sql(q{INSERT INTO dynapg.metric_series (metric, table_name, table_id) SELECT 'ConsumedReadCapacityUnits', name, id FROM dynapg.tables ON CONFLICT DO NOTHING;
	INSERT INTO dynapg.metric_points (series, at, sample_count, sum, minimum, maximum)
		SELECT s.id, date_trunc('minute', now()) - i * interval '1 min', 1, 60 * 70, 1, 1 FROM dynapg.metric_series s, generate_series(20, 3 * 1440) i
		WHERE s.metric = 'ConsumedReadCapacityUnits' AND s.table_name = 'Kept'});
sql(q{SELECT dynapg.put_scaling_policy('table/Kept', 'dynamodb:table:ReadCapacityUnits', 40, 500, predictive => 'ForecastOnly')});
sql('SELECT dynapg.run_auto_scaling()');
ok(eventually(90, sub { sql('SELECT forecast_capacity > 40 FROM dynapg.scaling') eq 't' }), 'a forecast is shown');
is(units(), 40, 'and does not act alone');
sql(q{SELECT dynapg.put_scaling_policy('table/Kept', 'dynamodb:table:ReadCapacityUnits', 40, 500, predictive => 'ForecastAndScale')});
ok(eventually(90, sub { units() > 40 }), 'one that is told to act does');
like(sql(q{SELECT cause FROM dynapg.scaling_activities ORDER BY started_at DESC LIMIT 1}), qr/forecast/, 'and says why');

# A database whose keeper scales can be dropped
sql('CREATE DATABASE gone');
$node->safe_psql('gone', q{CREATE EXTENSION dynapg;
	SELECT dynamo_create_table('{"TableName": "Kept", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
		"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}');
	SELECT dynapg.put_scaling_policy('table/Kept', 'dynamodb:table:ReadCapacityUnits', 20, 500)});
ok(eventually(60, sub { $node->psql('postgres', 'DROP DATABASE gone') == 0 }), 'DROP DATABASE');

$node->stop;
done_testing();
