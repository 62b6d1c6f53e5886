/*
 * buckets.c
 *		Who may use which buckets, and the credentials for S3.
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/buckets.h"
#include "catalog/owner.h"

static bool
is_granted(Oid role, const char *bucket, const char *access)
{
	Oid			types[3] = {TEXTOID, OIDOID, TEXTOID};
	Datum		values[3] = {CStringGetTextDatum(bucket), ObjectIdGetDatum(role), CStringGetTextDatum(access)};
	Datum		granted;
	bool		isnull;

	return catalog_fetch("SELECT true FROM dynapg.bucket_grants "
						 "WHERE bucket = $1 AND $3 = ANY (access) AND pg_has_role($2, role::oid, 'USAGE') LIMIT 1",
						 3, types, values, 1, &granted, &isnull);
}

bool
catalog_may_use_bucket(Oid role, const char *bucket, bool writes)
{
	return superuser_arg(role) ||
		has_privs_of_role(role, writes ? ROLE_PG_WRITE_SERVER_FILES : ROLE_PG_READ_SERVER_FILES) ||
		is_granted(role, bucket, writes ? "WRITE" : "READ");
}

/* Executes a statement of a bucket, a role and kinds of access. */
static void
change_grants(const char *statement, const char *bucket, Oid role, ArrayType *access)
{
	Oid			types[3] = {TEXTOID, REGROLEOID, TEXTARRAYOID};
	Datum		values[3] = {CStringGetTextDatum(bucket), ObjectIdGetDatum(role), PointerGetDatum(access)};

	(void) catalog_execute(statement, 3, types, values, NULL);
}

void
catalog_grant_bucket(const char *bucket, Oid role, ArrayType *access)
{
	change_grants("INSERT INTO dynapg.bucket_grants AS g VALUES ($1, $2, ARRAY (SELECT DISTINCT a FROM unnest($3) a ORDER BY a)) "
				  "ON CONFLICT (bucket, role) DO UPDATE "
				  "SET access = ARRAY (SELECT DISTINCT a FROM unnest(g.access || excluded.access) a ORDER BY a)",
				  bucket, role, access);
}

void
catalog_revoke_bucket(const char *bucket, Oid role, ArrayType *access)
{
	change_grants("WITH revoked AS (DELETE FROM dynapg.bucket_grants WHERE bucket = $1 AND role = $2 AND access <@ $3) "
				  "UPDATE dynapg.bucket_grants SET access = ARRAY (SELECT a FROM unnest(access) a WHERE a <> ALL ($3) ORDER BY a) "
				  "WHERE bucket = $1 AND role = $2 AND NOT access <@ $3 AND access && $3",
				  bucket, role, access);
}

/* The one row of a table of credentials. */
static S3Credentials *
read_credentials(const char *table)
{
	S3Credentials *credentials;
	Datum		columns[3];
	bool		nulls[3];

	if (!catalog_fetch(psprintf("SELECT access_key_id, secret_access_key, session_token FROM dynapg.%s", table),
					   0, NULL, NULL, 3, columns, nulls))
		return NULL;
	credentials = (S3Credentials *) palloc(sizeof(S3Credentials));
	credentials->access_key_id = TextDatumGetCString(columns[0]);
	credentials->secret_access_key = TextDatumGetCString(columns[1]);
	credentials->session_token = nulls[2] ? NULL : TextDatumGetCString(columns[2]);
	return credentials;
}

static void
write_credentials(const char *table, const S3Credentials *credentials)
{
	Oid			types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum		values[3];
	const char *token;

	if (credentials == NULL)
	{
		(void) catalog_execute(psprintf("DELETE FROM dynapg.%s", table), 0, NULL, NULL, NULL);
		return;
	}
	token = credentials->session_token;
	values[0] = CStringGetTextDatum(credentials->access_key_id);
	values[1] = CStringGetTextDatum(credentials->secret_access_key);
	values[2] = token ? CStringGetTextDatum(token) : (Datum) 0;
	(void) catalog_execute(psprintf("INSERT INTO dynapg.%s (access_key_id, secret_access_key, session_token) VALUES ($1, $2, $3) "
									"ON CONFLICT (one) DO UPDATE SET access_key_id = excluded.access_key_id, "
									"secret_access_key = excluded.secret_access_key, session_token = excluded.session_token, "
									"set_at = excluded.set_at", table),
						   3, types, values, token ? NULL : "  n");
}

S3Credentials *
catalog_s3_credentials(void)
{
	return read_credentials("s3_credentials");
}

void
catalog_set_s3_credentials(const S3Credentials *credentials)
{
	write_credentials("s3_credentials", credentials);
}

S3Credentials *
catalog_kinesis_credentials(void)
{
	return read_credentials("kinesis_credentials");
}

void
catalog_set_kinesis_credentials(const S3Credentials *credentials)
{
	write_credentials("kinesis_credentials", credentials);
}
