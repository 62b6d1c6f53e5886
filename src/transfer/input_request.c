/*
 * input_request.c
 *		What a request says of the objects that are to be read.
 */
#include "postgres.h"

#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "transfer/input.h"
#include "transfer/input_request.h"

JsonbContainer *
request_container(JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	if (object == NULL || getKeyJsonValueFromContainer(object, name, strlen(name), &value) == NULL || value.type != jbvBinary)
		return NULL;
	return value.val.binary.data;
}

char *
request_string(JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	if (object == NULL || getKeyJsonValueFromContainer(object, name, strlen(name), &value) == NULL || value.type != jbvString)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

double
request_number(JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	if (object == NULL || getKeyJsonValueFromContainer(object, name, strlen(name), &value) == NULL || value.type != jbvNumeric)
		return 0;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value.val.numeric)));
}

static void
read_csv_options(JsonbContainer *csv, RecordOptions *options)
{
	const char *delimiter = request_string(csv, "Delimiter");
	JsonbContainer *header = request_container(csv, "HeaderList");
	const char **names;

	options->delimiter = delimiter ? delimiter[0] : 0;
	if (header == NULL)
		return;
	options->header_count = JsonContainerSize(header);
	names = (const char **) palloc(options->header_count * sizeof(char *));
	for (int i = 0; i < options->header_count; i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(header, i);

		names[i] = pnstrdup(name->val.string.val, name->val.string.len);
	}
	options->header = names;
}

static RecordFormat
format_of_name(const char *name)
{
	if (strcmp(name, "ION") == 0)
		return RECORD_ION;
	return strcmp(name, "CSV") == 0 ? RECORD_CSV : RECORD_DYNAMODB_JSON;
}

/* The two kinds of requests call the members of their sources differently. */
void
input_read_request(const Transfer *transfer, InputRequest *request)
{
	JsonbContainer *root = &transfer->request->root;
	bool		is_import = transfer->kind == TRANSFER_IMPORT;
	JsonbContainer *source = request_container(root, is_import ? "S3BucketSource" : "InputS3Configuration");
	JsonbContainer *format = is_import ? root : source;
	char	   *prefix = request_string(source, "S3KeyPrefix");

	memset(request, 0, sizeof(*request));
	request->bucket = request_string(source, "S3Bucket");
	request->bucket_owner = request_string(source, "S3BucketOwner");
	request->prefix = prefix ? prefix : pstrdup("");
	request->compression = compression_of_name(request_string(format, "InputCompressionType"));
	request->options.format = format_of_name(request_string(format, "InputFormat"));
	request->options.conditions = !is_import;
	read_csv_options(request_container(request_container(root, "InputFormatOptions"), "Csv"), &request->options);
}

static void
add_column(RecordColumn *columns, int *count, const KeyAttribute *attribute)
{
	columns[(*count)++] = (RecordColumn) {attribute->name, attribute->type};
}

void
input_take_columns(InputRequest *request, const TableInfo *table)
{
	RecordOptions *options = &request->options;
	RecordColumn *columns = (RecordColumn *) palloc((2 + table->n_indexes * 2 * INDEX_KEY_MAX_ATTRIBUTES) * sizeof(RecordColumn));

	add_column(columns, &options->column_count, &table->hash);
	if (table->has_sort)
		add_column(columns, &options->column_count, &table->sort);
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		for (int k = 0; k < index->n_hash; k++)
			add_column(columns, &options->column_count, &index->hash[k]);
		for (int k = 0; k < index->n_sort; k++)
			add_column(columns, &options->column_count, &index->sort[k]);
	}
	options->columns = columns;
}
