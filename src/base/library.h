/*
 * library.h
 *		The libraries dynapg_http and dynapg_out, which packages may leave out.
 */
#ifndef DYNAPG_LIBRARY_H
#define DYNAPG_LIBRARY_H

#define OUT_LIBRARY "dynapg_out"

/* Whether the library is where the server looks for it: a look at the disk, at each call. */
extern bool library_is_installed(const char *name);

/* Reports that it is not there, if so, and which package has it; at ERROR it is required. */
extern void library_want(int elevel, const char *name);

/* errhint() for messages about one that is not there. */
extern int	library_hint(void);

#endif							/* DYNAPG_LIBRARY_H */
