/*
 * am.h
 *		The table access method dynapg, and heap's routine under it.
 */
#ifndef DYNAPG_AM_H
#define DYNAPG_AM_H

#include "access/tableam.h"

/* heap's own routine: direct access writes through it what it has checked already. */
extern const TableAmRoutine *am_heap_routine(void);

/* Whether a relation is stored as heap stores it: its access method is ours or heap itself. */
extern bool am_is_heap(Relation relation);

#endif							/* DYNAPG_AM_H */
