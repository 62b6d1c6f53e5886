/*
 * copy.c
 *		The process of a live copy: its phases, and what is asked of it meanwhile.
 */
#include "postgres.h"

#include <math.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/copy_credentials.h"
#include "keep/step.h"
#include "op/op.h"
#include "transfer/copy.h"

#define LOOK_MS 1000
#define LAG_MS 5000
#define PATIENCE_S (23 * 3600)	/* once it has begun: then records are lost anyway */

/* ------------------------------------------------------------------------------------------------------------
 * Options and state
 * ------------------------------------------------------------------------------------------------------------ */

static bool
find_member(Jsonb *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(&object->root, name, strlen(name), value) != NULL && value->type != jbvNull;
}

char *
copy_text_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	return find_member(object, name, &value) && value.type == jbvString ? pnstrdup(value.val.string.val, value.val.string.len) : NULL;
}

double
copy_number_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (!find_member(object, name, &value) || value.type != jbvNumeric)
		return 0;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric)));
}

bool
copy_boolean_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	return find_member(object, name, &value) && value.type == jbvBool && value.val.boolean;
}

Jsonb *
copy_object_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	return find_member(object, name, &value) && value.type == jbvBinary ? JsonbValueToJsonb(&value) : NULL;
}

char *
copy_quoted(const char *text)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	escape_json(&quoted, text);
	return quoted.data;
}

static void
read_options(Jsonb *request, CopyOptions *options)
{
	options->endpoint = copy_text_member(request, "Endpoint");
	options->streams_endpoint = copy_text_member(request, "StreamsEndpoint");
	options->region = copy_text_member(request, "Region");
	options->credentials = copy_text_member(request, "Credentials");
	options->source = copy_text_member(request, "SourceTable");
	options->target = copy_text_member(request, "TargetTable");
	options->segments = (int) copy_number_member(request, "Segments");
	options->read_units = copy_number_member(request, "ReadUnits");
	options->write_units = copy_number_member(request, "WriteUnits");
	options->settle = (int) copy_number_member(request, "Settle");
	options->stream = copy_boolean_member(request, "Stream");
	options->enable_stream = copy_boolean_member(request, "EnableStream");
	options->create_table = copy_boolean_member(request, "CreateTable");
	options->indexes = copy_boolean_member(request, "Indexes");
	options->time_to_live = copy_boolean_member(request, "TimeToLive");
	options->tags = copy_boolean_member(request, "Tags");
}

static Datum
jsonb_of_text(const char *text)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
}

Jsonb *
copy_merged(Jsonb *object, Jsonb *members)
{
	return DatumGetJsonbP(DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(object), JsonbPGetDatum(members)));
}

void
copy_set_state(const Copy *copy, const char *phase, Jsonb *members)
{
	Transfer   *row = catalog_transfer_for_update(copy->transfer->id);

	if (row == NULL)
		transfer_fail("Cancelled", "the transfer is gone");
	catalog_set_transfer_state(row->id, phase ? phase : row->phase, copy_merged(row->state, members));
}

Jsonb *
copy_members(const char *format,...)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (;;)
	{
		va_list		arguments;
		int			needed;

		va_start(arguments, format);
		needed = appendStringInfoVA(&text, format, arguments);
		va_end(arguments);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	appendStringInfoChar(&text, '}');
	return DatumGetJsonbP(jsonb_of_text(text.data));
}

char *
copy_state(const Copy *copy, const char *member)
{
	MemoryContext caller = CurrentMemoryContext;
	Transfer   *row;
	char	   *text;

	copy_begin();
	row = catalog_transfer(copy->transfer->id);
	text = row ? copy_text_member(row->state, member) : NULL;
	text = text ? MemoryContextStrdup(caller, text) : NULL;
	step_commit();
	MemoryContextSwitchTo(caller);
	return text;
}

/* ------------------------------------------------------------------------------------------------------------
 * The row
 * ------------------------------------------------------------------------------------------------------------ */

void
copy_begin(void)
{
	MemoryContext caller = CurrentMemoryContext;

	if (!step_begin(true))
		transfer_fail("Cancelled", "the extension dynapg is gone");
	/* what is made in a transaction is no larger than what it is made for, and goes with that */
	MemoryContextSwitchTo(caller);
}

void
copy_commit(void)
{
	MemoryContext caller = CurrentMemoryContext;

	step_commit();
	MemoryContextSwitchTo(caller);
}

static double
epoch_of(TimestampTz time)
{
	return (double) time / USECS_PER_SEC + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/* Notes how far behind the copy is, and what it waits for. */
static void
note_lag(Copy *copy)
{
	Remote	   *elsewhere = remote_is_here(copy->source) ? copy->target : copy->source;
	const char *trouble = remote_trouble(elsewhere);

	copy_set_state(copy, NULL, copy_members("\"Records\": " INT64_FORMAT ", \"Lag\": %.3f, \"LagAt\": %.3f, \"CaughtUp\": %s, \"Trouble\": %s",
											copy->records, Max(copy->lag, 0), epoch_of(GetCurrentTimestamp()),
											copy->caught_up ? "true" : "false", trouble ? copy_quoted(trouble) : "null"));
	copy->lag_noted_at = GetCurrentTimestamp();
}

/* Reads the row; a copy that is not IN_PROGRESS any more ends its step by an error that is nobody's failure. */
static void
read_row(Copy *copy)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg copy row", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Transfer   *row;

	copy_begin();
	row = catalog_transfer(copy->transfer->id);
	if (row == NULL || row->status != TRANSFER_IN_PROGRESS)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg_internal("copy %s is not wanted any more", copy->transfer->id)));
	copy->orders.paused = copy_boolean_member(row->state, "Paused");
	copy->orders.cut_over = copy_boolean_member(row->state, "CutOver");
	copy->orders.verify = (int) copy_number_member(row->state, "Verify");
	copy->orders.verified = (int) copy_number_member(row->state, "Verified");
	if (row->attempts > 0 && copy->works)
		catalog_transfer_works(row->id);
	if (TimestampDifferenceExceeds(copy->lag_noted_at, GetCurrentTimestamp(), LAG_MS))
		note_lag(copy);
	copy_commit();
	copy->looked_at = GetCurrentTimestamp();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

void
copy_look(Copy *copy, bool at_once)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	if (!at_once && !TimestampDifferenceExceeds(copy->looked_at, GetCurrentTimestamp(), LOOK_MS))
		return;
	read_row(copy);
	while (copy->orders.paused)
	{
		pgstat_report_activity(STATE_IDLE, "paused");
		copy_sleep(LOOK_MS);
		read_row(copy);
	}
}

void
copy_ask(Copy *copy, Remote *remote, RemoteCall *call)
{
	Assert(remote_pending(remote) == 0);
	remote_send(remote, call);
	while (remote_wait(remote, LOOK_MS) == NULL)
		copy_look(copy, false);
	copy->works = true;
}

void
copy_sleep(int64 milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, Max(milliseconds, 1), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* ------------------------------------------------------------------------------------------------------------
 * Rates, and what others' data do
 * ------------------------------------------------------------------------------------------------------------ */

/* What has come together since, at most for a second. */
static void
refill(CopyMeter *meter)
{
	TimestampTz now = GetCurrentTimestamp();

	if (meter->at == 0)
		meter->units = meter->rate;
	else
		meter->units = Min(meter->rate, meter->units + meter->rate * Max(now - meter->at, 0) / USECS_PER_SEC);
	meter->at = now;
}

void
copy_meter_take(CopyMeter *meter, double units)
{
	if (meter->rate <= 0)
		return;
	refill(meter);
	meter->units -= units;
}

int64
copy_meter_wait(CopyMeter *meter)
{
	if (meter->rate <= 0)
		return 0;
	refill(meter);
	return meter->units > 0 ? 0 : (int64) ceil(-meter->units / meter->rate * 1000) + 1;
}

void
copy_guard(const char *code, const char *what, void (*function) (Copy *copy, void *argument), Copy *copy, void *argument)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		function(copy, argument);
	}
	PG_CATCH();
	{
		int			state = geterrcode();

		if (state == dyn_exception_info(DYN_VALIDATION)->sqlstate || state == dyn_exception_info(DYN_SERIALIZATION)->sqlstate ||
			state == ERRCODE_UNTRANSLATABLE_CHARACTER || state == ERRCODE_INVALID_TEXT_REPRESENTATION)
		{
			ErrorData  *error = dyn_take_error(caller);

			transfer_fail(code, "%s: %s", what, error->message[0] ? error->message : "it is not what DynamoDB's API says");
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/* ------------------------------------------------------------------------------------------------------------
 * Phases
 * ------------------------------------------------------------------------------------------------------------ */

static void
set_phase(Copy *copy, const char *phase)
{
	copy_begin();
	copy_set_state(copy, phase, copy_members("%s", ""));
	copy_commit();
}

/* Counts the items of a page, and notes its segment's place. */
typedef struct PageNote
{
	const CopyPage *page;
} PageNote;

static void
note_page(Copy *copy, void *argument)
{
	const CopyPage *page = ((PageNote *) argument)->page;
	TransferCounts counts = {.items = page->count, .written = page->count, .bytes = page->bytes};

	catalog_advance_transfer_part(copy->transfer->id, page->segment->part, page->segment->pages + 1, page->next_key == NULL,
								  copy_segment_state(page, NULL), &counts);
}

/* Writes the items of a page. */
static void
put_page(Copy *copy, const CopyScan *scan, const CopyPage *page)
{
	CopyWrite  *writes = (CopyWrite *) palloc(Max(page->count, 1) * sizeof(CopyWrite));
	PageNote	note = {page};

	for (int i = 0; i < page->count; i++)
		writes[i] = (CopyWrite) {.attributes = &page->items[i]};
	copy_write(copy, writes, page->count, true, note_page, &note);
}

/* All pages of the source; records in between. */
static void
copy_items(Copy *copy)
{
	CopyScan	scan = {.remote = copy->source, .table = copy->options.source, .meter = &copy->reads,
	.total = copy->options.segments, .page = put_page};

	pgstat_report_activity(STATE_RUNNING, "copying items");
	/* the service's word is that LATEST is the end as it is when it is asked for; to have read from there is sure */
	if (copy->stream != NULL)
		copy_stream_round(copy, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COPY_ROUND_MS));
	copy_scan_begin(copy, &scan, 0);
	while (!copy_scan_round(copy, &scan, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COPY_ROUND_MS)))
		if (copy->stream != NULL)
			copy_stream_round(copy, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), COPY_ROUND_MS));
	set_phase(copy, copy->stream ? "FOLLOWING" : "COPIED");
}

static void
complete(Copy *copy)
{
	copy_finish_target(copy);
	copy_begin();
	copy_set_state(copy, "CUT_OVER", copy_members("\"Records\": " INT64_FORMAT ", \"Lag\": 0", copy->records));
	catalog_end_transfer(copy->transfer->id, TRANSFER_COMPLETED, NULL, NULL);
	copy_commit();
	copy->is_complete = true;
}

void
copy_drain(Copy *copy)
{
	TimestampTz since = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), copy->options.settle * 1000);

	while (copy->stream != NULL && !copy_stream_is_read(copy, since))
		copy_stream_round(copy, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LOOK_MS));
}

/* Verifies, or ends the copy, as has been asked for. */
static void
carry_out_orders(Copy *copy)
{
	if (copy->orders.verify > copy->orders.verified)
	{
		set_phase(copy, "VERIFYING");
		copy_verify(copy);
		set_phase(copy, "FOLLOWING");
		return;
	}
	set_phase(copy, "CUTTING_OVER");
	pgstat_report_activity(STATE_RUNNING, "cutting over");
	copy_drain(copy);
	complete(copy);
}

/* Follows the stream until it is cut over; without one, ends when everything has been copied, and verified if that is wanted. */
static void
follow(Copy *copy)
{
	pgstat_report_activity(STATE_RUNNING, "following the stream");
	copy_look(copy, true);
	while (!copy->is_complete)
	{
		if (copy->orders.verify > copy->orders.verified || copy->orders.cut_over || copy->stream == NULL)
			carry_out_orders(copy);
		else if (copy->stream_ended && copy_stream_is_read(copy, 0))
			transfer_fail("StreamEnded", "the stream %s has ended: it was disabled, or its table is gone; all that it had has been copied",
						  copy->stream);
		else
		{
			TimestampTz begin = GetCurrentTimestamp();

			copy_stream_round(copy, TimestampTzPlusMilliseconds(begin, LOOK_MS));
			if (!copy->caught_up && copy_stream_has_caught_up(copy))
			{
				copy->caught_up = true;
				copy->lag_noted_at = 0;
			}
		}
		copy_look(copy, copy->lag_noted_at == 0);
	}
}

static void
run(Copy *copy)
{
	const char *phase = copy->transfer->phase;

	if (phase[0] == '\0' || strcmp(phase, "PREPARING") == 0)
	{
		pgstat_report_activity(STATE_RUNNING, "preparing a copy");
		copy_prepare(copy);
		phase = "COPYING";
	}
	else
		copy_stream_load(copy);
	remote_set_patience(copy->source, PATIENCE_S);
	remote_set_patience(copy->target, PATIENCE_S);
	if (strcmp(phase, "COPYING") == 0)
		copy_items(copy);
	follow(copy);
}

/* ------------------------------------------------------------------------------------------------------------
 * A step
 * ------------------------------------------------------------------------------------------------------------ */

void
copy_set_key_names(Copy *copy, const TableInfo *table)
{
	MemoryContext caller = MemoryContextSwitchTo(copy->context);

	copy->hash_name = pnstrdup(table->hash.stored, table->hash.stored_len);
	copy->sort_name = table->has_sort ? pnstrdup(table->sort.stored, table->sort.stored_len) : NULL;
	MemoryContextSwitchTo(caller);
}

/* Those of the table here that is copied elsewhere. */
static void
read_key_names(Copy *copy)
{
	const TableInfo *table = op_find_data_table(copy->options.source, strlen(copy->options.source));

	if (table == NULL)
		transfer_fail("TableNotFound", "there is no table \"%s\"", copy->options.source);
	copy_set_key_names(copy, table);
}

static void
open_remotes(Copy *copy, const RemoteSettings *settings)
{
	Remote	   *here = remote_open_here(copy->transfer);
	Remote	   *elsewhere = remote_open(settings);

	copy->source = copy->transfer->kind == TRANSFER_COPY_FROM ? elsewhere : here;
	copy->target = copy->transfer->kind == TRANSFER_COPY_FROM ? here : elsewhere;
	copy->reads.rate = copy->options.read_units;
	copy->writes.rate = copy->options.write_units;
}

/* Reads the row and what it needs from the catalog; false if there is nothing to do any more. */
static bool
open_copy(Copy *copy, const char *id, RemoteSettings *settings)
{
	CopyCredentials *credentials = NULL;
	Transfer   *row;
	bool		goes_on;

	copy_begin();
	row = catalog_transfer(id);
	goes_on = row != NULL && row->status == TRANSFER_IN_PROGRESS;
	if (goes_on)
	{
		copy->transfer = row;
		read_options(row->request, &copy->options);
		copy->records = (int64) copy_number_member(row->state, "Records");
		copy->stream = copy_text_member(row->state, "StreamArn");
		if (row->kind == TRANSFER_COPY_TO)
			read_key_names(copy);
		if (copy->options.credentials != NULL)
		{
			credentials = catalog_copy_credentials(row->owner, copy->options.credentials);
			if (credentials == NULL)
				transfer_fail("NoCredentials", "there are no credentials \"%s\" of the copy's owner", copy->options.credentials);
		}
	}
	copy_commit();
	*settings = (RemoteSettings) {
		.endpoint = copy->options.endpoint, .streams_endpoint = copy->options.streams_endpoint, .region = copy->options.region,
			.access_key_id = credentials ? credentials->access_key_id : NULL,
			.secret = credentials ? credentials->secret_access_key : NULL,
			.session_token = credentials ? credentials->session_token : NULL,
			.ca_file = dynapg_out_ca_file[0] ? dynapg_out_ca_file : NULL
	};
	return goes_on;
}

/* All of the copy is one step: whatever an error may interrupt begins again where its row says. */
static bool
copy_step(const char *id)
{
	RemoteSettings settings;
	Copy	   *copy = (Copy *) palloc0(sizeof(Copy));

	copy->context = CurrentMemoryContext;
	copy->next_part = COPY_FIRST_SHARD;
	if (open_copy(copy, id, &settings))
	{
		open_remotes(copy, &settings);
		run(copy);
		remote_close(copy->source);
		remote_close(copy->target);
	}
	return false;
}

const TransferRoutines transfer_copy_from = {.step = copy_step, .for_ever = true};
const TransferRoutines transfer_copy_to = {.step = copy_step, .for_ever = true};
