/*
 * format_sql.c
 *		SQL functions over the formats of objects, for tests (test/functions.sql).
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "base/varlena.h"
#include "transfer/compress.h"
#include "transfer/decompress.h"
#include "transfer/record_reader.h"
#include "transfer/record_writer.h"
#include "value/attr_build.h"
#include "value/wire.h"

PG_FUNCTION_INFO_V1(dynapg_test_read_records);
PG_FUNCTION_INFO_V1(dynapg_test_write_record);
PG_FUNCTION_INFO_V1(dynapg_test_write_change);
PG_FUNCTION_INFO_V1(dynapg_test_gzip);
PG_FUNCTION_INFO_V1(dynapg_test_decompress);
PG_FUNCTION_INFO_V1(dynapg_test_write_speed);
PG_FUNCTION_INFO_V1(dynapg_test_read_speed);

static RecordFormat
format_of_name(const text *name)
{
	const char *format = text_to_cstring(name);

	return strcmp(format, "ION") == 0 ? RECORD_ION : strcmp(format, "CSV") == 0 ? RECORD_CSV : RECORD_DYNAMODB_JSON;
}

/* A source that gives its bytes piece by piece, so that tests can cut them anywhere. */
typedef struct PieceSource
{
	ByteSource	source;
	ByteSource *whole;
	int			piece;
} PieceSource;

static int
read_piece(ByteSource *source, char *buffer, int size)
{
	PieceSource *pieces = (PieceSource *) source;

	return byte_source_read(pieces->whole, buffer, Min(size, pieces->piece));
}

static ByteSource *
source_of_bytea(bytea *bytes, int piece)
{
	PieceSource *pieces = palloc0(sizeof(PieceSource));

	pieces->source.read = read_piece;
	pieces->whole = byte_source_of_bytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	pieces->piece = piece;
	return &pieces->source;
}

static char *
text_of(const JsonbValue *string)
{
	if (string->type != jbvString)
		elog(ERROR, "a string is expected");
	return pnstrdup(string->val.string.val, string->val.string.len);
}

static char *
string_member(Jsonb *object, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&object->root, name, strlen(name), &value) == NULL || value.type != jbvString)
		return NULL;
	return text_of(&value);
}

/* {"delimiter": ";", "header": ["a", ...], "columns": {"a": "N"}} */
static void
csv_options(Jsonb *given, RecordOptions *options)
{
	char	   *delimiter = string_member(given, "delimiter");
	JsonbValue	value;
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	element;

	if (delimiter)
		options->delimiter = delimiter[0];
	if (getKeyJsonValueFromContainer(&given->root, "header", 6, &value) != NULL)
	{
		const char **header = palloc(JsonContainerSize(value.val.binary.data) * sizeof(char *));

		attr_walk_start(&walk, &value);
		while (attr_walk_element(&walk, &element))
			header[options->header_count++] = text_of(&element);
		options->header = header;
	}
	if (getKeyJsonValueFromContainer(&given->root, "columns", 7, &value) != NULL)
	{
		RecordColumn *columns = palloc(JsonContainerSize(value.val.binary.data) * sizeof(RecordColumn));

		attr_walk_start(&walk, &value);
		while (attr_walk_member(&walk, &name, &element))
		{
			columns[options->column_count].name = text_of(&name);
			columns[options->column_count++].type = (KeyType) text_of(&element)[0];
		}
		options->columns = columns;
	}
}

/* The condition of a record, as JSON text of what was sent. */
static Datum
condition_text(const Record *record)
{
	StringInfoData out;
	WireWriter	writer;

	initStringInfo(&out);
	wire_write_text(&writer, &out);
	wire_object_start(&writer);
	if (record->condition)
	{
		wire_member(&writer, "condition");
		wire_string(&writer, record->condition, record->condition_len);
	}
	for (int i = 0; i < record->name_count; i++)
	{
		wire_key(&writer, record->names[i].placeholder, record->names[i].placeholder_len);
		wire_string(&writer, record->names[i].name, record->names[i].name_len);
	}
	if (record->has_values)
	{
		wire_member(&writer, "values");
		attr_write_map(&writer, &record->values.object);
	}
	wire_object_end(&writer);
	return PointerGetDatum(cstring_to_text_with_len(out.data, out.len));
}

/*
 * Tests: read_records(source bytea, format text, compression text, options jsonb, piece integer, resume_at bigint, resume_index bigint,
 * OUT index bigint, OUT "end" bigint, OUT status text, OUT item jsonb, OUT error text, OUT condition text)
 */
Datum
dynapg_test_read_records(PG_FUNCTION_ARGS)
{
	static const char *const states[] = {"item", "bad item", "bad format", "end"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *compression = text_to_cstring(PG_GETARG_TEXT_PP(2));
	Jsonb	   *given = PG_GETARG_JSONB_P(3);
	RecordOptions options = {.format = format_of_name(PG_GETARG_TEXT_PP(1))};
	ByteSource *source = decompress(source_of_bytea(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(4)), compression_of_name(compression));
	RecordReader *reader;
	Record		record;
	RecordStatus status;

	csv_options(given, &options);
	options.conditions = string_member(given, "conditions") != NULL;
	reader = record_reader_create(source, &options);
	record_reader_resume(reader, PG_GETARG_INT64(5), PG_GETARG_INT64(6));
	InitMaterializedSRF(fcinfo, 0);
	do
	{
		Datum		values[6];
		bool		nulls[6] = {false};

		status = record_reader_next(reader, &record);
		values[0] = Int64GetDatum(record.index);
		values[1] = Int64GetDatum(record.end);
		values[2] = CStringGetTextDatum(states[status]);
		nulls[3] = status != RECORD_ITEM;
		if (!nulls[3])
			values[3] = JsonbPGetDatum(attr_to_jsonb(&record.item.object));
		nulls[4] = record.error == NULL;
		if (!nulls[4])
			values[4] = CStringGetTextDatum(record.error);
		nulls[5] = record.condition == NULL && record.name_count == 0 && !record.has_values;
		if (!nulls[5])
			values[5] = condition_text(&record);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	} while (status != RECORD_END);
	byte_source_close(source);
	return (Datum) 0;
}

/* Tests: write_record(item jsonb, format text) returns text: a line of a full export */
Datum
dynapg_test_write_record(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	record_write_item(&out, format_of_name(PG_GETARG_TEXT_PP(1)), PG_GETARG_JSONB_P(0));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

/* Tests: write_change(micros bigint, keys jsonb, old jsonb, new jsonb, format text) returns text: a line of an incremental export */
Datum
dynapg_test_write_change(PG_FUNCTION_ARGS)
{
	RecordChange change = {.micros = PG_GETARG_INT64(0), .keys = PG_GETARG_JSONB_P(1)};
	StringInfoData out;

	if (!PG_ARGISNULL(2))
		change.old_image = PG_GETARG_JSONB_P(2);
	if (!PG_ARGISNULL(3))
		change.new_image = PG_GETARG_JSONB_P(3);
	initStringInfo(&out);
	record_write_change(&out, format_of_name(PG_GETARG_TEXT_PP(4)), &change);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}

static void
append_to(void *argument, const char *bytes, int len)
{
	appendBinaryStringInfo((StringInfo) argument, bytes, len);
}

static Datum
bytea_of(const StringInfoData *bytes)
{
	bytea	   *result = palloc(VARHDRSZ + bytes->len);

	SET_VARSIZE(result, VARHDRSZ + bytes->len);
	memcpy(VARDATA(result), bytes->data, bytes->len);
	return PointerGetDatum(result);
}

/* Tests: gzip(source bytea, level integer, OUT compressed bytea, OUT md5 text, OUT bytes bigint) */
Datum
dynapg_test_gzip(PG_FUNCTION_ARGS)
{
	bytea	   *source = PG_GETARG_BYTEA_PP(0);
	StringInfoData out;
	Compressor *compressor;
	CompressResult result;
	TupleDesc	row;
	Datum		values[3];
	bool		nulls[3] = {false};

	initStringInfo(&out);
	compressor = compressor_create(PG_GETARG_INT32(1), append_to, &out);
	compressor_write(compressor, VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source));
	compressor_finish(compressor, &result);
	Assert(result.compressed_bytes == out.len);
	values[0] = bytea_of(&out);
	values[1] = CStringGetTextDatum(digest_base64(result.md5));
	values[2] = Int64GetDatum(result.bytes);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

/* Tests: decompress(source bytea, compression text, piece integer, OUT len bigint, OUT bytes bytea, OUT error text): at most 1 MB of the bytes */
Datum
dynapg_test_decompress(PG_FUNCTION_ARGS)
{
	char	   *compression = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ByteSource *source = decompress(source_of_bytea(PG_GETARG_BYTEA_PP(0), PG_GETARG_INT32(2)), compression_of_name(compression));
	char		buffer[8192];
	StringInfoData out;
	int64		len = 0;
	int			got;
	TupleDesc	row;
	Datum		values[3];
	bool		nulls[3] = {false};

	initStringInfo(&out);
	while ((got = byte_source_read(source, buffer, sizeof(buffer))) > 0)
	{
		len += got;
		if (out.len < 1024 * 1024)
			appendBinaryStringInfo(&out, buffer, got);
	}
	values[0] = Int64GetDatum(len);
	values[1] = bytea_of(&out);
	nulls[2] = got == 0;
	if (!nulls[2])
		values[2] = CStringGetTextDatum(source->error);
	byte_source_close(source);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

/* Benchmarks: write_speed(item jsonb, format text, times integer, level integer) returns bigint: bytes written, before compression; level 0: none */
Datum
dynapg_test_write_speed(PG_FUNCTION_ARGS)
{
	Jsonb	   *item = PG_GETARG_JSONB_P(0);
	RecordFormat format = format_of_name(PG_GETARG_TEXT_PP(1));
	int			times = PG_GETARG_INT32(2);
	int			level = PG_GETARG_INT32(3);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg speed", ALLOCSET_DEFAULT_SIZES);
	StringInfoData out;
	StringInfoData compressed;
	Compressor *compressor = NULL;
	int64		bytes = 0;

	initStringInfo(&out);
	initStringInfo(&compressed);
	if (level > 0)
		compressor = compressor_create(level, append_to, &compressed);
	MemoryContextSwitchTo(scratch);
	for (int i = 0; i < times; i++)
	{
		record_write_item(&out, format, item);
		if (out.len < 65536)
			continue;
		bytes += out.len;
		if (compressor)
			compressor_write(compressor, out.data, out.len);
		resetStringInfo(&out);
		resetStringInfo(&compressed);
		MemoryContextReset(scratch);
	}
	PG_RETURN_INT64(bytes + out.len);
}

/* Benchmarks: read_speed(source bytea, format text, times integer) returns bigint: items read and made jsonb */
Datum
dynapg_test_read_speed(PG_FUNCTION_ARGS)
{
	bytea	   *source = PG_GETARG_BYTEA_PP(0);
	RecordOptions options = {.format = format_of_name(PG_GETARG_TEXT_PP(1))};
	int			times = PG_GETARG_INT32(2);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg speed", ALLOCSET_DEFAULT_SIZES);
	int64		items = 0;

	MemoryContextSwitchTo(scratch);
	for (int i = 0; i < times; i++)
	{
		RecordReader *reader = record_reader_create(byte_source_of_bytes(VARDATA_ANY(source), VARSIZE_ANY_EXHDR(source)), &options);
		Record		record;

		while (record_reader_next(reader, &record) == RECORD_ITEM)
		{
			pfree(attr_to_jsonb(&record.item.object));
			items++;
		}
		MemoryContextReset(scratch);
	}
	PG_RETURN_INT64(items);
}
