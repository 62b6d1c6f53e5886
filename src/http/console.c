/*
 * console.c
 *		What is asked for below /console: files, sign-in and sign-out, operations and views for whoever is signed in.
 *
 * Other pages in the user's browser are the danger.  They can send requests here, with the cookie if they are of the same site, but cannot read
 * answers nor make headers of their own: so a request that does something is a POST of JSON, comes from a page of this origin, and has the
 * proof.  A page whose name leads here by its owner's DNS is of this origin to the browser: so the Host is one that we know (is_our_host).
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "base/database.h"
#include "base/error.h"
#include "http/console.h"

#define PATH "/console"
#define PATH_OF_API PATH "/api"
#define TARGET "DynapgConsole."
#define PROOF_HEADER "X-Dynapg-Proof"
#define JSON_TYPE "application/json"

/* Scripts, styles and requests are this origin's, scripts make no HTML of texts, and nobody frames the page. */
#define SECURITY_POLICY \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

static bool
is_path(const HttpRequest *request, const char *expected)
{
	size_t		len;
	const char *path = request_path(request, &len);

	return len == strlen(expected) && memcmp(path, expected, len) == 0;
}

bool
console_has(const HttpRequest *request)
{
	size_t		len;
	const char *path;

	if (!endpoint->settings->console)
		return false;
	path = request_path(request, &len);
	return len >= strlen(PATH) && memcmp(path, PATH, strlen(PATH)) == 0 &&
		(len == strlen(PATH) || path[strlen(PATH)] == '/');
}

void
console_add_headers(const HttpRequest *request, struct MHD_Response *response)
{
	MHD_add_response_header(response, "Content-Security-Policy", SECURITY_POLICY);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	MHD_add_response_header(response, "Permissions-Policy", "camera=(), geolocation=(), microphone=()");
	MHD_add_response_header(response, "Cache-Control", request->etag ? "no-cache" : "no-store");
	MHD_add_response_header(response, "Vary", "Accept-Encoding");
	if (request->etag)
		MHD_add_response_header(response, "ETag", request->etag);
	if (request->cookie)
		MHD_add_response_header(response, "Set-Cookie", request->cookie);
	if (request->retry_after > 0)
		MHD_add_response_header(response, "Retry-After", psprintf("%d", request->retry_after));
}

/* ------------------------------------------------------------------------------------------------------------
 * Who asks
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a Host is this machine by its own names, with a port or without. */
static bool
is_localhost(const char *host)
{
	static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

	for (int i = 0; i < lengthof(names); i++)
	{
		size_t		len = strlen(names[i]);

		if (pg_strncasecmp(host, names[i], len) == 0 &&
			(host[len] == '\0' || (host[len] == ':' && strspn(host + len + 1, "0123456789") == strlen(host + len + 1))))
			return true;
	}
	return false;
}

/* Whether dynapg.console_hosts has a Host. */
static bool
is_listed_host(const char *host)
{
	char	   *hosts = pstrdup(endpoint->settings->console_hosts);
	List	   *list;
	ListCell   *cell;

	if (!SplitGUCList(hosts, ',', &list))
		return false;
	foreach(cell, list)
		if (pg_strcasecmp((const char *) lfirst(cell), host) == 0)
			return true;
	return false;
}

static bool
is_tls(const HttpRequest *request)
{
	return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) != NULL;
}

bool
console_is_secure(const HttpRequest *request)
{
	const char *host = request_header(request, "Host");

	return is_tls(request) || (host != NULL && is_listed_host(host));
}

/*
 * Where the browser has seen our certificate, the name is ours.  Else only names count whose DNS is nobody else's; browsers do not sign by other
 * names without TLS, either.
 */
static bool
is_our_host(const HttpRequest *request)
{
	const char *host = request_header(request, "Host");

	return host != NULL && (is_tls(request) || is_localhost(host) || is_listed_host(host));
}

/* Whether a page of ours has sent a request: browsers always say what origin a POST is of. */
static bool
is_our_page(const HttpRequest *request)
{
	const char *host = request_header(request, "Host");
	const char *origin = request_header(request, "Origin");
	const char *site = request_header(request, "Sec-Fetch-Site");
	const char *scheme = is_tls(request) || !is_localhost(host) ? "https://" : "http://";

	if (origin == NULL || (site != NULL && strcmp(site, "same-origin") != 0))
		return false;
	/* a proxy on this machine may speak TLS for us, by any name */
	if (!is_tls(request) && is_localhost(host) && strncmp(origin, "https://", strlen("https://")) == 0)
		scheme = "https://";
	return strncmp(origin, scheme, strlen(scheme)) == 0 && pg_strcasecmp(origin + strlen(scheme), host) == 0;
}

static void
refuse(HttpRequest *request, int status, const char *why)
{
	protocol_respond(request, status, "text/plain; charset=utf-8", why);
}

/* Whether somebody is signed in who sends a request from a page of ours; if not, the response is there. */
static bool
admit(HttpRequest *request)
{
	const char *given = request_header(request, PROOF_HEADER);
	const char *proof = console_session_proof(request);

	request->console = console_session_find(request);
	if (request->console == NULL)
		refuse(request, 401, "Please sign in.\n");
	else if (given == NULL || proof == NULL || !auth_digests_equal(given, proof))
	{
		request->console = NULL;
		refuse(request, 403, "The request is not one of the console's.\n");
	}
	return request->console != NULL;
}

/* What does not depend on the cookie. */
static bool
is_sound(HttpRequest *request)
{
	if (!is_our_host(request))
		refuse(request, 421, "The console is not served by this name: see dynapg.console_hosts.\n");
	else if (strcmp(request->method, "GET") == 0)
		return true;
	else if (strcmp(request->method, "POST") != 0)
		refuse(request, 405, "");
	else if (!is_path(request, PATH_OF_API))
		refuse(request, 404, "Not found\n");
	else if (!protocol_uses_body(request))
		refuse(request, 415, "");
	else if (!is_our_page(request))
		refuse(request, 403, "The request is not one of the console's.\n");
	else
		return true;
	return false;
}

bool
console_knows_sender(HttpRequest *request)
{
	request->sender_known = is_sound(request) && admit(request);
	return request->sender_known;
}

bool
console_only_reads(const HttpRequest *request)
{
	return request->console != NULL && (request->view != NULL || !request->console->writes);
}

/* ------------------------------------------------------------------------------------------------------------
 * Sessions
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_same_key(const ConsoleSession *session, const EndpointKey *key)
{
	char		digest[ENDPOINT_DIGEST_SIZE];

	sigv4_hash(key->secret, strlen(key->secret), digest);
	explicit_bzero(key->secret, strlen(key->secret));
	return key->role == session->role && auth_digests_equal(digest, session->key_digest);
}

/* Raises an error if the session may not go on. */
static void
check_session(const HttpRequest *request, Caller *caller)
{
	const ConsoleSession *session = request->console;
	EndpointKey key;

	if (session->developer && !auth_is_developer(request))
		endpoint->raise(DYN_UNRECOGNIZED_CLIENT, "Developer mode is off, or not for this request.");
	if (session->key_id[0] != '\0')
	{
		if (!endpoint->find_key(session->key_id, &key) || !is_same_key(session, &key))
			endpoint->raise(DYN_UNRECOGNIZED_CLIENT, "The access key is not what it was when its user signed in.");
		auth_take_key(request, caller, session->key_id, &key);
	}
	else if (session->role != database_owner())
		endpoint->raise(DYN_UNRECOGNIZED_CLIENT, "The database has another owner.");
}

/* Whether an error says that a session may not go on, and not that this was not to be found out now. */
static bool
is_over(int sqlstate)
{
	return sqlstate == endpoint->sqlstate(DYN_UNRECOGNIZED_CLIENT) || sqlstate == endpoint->sqlstate(DYN_EXPIRED_TOKEN);
}

Oid
console_role(const HttpRequest *request, Caller *caller)
{
	PG_TRY();
	{
		check_session(request, caller);
	}
	PG_CATCH();
	{
		if (is_over(geterrcode()))
			console_session_end(request->console);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return request->console->role;
}

/* What the page is told of the session, or that there is none. */
static void
describe_session(HttpRequest *request)
{
	StringInfo	out = &request->response;
	const ConsoleSession *session = request->console;

	resetStringInfo(out);
	appendStringInfoString(out, "{\"Region\":");
	escape_json(out, GetConfigOption("dynapg.region", false, false));
	appendStringInfo(out, ",\"DeveloperMode\":%s", auth_is_developer(request) ? "true" : "false");
	if (session != NULL)
	{
		appendStringInfoString(out, ",\"Role\":");
		escape_json(out, GetUserNameFromId(session->role, false));
		appendStringInfoString(out, ",\"AccessKeyId\":");
		escape_json(out, session->key_id);
		appendStringInfoString(out, ",\"Database\":");
		escape_json(out, endpoint_worker->database);
		appendStringInfo(out, ",\"Writes\":%s,\"Standby\":%s,\"Proof\":", session->writes ? "true" : "false",
						 RecoveryInProgress() ? "true" : "false");
		escape_json(out, console_session_proof(request));
	}
	appendStringInfoChar(out, '}');
}

static void
describe_in_transaction(HttpRequest *request, Caller *caller)
{
	if (request->console != NULL)
		(void) console_role(request, caller);
	describe_session(request);
}

static void
respond_unavailable(HttpRequest *request)
{
	refuse(request, 503, "The server cannot look at this now.\n");
}

/* A page that has just been loaded asks who is signed in. */
static void
answer_session(HttpRequest *request)
{
	request->console = console_session_find(request);
	request->status = 200;
	if (protocol_in_transaction(request, describe_in_transaction))
		return;
	if (request->status >= 500)
	{
		respond_unavailable(request);
		return;
	}
	request->console = NULL;
	request->cookie = console_forget_cookie(request);
	request->status = 200;
	if (!protocol_in_transaction(request, describe_in_transaction))
		respond_unavailable(request);
}

/* The request is signed as one of an SDK's is; its target and path are signed, so that it can be nothing else. */
static void
sign_in(HttpRequest *request, Caller *caller)
{
	ConsoleSession session = {.developer = auth_is_developer(request)};
	EndpointKey key;
	const char *name;

	session.role = auth_role(request, caller);
	if (caller->access_key_id != NULL)
	{
		if (strlen(caller->access_key_id) >= sizeof(session.key_id) || !endpoint->find_key(caller->access_key_id, &key))
			endpoint->raise(DYN_UNRECOGNIZED_CLIENT, "");
		strlcpy(session.key_id, caller->access_key_id, sizeof(session.key_id));
		sigv4_hash(key.secret, strlen(key.secret), session.key_digest);
		explicit_bzero(key.secret, strlen(key.secret));
	}
	name = GetUserNameFromId(session.role, false);
	console_session_begin(request, &session);
	ereport(LOG, (errmsg("dynapg console: role \"%s\" has signed in from %s", name, caller->source_ip ? caller->source_ip : "-")));
	resetStringInfo(&request->response);
	appendStringInfoString(&request->response, "{}");
}

/* Whatever was wrong is the same to whoever asks. */
static void
answer_sign_in(HttpRequest *request)
{
	const char *claimed = auth_claimed_key(request);
	const char *key_id = claimed ? claimed : "";

	/* that a large body was let in for the sake of a session is none of the signature's */
	request->console = NULL;
	request->retry_after = console_wait(request, key_id);
	if (request->retry_after > 0)
	{
		refuse(request, 429, "Too many sign-ins have failed. Please wait.\n");
		return;
	}
	/* presigned URLs are passed on; nobody is to sign in by one */
	if (request_header(request, "Authorization") != NULL || auth_is_developer(request))
	{
		request->status = 200;
		if (protocol_in_transaction(request, sign_in))
			return;
	}
	request->cookie = NULL;
	if (request->status >= 500)
	{
		respond_unavailable(request);
		return;
	}
	console_count_failure(request, key_id);
	refuse(request, 403, "The access key, its secret or its session token is wrong, or its role may not sign in.\n");
}

static void
answer_text(HttpRequest *request, const char *json)
{
	protocol_respond(request, 200, JSON_TYPE, json);
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

/* Of the console's own, for who is signed in; false as for protocol_answer(). */
static bool
answer_signed_in(HttpRequest *request, const char *name)
{
	if (strcmp(name, "SignOut") == 0)
	{
		console_session_end(request->console);
		request->cookie = console_forget_cookie(request);
		answer_text(request, "{}");
	}
	else if (strcmp(name, "AllowWrites") == 0 || strcmp(name, "RefuseWrites") == 0)
	{
		console_session_allow_writes(request->console, name[0] == 'A');
		answer_text(request, "{}");
	}
	else
	{
		request->view = console_find_view(name);
		if (request->view != NULL)
			return protocol_answer_operation(request);
		refuse(request, 404, "Not found\n");
	}
	return true;
}

/* A page has asked for something. */
static bool
answer_api(HttpRequest *request)
{
	const char *target = request_header(request, "X-Amz-Target");
	bool		is_own = target != NULL && strncmp(target, TARGET, strlen(TARGET)) == 0;
	const char *name = is_own ? target + strlen(TARGET) : "";

	if (strcmp(name, "Session") == 0)
		answer_session(request);
	else if (strcmp(name, "SignIn") == 0)
		answer_sign_in(request);
	else if (!admit(request))
		return true;
	else if (is_own)
		return answer_signed_in(request, name);
	else
		return protocol_answer_operation(request);
	return true;
}

bool
console_answer(HttpRequest *request)
{
	size_t		len;
	const char *path = request_path(request, &len);

	if (!is_sound(request))
		return true;
	if (strcmp(request->method, "POST") == 0)
		return answer_api(request);
	if (!console_file(request, path + strlen(PATH), len - strlen(PATH)))
		refuse(request, 404, "Not found\n");
	return true;
}
