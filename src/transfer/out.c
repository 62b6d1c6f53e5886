/*
 * out.c
 *		Loads the library dynapg_out.
 */
#include "postgres.h"

#include "fmgr.h"

#include "base/library.h"
#include "transfer/out.h"
#include "transfer/transfer.h"

static const OutHost host = {
	.version = OUT_VERSION,
	.s3_fail = object_store_fail,
	.fail = transfer_fail_detail,
};

const OutLibrary *
out_library(void)
{
	static const OutLibrary *library = NULL;

	if (library == NULL)
	{
		OutStart	start;
		const OutLibrary *started;

		library_want(ERROR, OUT_LIBRARY);
		start = (OutStart) load_external_function("$libdir/" OUT_LIBRARY, "dynapg_out_start", true, NULL);
		started = start(&host);
		if (started->version != OUT_VERSION)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the libraries dynapg and dynapg_out are not of one version"),
					 errhint("Install both again, and restart the server.")));
		library = started;
	}
	return library;
}
