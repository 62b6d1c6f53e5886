/*
 * remote_private.h
 *		How the kinds of remotes do it.
 */
#ifndef DYNAPG_REMOTE_PRIVATE_H
#define DYNAPG_REMOTE_PRIVATE_H

#include "transfer/remote.h"

typedef struct RemoteRoutines
{
	void		(*send) (Remote *remote, RemoteCall *call);
	RemoteCall *(*wait) (Remote *remote, int64 timeout_ms);
	int			(*pending) (const Remote *remote);
	void		(*close) (Remote *remote);
} RemoteRoutines;

/* Remotes of every kind begin with this. */
struct Remote
{
	const RemoteRoutines *routines;
	int			patience;		/* seconds */
	const char *trouble;
};

#endif							/* DYNAPG_REMOTE_PRIVATE_H */
