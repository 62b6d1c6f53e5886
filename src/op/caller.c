/*
 * caller.c
 *		Who calls: a request's caller as the endpoint tells it, or the connection's client.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "fmgr.h"
#include "libpq/pqcomm.h"
#include "miscadmin.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#include "op/caller.h"

/* What the endpoint told of the request that runs; NULL: there is none. */
static const Caller *request_caller;

/* Of the connection; it does not change while the process lives. */
static Caller client;
static bool client_is_known;

/* The client's numeric address, in TopMemoryContext; NULL for local sockets.  The port has a name in its place with log_hostname. */
static char *
client_address(void)
{
	LOCAL_FCINFO(fcinfo, 1);
	Datum		address;
	const char *name;

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
	address = inet_client_addr(fcinfo);
	if (fcinfo->isnull)
		return NULL;
	name = text_to_cstring(DatumGetTextPP(DirectFunctionCall1(network_host, address)));
	return MemoryContextStrdup(TopMemoryContext, name);
}

/*
 * A parallel worker has no client, and a request's session is not known in it: nobody is to get rid of either by calling a function of ours
 * (all that ask for the caller are PARALLEL UNSAFE) by one that says it is safe.
 */
static void
forbid_parallel_worker(void)
{
	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_STATE),
				 errmsg("functions of dynapg cannot be called in a parallel worker"),
				 errhint("A function that calls them must not be marked PARALLEL SAFE.")));
}

const Caller *
caller_get(void)
{
	if (request_caller != NULL)
		return request_caller;
	if (!client_is_known)
	{
		forbid_parallel_worker();
		client.source_ip = client_address();
		client.is_secure = MyProcPort != NULL && MyBEEntry->st_ssl;
		client_is_known = true;
	}
	return &client;
}

const CallerSession *
caller_session(void)
{
	const CallerSession *session = caller_get()->session;

	return session != NULL && session->role == GetUserId() ? session : NULL;
}

void
caller_begin(const Caller *caller)
{
	request_caller = caller;
}
