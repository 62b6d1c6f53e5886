/*
 * console.h
 *		The console: a page for people at /console (docs/console.md), and what its script may ask for.
 *
 * It has no rule of its own.  Whoever signs in has signed that request with an access key as an SDK does, and gets a cookie; what the script
 * asks for from then on runs as the key's role on the way of every other request (protocol.c), operations of the API and views of SQL
 * alike, in transactions that only read unless the user has switched writing on.  There is a cookie's request in three steps: the head says that
 * a page of the console's own has sent it (console.c), the cookie that somebody is signed in (console_session.c), and, in the request's
 * transaction, key and role that he may still be (console_role).
 */
#ifndef DYNAPG_CONSOLE_H
#define DYNAPG_CONSOLE_H

#include "http/http.h"

/* What SQL knows and no operation tells, by name; console_views.c has them. */
typedef struct ConsoleView
{
	const char *name;			/* as in X-Amz-Target, behind DynapgConsole */
	const char *relation;		/* what it needs.  Where that is missing, so is the answer: {"Missing":true} */
	const char *query;			/* of one text parameter, a table's name or null; a column is table_name, null for what is no table's */
} ConsoleView;

/* console.c */
extern bool console_has(const HttpRequest *request);	/* whether the path is the console's, and there is one */
extern bool console_answer(HttpRequest *request);	/* as protocol_answer() */
/* While a large body is received: whether somebody who is signed in sends it; if not, the response is there. */
extern bool console_knows_sender(HttpRequest *request);
extern bool console_is_secure(const HttpRequest *request);	/* whether the browser speaks TLS, to us or to a proxy before us */
extern bool console_only_reads(const HttpRequest *request);
/* The role of the session; as auth_role().  Ends the session if its key or its role may not go on. */
extern Oid	console_role(const HttpRequest *request, Caller *caller);
extern void console_add_headers(const HttpRequest *request, struct MHD_Response *response);

/*
 * console_session.c: sessions are in shared memory, of which they are gone when the server restarts.  A process sees what another has done at
 * once.
 */
extern ConsoleSession *console_session_find(const HttpRequest *request);	/* of the cookie; a copy, palloc'd.  NULL: nobody is signed in */
extern void console_session_begin(HttpRequest *request, ConsoleSession *session);	/* makes a token, and sets the cookie */
extern void console_session_end(const ConsoleSession *session);
extern void console_session_allow_writes(const ConsoleSession *session, bool writes);
extern const char *console_session_proof(const HttpRequest *request);	/* what a page of ours sends beside the cookie; palloc'd.  NULL: no cookie */
extern const char *console_forget_cookie(HttpRequest *request);	/* a Set-Cookie that takes it away */

/*
 * Sign-ins that have failed count for the key that they name, whether there is one or not, and for the address.  Seconds until the next one is
 * looked at; 0: now.
 */
extern int	console_wait(const HttpRequest *request, const char *key_id);
extern void console_count_failure(const HttpRequest *request, const char *key_id);

/* console_files.c: the response is a file of the console's; false: there is none of that name */
extern bool console_file(HttpRequest *request, const char *name, size_t len);

/* console_views.c */
extern const ConsoleView *console_find_view(const char *name);
extern void console_view(HttpRequest *request); /* executes it in the request's transaction, as the current user; raises errors */

#endif							/* DYNAPG_CONSOLE_H */
