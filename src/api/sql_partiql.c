/*
 * sql_partiql.c
 *		dynamo_partiql(): a PartiQL statement's items as a set of natural items, all pages at once.
 *
 * The statement is ExecuteStatement's.  Parameters are SQL values: numbers are N, booleans BOOL, bytea B, jsonb what it is
 * as an attribute, NULL is NULL, and all else S.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "api/sql.h"
#include "op/op.h"
#include "op/partiql.h"
#include "value/attr_build.h"
#include "value/base64.h"

PG_FUNCTION_INFO_V1(dynamo_partiql);

/* A PageVisitor: one row an item. */
static void
add_row(Jsonb *item, void *argument)
{
	ReturnSetInfo *result = (ReturnSetInfo *) argument;
	Datum		value = JsonbPGetDatum(item);
	bool		isnull = false;

	tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
}

/* The text of a value by its type's output function. */
static char *
output(Oid type, Datum value)
{
	Oid			function;
	bool		is_varlena;

	getTypeOutputInfo(type, &function, &is_varlena);
	return OidOutputFunctionCall(function, value);
}

/* A jsonb as the attribute's value that it stands for in an item. */
static void
write_jsonb(WireWriter *writer, Jsonb *jsonb)
{
	JsonbValue	value;

	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	if (JB_ROOT_IS_SCALAR(jsonb))
		(void) JsonbExtractScalar(&jsonb->root, &value);
	attr_check_value("?", &value);
	attr_write_value(writer, &value);
}

static void
write_binary(WireWriter *writer, bytea *value)
{
	StringInfoData text;

	initStringInfo(&text);
	base64_append(&text, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	wire_string(writer, text.data, text.len);
}

/* A SQL value as an AttributeValue. */
static void
write_parameter(WireWriter *writer, Oid type, Datum value, bool isnull)
{
	Oid			base = getBaseType(type);

	if (!isnull && base == JSONBOID)
	{
		write_jsonb(writer, DatumGetJsonbP(value));
		return;
	}
	wire_object_start(writer);
	if (isnull)
	{
		wire_member(writer, "NULL");
		wire_boolean(writer, true);
	}
	else
		switch (base)
		{
			case INT2OID:
			case INT4OID:
			case INT8OID:
			case FLOAT4OID:
			case FLOAT8OID:
			case NUMERICOID:
				wire_member(writer, "N");
				wire_cstring(writer, output(type, value));
				break;
			case BOOLOID:
				wire_member(writer, "BOOL");
				wire_boolean(writer, DatumGetBool(value));
				break;
			case BYTEAOID:
				wire_member(writer, "B");
				write_binary(writer, DatumGetByteaPP(value));
				break;
			case UNKNOWNOID:
				wire_member(writer, "S");
				wire_cstring(writer, DatumGetCString(value));
				break;
			default:
				wire_member(writer, "S");
				wire_cstring(writer, output(type, value));
				break;
		}
	wire_object_end(writer);
}

/* Whether there are any: an array may be empty. */
static bool
has_parameters(FunctionCallInfo fcinfo)
{
	ArrayType  *array;

	if (PG_NARGS() < 2 || !get_fn_expr_variadic(fcinfo->flinfo))
		return PG_NARGS() > 1;
	if (PG_ARGISNULL(1))
		return false;
	array = PG_GETARG_ARRAYTYPE_P(1);
	return ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > 0;
}

/* The parameters of VARIADIC array. */
static void
write_array(WireWriter *writer, FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	Datum	   *values;
	bool	   *nulls;
	int			count;
	int16		length;
	bool		by_value;
	char		alignment;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &length, &by_value, &alignment);
	deconstruct_array(array, ARR_ELEMTYPE(array), length, by_value, alignment, &values, &nulls, &count);
	for (int i = 0; i < count; i++)
		write_parameter(writer, ARR_ELEMTYPE(array), values[i], nulls[i]);
}

/* The request of the call's arguments. */
static void
write_request(FunctionCallInfo fcinfo, StringInfo request)
{
	text	   *statement = PG_GETARG_TEXT_PP(0);
	WireWriter	writer;

	initStringInfo(request);
	wire_write_text(&writer, request);
	wire_object_start(&writer);
	wire_member(&writer, "Statement");
	wire_string(&writer, VARDATA_ANY(statement), VARSIZE_ANY_EXHDR(statement));
	if (has_parameters(fcinfo))
	{
		wire_member(&writer, "Parameters");
		wire_array_start(&writer);
		if (get_fn_expr_variadic(fcinfo->flinfo))
			write_array(&writer, fcinfo);
		else
			for (int i = 1; i < PG_NARGS(); i++)
				write_parameter(&writer, get_fn_expr_argtype(fcinfo->flinfo, i), PG_GETARG_DATUM(i), PG_ARGISNULL(i));
		wire_array_end(&writer);
	}
	wire_object_end(&writer);
}

static void
carry_statement(AuditCall *audit, void *argument)
{
	FunctionCallInfo fcinfo = (FunctionCallInfo) argument;
	const RequestValue *request;
	StringInfoData text;
	WireReader	reader;

	write_request(fcinfo, &text);
	wire_read_text(&reader, text.data, text.len);
	request = request_read(&reader, OPERATION_ExecuteStatement);
	audit_request(audit, request);
	partiql_visit(request, add_row, fcinfo->resultinfo);
}

static void
visit_statement(void *argument)
{
	op_call(OPERATION_ExecuteStatement, NULL, carry_statement, argument);
}

/* dynamo_partiql(statement text [, VARIADIC parameters "any"]) returns setof jsonb */
Datum
dynamo_partiql(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a statement must not be null")));
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	sql_call(visit_statement, fcinfo);
	return (Datum) 0;
}
