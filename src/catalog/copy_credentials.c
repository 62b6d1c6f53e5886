/*
 * copy_credentials.c
 *		Reading and writing dynapg.copy_credentials.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "catalog/copy_credentials.h"
#include "catalog/owner.h"

CopyCredentials *
catalog_copy_credentials(Oid role, const char *name)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(role), CStringGetTextDatum(name)};
	Datum		columns[3];
	bool		nulls[3];
	CopyCredentials *credentials;

	if (!catalog_fetch("SELECT access_key_id, secret_access_key, session_token FROM dynapg.copy_credentials WHERE role = $1::regrole AND name = $2",
					   2, types, values, 3, columns, nulls))
		return NULL;
	credentials = (CopyCredentials *) palloc(sizeof(CopyCredentials));
	credentials->access_key_id = TextDatumGetCString(columns[0]);
	credentials->secret_access_key = TextDatumGetCString(columns[1]);
	credentials->session_token = nulls[2] ? NULL : TextDatumGetCString(columns[2]);
	return credentials;
}

void
catalog_put_copy_credentials(Oid role, const char *name, const CopyCredentials *credentials)
{
	const char *token = credentials->session_token;
	Oid			types[] = {OIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(role), CStringGetTextDatum(name), CStringGetTextDatum(credentials->access_key_id),
	CStringGetTextDatum(credentials->secret_access_key), token ? CStringGetTextDatum(token) : (Datum) 0};

	(void) catalog_execute("INSERT INTO dynapg.copy_credentials (role, name, access_key_id, secret_access_key, session_token) "
						   "VALUES ($1::regrole, $2, $3, $4, $5) ON CONFLICT (role, name) DO UPDATE SET access_key_id = excluded.access_key_id, "
						   "secret_access_key = excluded.secret_access_key, session_token = excluded.session_token, put_at = excluded.put_at",
						   lengthof(values), types, values, token ? NULL : "    n");
}

bool
catalog_drop_copy_credentials(Oid role, const char *name)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(role), CStringGetTextDatum(name)};

	return catalog_execute("DELETE FROM dynapg.copy_credentials WHERE role = $1::regrole AND name = $2", 2, types, values, NULL) > 0;
}
