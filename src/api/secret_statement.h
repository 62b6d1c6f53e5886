/*
 * secret_statement.h
 *		Statements that may have secrets.
 */
#ifndef DYNAPG_SECRET_STATEMENT_H
#define DYNAPG_SECRET_STATEMENT_H

/*
 * For functions that are given secrets, before they look at their arguments: until the end, pg_stat_activity shows the statement as it is said here, and the server's
 * log does not have it for a message of ours (log_statement has).  An error ends it, too.
 */
extern void secret_statement_begin(ErrorContextCallback *callback, const char *shown);
extern void secret_statement_end(const ErrorContextCallback *callback);

#endif							/* DYNAPG_SECRET_STATEMENT_H */
