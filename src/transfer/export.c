/*
 * export.c
 *		The process of an export.
 */
#include "postgres.h"

#include "common/md5.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "base/settings.h"
#include "keep/step.h"
#include "log/log.h"
#include "log/log_horizon.h"
#include "transfer/export.h"
#include "value/wire.h"

#define MOST_FILES	4096

#define LEAST_BILLED 10000000	/* of an incremental export */

#define COPY_SIZE 65536

/* What the phase of the transfer says. */
#define PHASE_FILES "EXPORTING"

/* ------------------------------------------------------------------------------------------------------------
 * What every step begins with
 * ------------------------------------------------------------------------------------------------------------ */

/* Begins a transaction; what is allocated next lives as long as the step. */
static bool
begin(MemoryContext context)
{
	if (!step_begin(true))
		return false;
	MemoryContextSwitchTo(context);
	return true;
}

static void
commit(MemoryContext context)
{
	step_commit();
	MemoryContextSwitchTo(context);
}

/* Reads an export in a transaction; its owner must be allowed to write to the bucket. */
static void
load(const char *id, Export *export)
{
	memset(export, 0, sizeof(*export));
	export->transfer = catalog_transfer(id);
	if (export->transfer == NULL)
		elog(ERROR, "transfer %s is gone", id);
	export_state_read(export->transfer->state, &export->state);
	export->request = export_request(export->transfer);
	export_filter_read(export->request, &export->expressions);
	export->bucket = request_text(export->request, ExportTableToPointInTimeInput_S3Bucket);
	export->settings = object_store_settings(export->bucket);
	if (!object_store_may(export->transfer->owner, export->bucket, OBJECT_WRITE))
		object_store_fail(S3_ACCESS_DENIED, NULL, NULL,
						  psprintf("The role that exports may not write to bucket \"%s\": see dynapg.grant_bucket().", export->bucket));
}

static ObjectStore *
open_store(const Export *export)
{
	const RequestValue *request = export->request;
	ObjectStore *store = object_store_open(export->settings, request_text(request, ExportTableToPointInTimeInput_S3BucketOwner));

	object_store_encrypt(store, request_text(request, ExportTableToPointInTimeInput_S3SseAlgorithm),
						 request_text(request, ExportTableToPointInTimeInput_S3SseKmsKeyId));
	return store;
}

/* ------------------------------------------------------------------------------------------------------------
 * The beginning
 * ------------------------------------------------------------------------------------------------------------ */

/* The name of a data file is that of its part, whoever makes it: 26 characters of base32, as the service's have. */
static char *
file_name(const Transfer *transfer, int part, bool is_ion)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	const char *source = psprintf("%s/%d", transfer->id, part);
	const char *error = NULL;
	uint8		sum[MD5_DIGEST_LENGTH + 1] = {0};
	char		name[27] = {0};

	if (!pg_md5_binary(source, strlen(source), sum, &error))
		elog(ERROR, "could not compute an MD5 hash: %s", error);
	for (int i = 0; i < 26; i++)
	{
		int			bit = 5 * i;

		name[i] = digits[(sum[bit / 8] << 8 | sum[bit / 8 + 1]) >> (11 - bit % 8) & 31];
	}
	return psprintf("%s%s.gz", name, is_ion ? ".ion" : ".json");
}

/* How many bytes there are to be written, about. */
static int64
bytes_to_export(const ExportState *state)
{
	int64		items;
	int64		bytes;
	int64		changes = log_draws_between(state->from.horizon, log_last_number());

	storage_table_size(state->relation, &items, &bytes);
	return !state->incremental ? bytes : 2 * (bytes / Max(items, 1) + 100) * Max(changes, 0);
}

static int
count_files(const Export *export)
{
	if (export->expressions.key_condition != NULL)
		return 1;
	return (int) Min(Max(bytes_to_export(&export->state) / (dynapg_export_file_size * INT64CONST(1024)) + 1, 1), MOST_FILES);
}

static void
add_parts(const Export *export)
{
	int			count = count_files(export);

	for (int part = 0; part < count; part++)
	{
		char	   *name = file_name(export->transfer, part, export_is_ion(export->request));

		catalog_add_transfer_part(export->transfer->id, part, export_data_key(export->transfer, &export->state, name), -1, NULL);
	}
	catalog_set_transfer_state(export->transfer->id, PHASE_FILES, NULL);
}

static bool
begin_export(const char *id, MemoryContext context)
{
	Export export;
	ObjectStore *store;

	if (!begin(context))
		return false;
	load(id, &export);
	commit(context);

	store = open_store(&export);
	(void) object_put(store, export_object_key(export.transfer, psprintf("%s/_started", id)), "", 0);
	object_store_close(store);

	if (!begin(context))
		return false;
	add_parts(&export);
	commit(context);
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Data files
 * ------------------------------------------------------------------------------------------------------------ */

/* How many of the parts, which are not done, follow each other. */
static int
count_to_read(List *parts)
{
	int			first = ((const TransferPart *) linitial(parts))->part;
	int			count = 0;

	while (count < Min(list_length(parts), EXPORT_FILES) &&
		   ((const TransferPart *) list_nth(parts, count))->part == first + count)
		count++;
	return count;
}

static Jsonb *
part_state(const ExportFile *file, const char *etag)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_text_member(&writer, "md5Checksum", digest_base64(file->result.md5));
	wire_text_member(&writer, "etag", etag);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

/* Writes a file to the bucket, and commits that it is done. */
static bool
write_file(const Export *export, ObjectStore *store, const ExportFile *file, const char *key, MemoryContext context)
{
	ObjectWriter *writer = object_create(store, key);
	char	   *buffer = (char *) palloc(COPY_SIZE);
	size_t		len;
	char	   *etag;

	while ((len = BufFileRead(file->spool, buffer, COPY_SIZE)) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		object_write(writer, buffer, len);
	}
	etag = object_finish(writer);
	pfree(buffer);
	if (!begin(context))
		return false;
	catalog_advance_transfer_part(export->transfer->id, file->part, file->result.compressed_bytes, true, part_state(file, etag),
								  &file->counts);
	commit(context);
	return true;
}

static bool
export_files(const char *id, MemoryContext context)
{
	Export export;
	ExportFile	files[EXPORT_FILES];
	ObjectStore *store;
	List	   *parts;
	int			count;
	bool		more = true;

	if (!begin(context))
		return false;
	load(id, &export);
	export.n_parts = list_length(catalog_transfer_parts(id, false));
	parts = catalog_transfer_parts(id, true);
	export.first_part = ((const TransferPart *) linitial(parts))->part;
	count = count_to_read(parts);
	export_read_files(&export, files, count);
	commit(context);

	store = open_store(&export);
	for (int i = 0; i < count && more; i++)
		more = write_file(&export, store, &files[i], ((const TransferPart *) list_nth(parts, i))->name, context);
	object_store_close(store);
	export_close_files();
	return more;
}

/* ------------------------------------------------------------------------------------------------------------
 * The end
 * ------------------------------------------------------------------------------------------------------------ */

static bool
finish_export(const char *id, MemoryContext context)
{
	Export export;
	ObjectStore *store;
	List	   *parts;

	if (!begin(context))
		return false;
	load(id, &export);
	parts = catalog_transfer_parts(id, false);
	commit(context);

	if (export.state.incremental)
		export.state.billed = Max(export.transfer->counts.bytes, LEAST_BILLED);
	store = open_store(&export);
	export_write_manifests(&export, store, parts);
	object_store_close(store);

	if (!begin(context))
		return false;
	catalog_set_transfer_state(id, NULL, export_state_jsonb(&export.state));
	catalog_end_transfer(id, TRANSFER_COMPLETED, NULL, NULL);
	commit(context);
	return false;
}

static bool
export_step(const char *id)
{
	MemoryContext context = CurrentMemoryContext;
	const Transfer *transfer;
	bool		has_begun;
	bool		has_parts;

	dyn_operation = "ExportTableToPointInTime";
	export_close_files();
	if (!begin(context))
		return false;
	transfer = catalog_transfer(id);
	has_begun = transfer != NULL && strcmp(transfer->phase, PHASE_FILES) == 0;
	has_parts = catalog_next_transfer_part(id, -1) != NULL;
	commit(context);
	if (!has_begun)
		return begin_export(id, context);
	return has_parts ? export_files(id, context) : finish_export(id, context);
}

const TransferRoutines transfer_export = {.step = export_step};
