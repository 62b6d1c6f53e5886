/*
 * input.c
 *		The objects of an import or of a bulk put.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/error.h"
#include "keep/step.h"
#include "op/item_key.h"
#include "storage/index_entry.h"
#include "transfer/input.h"
#include "transfer/object_source.h"
#include "transfer/transfer.h"

/* ------------------------------------------------------------------------------------------------------------
 * Which there are
 * ------------------------------------------------------------------------------------------------------------ */

ObjectStore *
input_open_store(const Transfer *transfer, const char *bucket, const char *bucket_owner, ObjectAccess access)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext inner;
	ObjectStoreSettings *settings;
	bool		may;

	if (!step_begin(true))
		return NULL;
	may = object_store_may(transfer->owner, bucket, access);
	inner = MemoryContextSwitchTo(context);
	settings = object_store_settings(bucket);
	MemoryContextSwitchTo(inner);
	step_commit();
	MemoryContextSwitchTo(context);
	if (!may)
		object_store_fail(S3_ACCESS_DENIED, NULL, NULL,
						  psprintf("The role has no privilege to %s bucket \"%s\"; see dynapg.grant_bucket().",
								   access == OBJECT_READ ? "read" : "write", bucket));
	return object_store_open(settings, bucket_owner);
}

List *
input_objects(ObjectStore *store, const InputRequest *request)
{
	List	   *objects = object_store_list(store, request->prefix);

	if (list_length(objects) > INPUT_MAX_OBJECTS)
		transfer_fail("LimitExceeded", "%d objects of bucket %s begin with \"%s\"; %d are the most", list_length(objects),
					  request->bucket, request->prefix, INPUT_MAX_OBJECTS);
	return objects;
}

static Jsonb *
part_state(const ObjectInfo *object)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_text_member(&writer, "etag", object->etag);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

int64
input_add_parts(const Transfer *transfer, List *objects)
{
	int64		bytes = 0;

	for (int i = 0; i < list_length(objects); i++)
	{
		const ObjectInfo *object = (const ObjectInfo *) list_nth(objects, i);

		catalog_add_transfer_part(transfer->id, i, object->key, object->size, part_state(object));
		bytes += object->size;
	}
	return bytes;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading them
 * ------------------------------------------------------------------------------------------------------------ */

struct Input
{
	ObjectStore *store;
	const InputRequest *request;
	List	   *parts;
	int			part;			/* which of them */
	MemoryContext context;		/* of the part that is being read */
	ByteSource *object;			/* NULL: it has not been opened yet */
	RecordReader *reader;
};

Input *
input_begin(ObjectStore *store, const InputRequest *request, List *parts)
{
	Input	   *input = (Input *) palloc0(sizeof(Input));

	input->store = store;
	input->request = request;
	input->parts = parts;
	input->context = AllocSetContextCreate(CurrentMemoryContext, "dynapg input", ALLOCSET_DEFAULT_SIZES);
	return input;
}

TransferPart *
input_part(const Input *input)
{
	return input->part < list_length(input->parts) ? (TransferPart *) list_nth(input->parts, input->part) : NULL;
}

static void
open_part(Input *input, const TransferPart *part)
{
	MemoryContext caller = MemoryContextSwitchTo(input->context);
	JsonbValue	etag;
	const char *etag_text = NULL;

	if (getKeyJsonValueFromContainer(&part->state->root, "etag", strlen("etag"), &etag) != NULL && etag.type == jbvString)
		etag_text = pnstrdup(etag.val.string.val, etag.val.string.len);
	input->object = object_source(input->store, part->name, etag_text);
	input->reader = record_reader_create(decompress(input->object, input->request->compression), &input->request->options);
	record_reader_resume(input->reader, part->position, part->counts.items);
	MemoryContextSwitchTo(caller);
}

static RecordStatus
read_next(Input *input, const TransferPart *part, Record *record)
{
	if (input->object == NULL)
		open_part(input, part);
	return record_reader_next(input->reader, record);
}

/* Whether an error says that the object is not what it was when the objects were listed. */
static bool
is_of_changed_object(void)
{
	MemoryContext caller = CurrentMemoryContext;
	ErrorData  *error = CopyErrorData();
	const char *code = transfer_failure_code(error);
	bool		changed = code != NULL && (strcmp(code, "S3PreconditionFailed") == 0 || strcmp(code, "S3NoSuchKey") == 0);

	MemoryContextSwitchTo(caller);
	FreeErrorData(error);
	return changed;
}

static RecordStatus
read_or_give_up(Input *input, const TransferPart *part, Record *record)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile RecordStatus status = RECORD_BAD_FORMAT;

	PG_TRY();
	{
		status = read_next(input, part, record);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		if (!is_of_changed_object())
			PG_RE_THROW();
		FlushErrorState();
		memset(record, 0, sizeof(*record));
		record->index = part->counts.items;
		record->end = part->position;
		record->error = "The object has changed since the objects were listed";
	}
	PG_END_TRY();
	return status;
}

RecordStatus
input_next(Input *input, Record *record)
{
	TransferPart *part = input_part(input);
	RecordStatus status = read_or_give_up(input, part, record);

	part->counts.bytes += record->end - part->position;
	part->position = record->end;
	part->counts.items += status != RECORD_END;
	part->counts.errors += status == RECORD_BAD_ITEM || status == RECORD_BAD_FORMAT;
	part->done = status == RECORD_END || status == RECORD_BAD_FORMAT;
	return status;
}

void
input_next_part(Input *input)
{
	input->object = NULL;
	MemoryContextReset(input->context);
	input->part++;
}

int64
input_stored_bytes(const Input *input)
{
	const TransferPart *part = input_part(input);

	if (part->done)
		return part->size;
	return input->object != NULL ? object_source_position(input->object) : 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Checking items
 * ------------------------------------------------------------------------------------------------------------ */

static void
copy_attribute(KeyAttribute *attribute)
{
	attribute->name = pnstrdup(attribute->name, attribute->name_len);
	attribute->stored = pnstrdup(attribute->stored, attribute->stored_len);
}

TableInfo *
input_copy_table(const TableInfo *table)
{
	TableInfo  *copy = (TableInfo *) palloc(sizeof(TableInfo));

	*copy = *table;
	copy_attribute(&copy->hash);
	if (copy->has_sort)
		copy_attribute(&copy->sort);
	copy->definition = copy->tags = NULL;
	copy->n_logs = 0;
	copy->logs = NULL;
	copy->indexes = (TableIndex *) palloc(Max(table->n_indexes, 1) * sizeof(TableIndex));
	for (int i = 0; i < table->n_indexes; i++)
	{
		TableIndex *index = &copy->indexes[i];

		*index = table->indexes[i];
		index->name = pstrdup(index->name);
		index->kept = true;
		index->definition = NULL;
		index->n_included = 0;
		index->included = NULL;
		for (int k = 0; k < index->n_hash; k++)
			copy_attribute(&index->hash[k]);
		for (int k = 0; k < index->n_sort; k++)
			copy_attribute(&index->sort[k]);
	}
	return copy;
}

const char *
input_check_item(const TableInfo *table, const AttributeMap *item, StorageKey *key)
{
	MemoryContext context = CurrentMemoryContext;
	const char *volatile error = NULL;

	PG_TRY();
	{
		op_key_of_item(table, item, key);
		index_check_item(table, NULL, &item->object, false);
	}
	PG_CATCH();
	{
		if (geterrcode() != dyn_exception_info(DYN_VALIDATION)->sqlstate)
			PG_RE_THROW();
		error = dyn_take_error(context)->message;
	}
	PG_END_TRY();
	return error;
}

void
input_write_pointer(WireWriter *writer, const InputRequest *request, const char *key, int64 item_index)
{
	wire_member(writer, "itemS3Pointer");
	wire_object_start(writer);
	wire_text_member(writer, "bucket", request->bucket);
	wire_text_member(writer, "key", key);
	wire_member(writer, "itemIndex");
	wire_integer(writer, item_index);
	wire_object_end(writer);
}

char *
input_error_line(const InputRequest *request, const char *key, int64 item_index, const char *arn_member, const char *arn,
				 const char *message)
{
	StringInfoData line;
	WireWriter	writer;

	initStringInfo(&line);
	wire_write_text(&writer, &line);
	wire_object_start(&writer);
	input_write_pointer(&writer, request, key, item_index);
	wire_text_member(&writer, arn_member, arn);
	wire_member(&writer, "errorMessages");
	wire_array_start(&writer);
	wire_cstring(&writer, message);
	wire_array_end(&writer);
	wire_object_end(&writer);
	return line.data;
}

/*
 * In PG_CATCH, for what a step has failed with: raises it again, as the transfer's failure if it will not pass: a privilege that is missing, a table
 * that is gone, a constraint.
 */
static _Noreturn void
raise_for_good(void)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg error", ALLOCSET_SMALL_SIZES);
	DynException exception = dyn_exception_of_sqlstate(geterrcode());
	ErrorData  *error;

	if (geterrcode() != dyn_exception_info(exception)->sqlstate ||
		(exception != DYN_ACCESS_DENIED && exception != DYN_VALIDATION && exception != DYN_RESOURCE_NOT_FOUND))
	{
		MemoryContextDelete(context);
		MemoryContextSwitchTo(caller);
		PG_RE_THROW();
	}
	error = dyn_take_error(context);
	transfer_fail_detail(pnstrdup(dyn_exception_info(exception)->name, strlen(dyn_exception_info(exception)->name) - strlen("Exception")),
						 error->detail, error->message);
}

bool
input_run_step(const char *id, const char *operation, bool (*take) (const char *id), void (*forget) (void))
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool more = false;

	dyn_operation = operation;
	PG_TRY();
	{
		more = take(id);
	}
	PG_CATCH();
	{
		/* whoever has caught the error before, and raised it again, may have left a context current that goes now */
		MemoryContextSwitchTo(caller);
		forget();
		raise_for_good();
	}
	PG_END_TRY();
	return more;
}
