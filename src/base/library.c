/*
 * library.c
 *		Whether the libraries that link libmicrohttpd and libcurl are installed.
 *
 * They come in a package of their own, so that a server for SQL alone has nothing of either.
 */
#include "postgres.h"

#include <dlfcn.h>
#include <unistd.h>

#include "fmgr.h"
#include "miscadmin.h"

#include "base/library.h"

#ifndef DLSUFFIX
#define DLSUFFIX ".so"
#endif

#define LIBRARY_PACKAGE "postgresql-" PG_MAJORVERSION "-dynapg-http"

static bool
is_in(const char *folder, int len, const char *name)
{
	char		path[MAXPGPATH];

	return snprintf(path, sizeof(path), "%.*s/%s" DLSUFFIX, len, folder, name) < sizeof(path) && access(path, F_OK) == 0;
}

bool
library_is_installed(const char *name)
{
	Dl_info		own;
	const char *slash;

	if (is_in(pkglib_path, strlen(pkglib_path), name))
		return true;
	/* dynamic_library_path may have led the server to us: it leads to those beside us, too */
	if (dladdr((const void *) library_is_installed, &own) == 0 || own.dli_fname == NULL)
		return false;
	slash = strrchr(own.dli_fname, '/');
	return slash != NULL && is_in(own.dli_fname, slash - own.dli_fname, name);
}

int
library_hint(void)
{
	return errhint("On Debian it is in the package " LIBRARY_PACKAGE "; \"make install\" installs it beside dynapg.");
}

void
library_want(int elevel, const char *name)
{
	if (!library_is_installed(name))
		/* the package stands in the message, since views of what went wrong show no hints */
		ereport(elevel,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("the library %s is not installed (" LIBRARY_PACKAGE ")", name),
				 library_hint()));
}
