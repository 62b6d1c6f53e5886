/*
 * bucket_sql.c
 *		SQL functions about buckets: who may use them, and the credentials for S3.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/secret_statement.h"
#include "catalog/buckets.h"

PG_FUNCTION_INFO_V1(dynapg_grant_bucket);
PG_FUNCTION_INFO_V1(dynapg_revoke_bucket);
PG_FUNCTION_INFO_V1(dynapg_set_s3_credentials);
PG_FUNCTION_INFO_V1(dynapg_set_kinesis_credentials);

/* The argument as an array of READ and WRITE, in whatever case they came. */
static ArrayType *
access_argument(ArrayType *argument)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(argument, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("access must not be empty"),
				 errhint("It is an array of READ and WRITE.")));
	for (int i = 0; i < count; i++)
	{
		const char *access = nulls[i] ? "" : TextDatumGetCString(elements[i]);

		if (pg_strcasecmp(access, "READ") != 0 && pg_strcasecmp(access, "WRITE") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("there is no access \"%s\"", access),
					 errhint("It is an array of READ and WRITE.")));
		elements[i] = CStringGetTextDatum(pg_toupper((unsigned char) access[0]) == 'R' ? "READ" : "WRITE");
	}
	return construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT);
}

/* grant_bucket(bucket, role, access) */
Datum
dynapg_grant_bucket(PG_FUNCTION_ARGS)
{
	catalog_grant_bucket(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_OID(1), access_argument(PG_GETARG_ARRAYTYPE_P(2)));
	PG_RETURN_VOID();
}

/* revoke_bucket(bucket, role, access) */
Datum
dynapg_revoke_bucket(PG_FUNCTION_ARGS)
{
	catalog_revoke_bucket(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_OID(1), access_argument(PG_GETARG_ARRAYTYPE_P(2)));
	PG_RETURN_VOID();
}

/*
 * An argument that goes into the head of a request: printable, without blanks.  The message does not say what it was.
 */
static char *
credential_argument(text *argument, const char *name)
{
	char	   *value = text_to_cstring(argument);

	for (const char *c = value; *c; c++)
		if (*c <= ' ' || *c > '~')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s has a character that is not allowed", name)));
	if (value[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be empty", name)));
	return value;
}

/* What the functions below were given, into a structure of the caller's; NULL: nulls. */
static const S3Credentials *
read_credentials(FunctionCallInfo fcinfo, S3Credentials *credentials)
{
	if (PG_ARGISNULL(0) != PG_ARGISNULL(1) || (PG_ARGISNULL(0) && !PG_ARGISNULL(2)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("access_key_id and secret_access_key must both be given, or neither")));
	if (PG_ARGISNULL(0))
		return NULL;
	memset(credentials, 0, sizeof(*credentials));
	credentials->access_key_id = credential_argument(PG_GETARG_TEXT_PP(0), "access_key_id");
	credentials->secret_access_key = credential_argument(PG_GETARG_TEXT_PP(1), "secret_access_key");
	if (!PG_ARGISNULL(2))
		credentials->session_token = credential_argument(PG_GETARG_TEXT_PP(2), "session_token");
	return credentials;
}

/* set_s3_credentials(access_key_id, secret_access_key, session_token); nulls take them away. */
Datum
dynapg_set_s3_credentials(PG_FUNCTION_ARGS)
{
	S3Credentials credentials;
	ErrorContextCallback hiding;

	secret_statement_begin(&hiding, "SELECT dynapg.set_s3_credentials(...)");
	catalog_set_s3_credentials(read_credentials(fcinfo, &credentials));
	secret_statement_end(&hiding);
	PG_RETURN_VOID();
}

/* set_kinesis_credentials(access_key_id, secret_access_key, session_token); the same. */
Datum
dynapg_set_kinesis_credentials(PG_FUNCTION_ARGS)
{
	S3Credentials credentials;
	ErrorContextCallback hiding;

	secret_statement_begin(&hiding, "SELECT dynapg.set_kinesis_credentials(...)");
	catalog_set_kinesis_credentials(read_credentials(fcinfo, &credentials));
	secret_statement_end(&hiding);
	PG_RETURN_VOID();
}
