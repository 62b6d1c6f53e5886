/*
 * record_csv.c
 *		Records of CSV: rows below a header.
 *
 * Key columns have the type of their key, all others are S.  What the service makes of an empty field is not documented; here a field that is empty
 * and not quoted is no attribute, as in PostgreSQL's own CSV, and a quoted one is the empty string.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "base/error.h"
#include "base/limits.h"
#include "transfer/record_private.h"
#include "value/attr_build.h"
#include "value/base64.h"
#include "value/csv.h"

typedef struct CsvColumn
{
	const char *name;
	int			len;
	const char *stored;
	int			stored_len;
	KeyType		type;
} CsvColumn;

typedef struct CsvHeader
{
	int			count;
	CsvColumn  *columns;
} CsvHeader;

/* Finds the next row that is not empty: record->text, with its newline.  RECORD_ITEM if there is one. */
static RecordStatus
next_row(RecordReader *reader, Record *record)
{
	CsvScan		scan = {0};

	for (;;)
	{
		const char *row = reader->buffer + reader->start;
		bool		found = csv_scan(&scan, row, reader->end - reader->start, reader->options.delimiter);

		if (scan.at > RECORD_MAX_SIZE)
			return record_bad_format(record, RECORD_TOO_LONG);
		if (!found)
		{
			CHECK_FOR_INTERRUPTS();
			if (record_fill(reader))
				continue;
			if (reader->source->error != NULL || scan.at == 0)
				return record_end_of_source(reader, record);
			row = reader->buffer + reader->start;
		}
		record_take(reader, scan.at);
		if (row[0] == '\n' || (row[0] == '\r' && scan.at == 2 && row[1] == '\n'))
		{
			memset(&scan, 0, sizeof(scan));
			continue;
		}
		record->text = row;
		record->text_len = scan.at;
		return RECORD_ITEM;
	}
}

/* The fields of a row, which must be UTF-8. */
static CsvField *
split(RecordReader *reader, const Record *record, int *count)
{
	const char *error = NULL;
	CsvField   *fields;

	if (pg_encoding_verifymbstr(PG_UTF8, record->text, record->text_len) != record->text_len)
		dyn_error(DYN_SERIALIZATION, "The record is not UTF-8");
	fields = csv_split(record->text, record->text_len, reader->options.delimiter, count, &error);
	if (fields == NULL)
		dyn_error(DYN_SERIALIZATION, "%s", error);
	return fields;
}

/* A column of the header, by its name. */
static void
set_column(const RecordOptions *options, CsvColumn *column, const char *name, int len)
{
	column->name = pnstrdup(name, len);
	column->len = len;
	column->stored = attr_name_to_stored(column->name, len, &column->stored_len);
	column->type = KEY_TYPE_S;
	for (int i = 0; i < options->column_count; i++)
		if (record_text_is(name, len, options->columns[i].name))
			column->type = options->columns[i].type;
}

static int
compare_columns(const void *a, const void *b)
{
	const CsvColumn *left = a;
	const CsvColumn *right = b;

	return left->len != right->len ? left->len - right->len : memcmp(left->name, right->name, left->len);
}

static bool
has_duplicates(const CsvHeader *header)
{
	CsvColumn  *sorted = palloc(header->count * sizeof(CsvColumn));
	bool		found = false;

	memcpy(sorted, header->columns, header->count * sizeof(CsvColumn));
	qsort(sorted, header->count, sizeof(CsvColumn), compare_columns);
	for (int i = 1; i < header->count && !found; i++)
		found = compare_columns(&sorted[i - 1], &sorted[i]) == 0;
	pfree(sorted);
	return found;
}

/* Makes the header of the options or of the first row. */
static RecordStatus
read_header(RecordReader *reader, Record *record)
{
	const RecordOptions *options = &reader->options;
	RecordStatus status;
	CsvField   *fields = NULL;
	MemoryContext context;

	if (options->delimiter == '\0')
		reader->options.delimiter = ',';
	reader->header = MemoryContextAllocZero(reader->context, sizeof(CsvHeader));
	reader->header->count = options->header_count;
	if (options->header == NULL)
	{
		status = next_row(reader, record);
		if (status != RECORD_ITEM)
			return status;
		if (record->text_len > ITEM_MAX_SIZE)
			return record_bad_format(record, "The header is longer than 400 KB");
		fields = split(reader, record, &reader->header->count);
	}
	context = MemoryContextSwitchTo(reader->context);
	reader->header->columns = palloc(reader->header->count * sizeof(CsvColumn));
	for (int i = 0; i < reader->header->count; i++)
	{
		if (fields)
			set_column(options, &reader->header->columns[i], fields[i].text, fields[i].len);
		else
			set_column(options, &reader->header->columns[i], options->header[i], strlen(options->header[i]));
	}
	MemoryContextSwitchTo(context);
	return has_duplicates(reader->header) ? record_bad_format(record, "The header names a column twice") : RECORD_ITEM;
}

/* Makes the value of a field; returns what is wrong with it, or NULL. */
static const char *
read_field(const CsvColumn *column, const CsvField *field, JsonbValue *value, int *size)
{
	DynNumber	number;
	NumberStatus status;

	switch (column->type)
	{
		case KEY_TYPE_N:
			status = number_parse(field->text, field->len, &number);
			if (status != NUMBER_OK)
				return number_error_message(status, field->text, field->len);
			value->type = jbvNumeric;
			value->val.numeric = number_to_numeric(&number);
			*size = number_size(&number);
			break;
		case KEY_TYPE_B:
			if (base64_decode(field->text, field->len, NULL) != BASE64_OK)
				return psprintf("One or more parameter values were invalid: Column %s is not base64", column->name);
			attr_make_binary(field->text, field->len, value);
			*size = base64_decoded_size(field->text, field->len);
			break;
		default:
			attr_make_string(field->text, field->len, value);
			*size = field->len;
			break;
	}
	return NULL;
}

static RecordStatus
read_row(RecordReader *reader, Record *record)
{
	const CsvHeader *header = reader->header;
	CsvField   *fields;
	JsonbPair  *pairs;
	int			count;
	int			attributes = 0;

	/* before its fields are told apart: they would take far more memory than text */
	if (record->text_len > ITEM_MAX_SIZE)
		return record_bad_item(record, "Item size has exceeded the maximum allowed size");
	fields = split(reader, record, &count);
	if (count != header->count)
		return record_bad_item(record, psprintf("The record has %d columns where the header has %d", count, header->count));
	pairs = palloc(count * sizeof(JsonbPair));
	for (int i = 0; i < count; i++)
	{
		const CsvColumn *column = &header->columns[i];
		JsonbPair  *pair = &pairs[attributes];
		int			size = 0;
		const char *error;

		if (fields[i].len == 0 && !fields[i].quoted)
			continue;
		if (column->len == 0)
			error = ATTR_EMPTY_NAME;
		else if (column->len > ATTR_NAME_MAX_SIZE)
			error = "Attribute name is too large, must be less than 65536 bytes";
		else
			error = read_field(column, &fields[i], &pair->value, &size);
		if (error != NULL)
			return record_bad_item(record, error);
		pair->key.type = jbvString;
		pair->key.val.string.val = unconstify(char *, column->stored);
		pair->key.val.string.len = column->stored_len;
		pair->order = attributes++;
		record->item.size += column->len + size;
	}
	attr_make_item(pairs, attributes, &record->item.object);
	return RECORD_ITEM;
}

const RecordFormatRoutines record_csv_routines = {
	.begin = read_header,
	.find = next_row,
	.read = read_row,
};
