/*
 * varlena.h
 *		VARDATA() and its kin, which left postgres.h for a header of their own in 16.
 */
#ifndef DYNAPG_VARLENA_H
#define DYNAPG_VARLENA_H

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#endif							/* DYNAPG_VARLENA_H */
