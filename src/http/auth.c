/*
 * auth.c
 *		Who sent a request: Signature Version 4, the access key's role and session, and developer mode.
 *
 * The stages and their messages are the service's, in its order; the first that fails is the answer.  A secret never gets into a
 * message or a log.  The arithmetic is in base/sigv4.c.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "base/compat.h"
#include "base/database.h"
#include "base/error.h"
#include "http/console.h"
#include "http/http.h"

#define MAX_SKEW (15 * SECS_PER_MINUTE)
#define MAX_EXPIRES (7 * SECS_PER_DAY)

#define UNKNOWN_CLIENT "The security token included in the request is invalid."
#define FOREIGN_TOKEN "The security token included in the request is invalid"	/* no full stop */
#define EXPIRED_TOKEN "The security token included in the request is expired"
#define WRONG_SIGNATURE "The request signature we calculated does not match the signature you provided. " \
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

/* Raises one of the service's exceptions. */
static _Noreturn void
refuse(DynException exception, const char *message)
{
	endpoint->raise(exception, message);
	pg_unreachable();
}

/* What a client sent, as it may stand in a message: headers may have bytes that no encoding takes. */
static char *
printable(const char *text)
{
	char	   *copy = pstrdup(text);

	for (char *c = copy; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return copy;
}

/* ------------------------------------------------------------------------------------------------------------
 * What the request claims
 * ------------------------------------------------------------------------------------------------------------ */

/* The value of "name=value" among the Authorization header's parts, which commas or blanks separate; NULL if missing or empty. */
static char *
authorization_part(const char *header, const char *name)
{
	size_t		name_len = strlen(name);
	const char *part = header + strcspn(header, ", ");

	while (*part)
	{
		size_t		len;

		part += strspn(part, ", \t");
		len = strcspn(part, ", \t");
		if (len > name_len + 1 && strncmp(part, name, name_len) == 0 && part[name_len] == '=')
			return pnstrdup(part + name_len + 1, len - name_len - 1);
		part += len;
	}
	return NULL;
}

static const char *
none_if_empty(const char *value)
{
	return value == NULL || value[0] == '\0' ? NULL : value;
}

/* From the header; sets *time to what it says the time is. */
static void
claim_from_header(const HttpRequest *request, const char *header, Sigv4Claim *claim, const char **time)
{
	StringInfoData missing;

	claim->algorithm = pnstrdup(header, strcspn(header, ", \t"));
	claim->credential = authorization_part(header, "Credential");
	claim->signature = authorization_part(header, "Signature");
	claim->signed_headers = authorization_part(header, "SignedHeaders");
	*time = none_if_empty(request_header(request, "X-Amz-Date"));
	if (*time == NULL)
		*time = none_if_empty(request_header(request, "Date"));

	initStringInfo(&missing);
	if (claim->credential == NULL)
		appendStringInfoString(&missing, "Authorization header requires 'Credential' parameter. ");
	if (claim->signature == NULL)
		appendStringInfoString(&missing, "Authorization header requires 'Signature' parameter. ");
	if (claim->signed_headers == NULL)
		appendStringInfoString(&missing, "Authorization header requires 'SignedHeaders' parameter. ");
	if (*time == NULL)
		appendStringInfoString(&missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
	if (missing.len > 0)
	{
		appendStringInfo(&missing, "Authorization=%s", printable(header));
		refuse(DYN_INCOMPLETE_SIGNATURE, missing.data);
	}
}

static const char *
require_parameter(const Sigv4Query *query, const char *name, StringInfo missing)
{
	const char *value = none_if_empty(sigv4_parameter(query, name));

	if (value == NULL)
		appendStringInfo(missing, "AWS query-string parameters must include '%s'. ", name);
	return value;
}

/* From the query string: a presigned request. */
static void
claim_from_query(const Sigv4Query *query, Sigv4Claim *claim, const char **time)
{
	StringInfoData missing;

	initStringInfo(&missing);
	claim->algorithm = require_parameter(query, "X-Amz-Algorithm", &missing);
	claim->credential = require_parameter(query, "X-Amz-Credential", &missing);
	claim->signature = require_parameter(query, "X-Amz-Signature", &missing);
	claim->signed_headers = require_parameter(query, "X-Amz-SignedHeaders", &missing);
	*time = require_parameter(query, "X-Amz-Date", &missing);
	if (missing.len > 0)
	{
		appendStringInfoString(&missing, "Re-examine the query-string parameters.");
		refuse(DYN_INCOMPLETE_SIGNATURE, missing.data);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Time
 * ------------------------------------------------------------------------------------------------------------ */

/* Seconds since 1970; false if there is no such time. */
static bool
make_time(int year, int month, int day, int hour, int minute, int second, pg_time_t *time)
{
	if (year < 1970 || month < 1 || month > MONTHS_PER_YEAR || day < 1 || day > day_tab[isleap(year)][month - 1] ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	*time = (pg_time_t) (date2j(year, month, day) - UNIX_EPOCH_JDATE) * SECS_PER_DAY +
		hour * SECS_PER_HOUR + minute * SECS_PER_MINUTE + second;
	return true;
}

static int
two_digits(const char *digits)
{
	return (digits[0] - '0') * 10 + digits[1] - '0';
}

/* 20130609T095204Z */
static bool
parse_basic_time(const char *text, pg_time_t *time)
{
	static const char pattern[] = "00000000T000000Z";

	if (strlen(text) != strlen(pattern))
		return false;
	for (int i = 0; pattern[i]; i++)
		if (pattern[i] == '0' ? !isdigit((unsigned char) text[i]) : text[i] != pattern[i])
			return false;
	return make_time(two_digits(text) * 100 + two_digits(text + 2), two_digits(text + 4), two_digits(text + 6),
					 two_digits(text + 9), two_digits(text + 11), two_digits(text + 13), time);
}

/* Sun, 09 Jun 2013 09:52:04 GMT, which is what a Date header has otherwise. */
static bool
parse_http_time(const char *text, pg_time_t *time)
{
	char		month_name[4];
	char		zone[6];
	int			day,
				year,
				hour,
				minute,
				second,
				end = 0;

	if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %5[A-Z0-9+-]%n",
			   &day, month_name, &year, &hour, &minute, &second, zone, &end) != 7 || text[end] != '\0')
		return false;
	if (strcmp(zone, "GMT") != 0 && strcmp(zone, "UTC") != 0 && strcmp(zone, "+0000") != 0 && strcmp(zone, "-0000") != 0)
		return false;
	for (int month = 0; month < MONTHS_PER_YEAR; month++)
		if (pg_strcasecmp(months[month], month_name) == 0)
			return make_time(year, month + 1, day, hour, minute, second, time);
	return false;
}

static char *
format_time(pg_time_t time)
{
	char	   *text = (char *) palloc(32);

	pg_strftime(text, 32, "%Y%m%dT%H%M%SZ", pg_gmtime(&time));
	return text;
}

/* How long a presigned request is good for, in seconds. */
static int
expires_in(const Sigv4Query *query)
{
	const char *text = sigv4_parameter(query, "X-Amz-Expires");
	char	   *end;
	long		seconds;

	if (text == NULL)
		return MAX_SKEW;
	errno = 0;
	seconds = strtol(text, &end, 10);
	if (!isdigit((unsigned char) text[0]) || *end != '\0' || errno != 0 || seconds > MAX_EXPIRES)
		refuse(DYN_INCOMPLETE_SIGNATURE,
			   psprintf("X-Amz-Expires must be a number of seconds from 0 to %d. Re-examine the query-string parameters.",
						MAX_EXPIRES));
	return seconds;
}

static char *
format_seconds(int seconds)
{
	return seconds % SECS_PER_MINUTE == 0 ? psprintf("%d min.", seconds / SECS_PER_MINUTE) : psprintf("%d sec.", seconds);
}

/* Not more than a quarter of an hour from our own clock, or, presigned, as long as it says. */
static void
check_time(Sigv4Claim *claim, const char *given, int lifetime)
{
	pg_time_t	now = timestamptz_to_time_t(GetCurrentTimestamp());
	pg_time_t	time;

	if (!parse_basic_time(given, &time) && !parse_http_time(given, &time))
		refuse(DYN_INCOMPLETE_SIGNATURE,
			   psprintf("Date must be in ISO-8601 'basic format'. Got '%s'. See http://en.wikipedia.org/wiki/ISO_8601",
						printable(given)));
	strlcpy(claim->time, format_time(time), sizeof(claim->time));
	if (time < now - lifetime)
		refuse(DYN_INVALID_SIGNATURE,
			   psprintf("Signature expired: %s is now earlier than %s (%s - %s)",
						claim->time, format_time(now - lifetime), format_time(now), format_seconds(lifetime)));
	if (time > now + MAX_SKEW)
		refuse(DYN_INVALID_SIGNATURE,
			   psprintf("Signature not yet current: %s is still later than %s (%s + %s)",
						claim->time, format_time(now + MAX_SKEW), format_time(now), format_seconds(MAX_SKEW)));
}

/* ------------------------------------------------------------------------------------------------------------
 * The other parts of the claim
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a header is in a list a;b;c. */
static bool
is_signed(const char *signed_headers, const char *name)
{
	for (const char *given = signed_headers; *given;)
	{
		size_t		len = strcspn(given, ";");

		if (len == strlen(name) && pg_strncasecmp(given, name, len) == 0)
			return true;
		given += len;
		if (*given == ';')
			given++;
	}
	return false;
}

/* keyid/date/region/service/term */
static void
split_credential(Sigv4Claim *claim)
{
	char	  **const parts[] = {&claim->key_id, &claim->date, &claim->region, &claim->service, &claim->terminator};
	const char *rest = claim->credential;

	for (int i = 0; i < lengthof(parts); i++)
	{
		size_t		len = strcspn(rest, "/");
		bool		last = i == lengthof(parts) - 1;

		if (rest[len] != (last ? '\0' : '/'))
			refuse(DYN_INCOMPLETE_SIGNATURE,
				   psprintf("Credential must have exactly 5 slash-delimited elements, e.g. "
							"keyid/date/region/service/term, got '%s'", printable(claim->credential)));
		*parts[i] = pnstrdup(rest, len);
		rest += len + !last;
	}
}

static void
check_scope(const HttpRequest *request, const Sigv4Claim *claim)
{
	const char *service = dialect_service(request);
	StringInfoData wrong;

	initStringInfo(&wrong);
	if (strcmp(claim->region, GetConfigOption("dynapg.region", false, false)) != 0)
		appendStringInfoString(&wrong, "Credential should be scoped to a valid region. ");
	if (strcmp(claim->service, service) != 0)
		appendStringInfo(&wrong, "Credential should be scoped to correct service: '%s'. ", service);
	if (strcmp(claim->terminator, SIGV4_TERMINATOR) != 0)
		appendStringInfo(&wrong, "Credential should be scoped with a valid terminator: '%s', not '%s'. ",
						 SIGV4_TERMINATOR, printable(claim->terminator));
	if (strlen(claim->date) != 8 || strncmp(claim->date, claim->time, 8) != 0)
		appendStringInfo(&wrong, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
						 "'%s' != '%.8s', from '%s'. ", printable(claim->date), claim->time, claim->time);
	/* the blank at its end belongs to the message */
	if (wrong.len > 0)
		refuse(DYN_INVALID_SIGNATURE, wrong.data);
}

bool
auth_digests_equal(const char *given, const char *expected)
{
	unsigned char difference = 0;

	if (strlen(given) != SIGV4_HASH_LENGTH)
		return false;
	for (int i = 0; i < SIGV4_HASH_LENGTH; i++)
		difference |= (unsigned char) (given[i] ^ expected[i]);
	return difference == 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Roles
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a role could connect to this database now. */
static bool
may_connect(Oid role)
{
	HeapTuple	tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
	Datum		valid_until;
	bool		isnull;
	bool		may;

	if (!HeapTupleIsValid(tuple))
		return false;
	valid_until = SysCacheGetAttr(AUTHOID, tuple, Anum_pg_authid_rolvaliduntil, &isnull);
	may = ((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin &&
		(isnull || DatumGetTimestampTz(valid_until) >= GetCurrentTimestamp());
	ReleaseSysCache(tuple);
	return may && compat_database_aclcheck(MyDatabaseId, role, ACL_CONNECT) == ACLCHECK_OK;
}

/* Whether the client is on this machine. */
static bool
is_loopback(const HttpRequest *request)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(request->connection,
																   MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	if (address == NULL)
		return false;
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *) address)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (address->sa_family == AF_INET6)
	{
		const struct in6_addr *ip = &((const struct sockaddr_in6 *) address)->sin6_addr;

		return IN6_IS_ADDR_LOOPBACK(ip) || (IN6_IS_ADDR_V4MAPPED(ip) && ip->s6_addr[12] == IN_LOOPBACKNET);
	}
	return false;
}

/* What is not told before who asks has shown that he has the key: that its session is over, that its role may not connect. */
static void
check_key_is_good(const EndpointKey *key)
{
	if (key->session != NULL && GetCurrentTimestamp() >= key->session->expires_at)
		refuse(DYN_EXPIRED_TOKEN, EXPIRED_TOKEN);
	if (!may_connect(key->role))
		refuse(DYN_UNRECOGNIZED_CLIENT, UNKNOWN_CLIENT);
}

/* Outlives the transaction: the audit asks after it. */
static void
tell_caller(const HttpRequest *request, Caller *caller, const char *key_id, const EndpointKey *key)
{
	caller->access_key_id = MemoryContextStrdup(request->context, key_id);
	caller->session = key->session;
}

void
auth_take_key(const HttpRequest *request, Caller *caller, const char *key_id, const EndpointKey *key)
{
	tell_caller(request, caller, key_id, key);
	check_key_is_good(key);
}

/*
 * Developer mode: the role of the key that the request names, whether it knows secret and token or not, or else the database's owner.  A session's
 * key narrows him, too.
 */
static Oid
developer_role(const HttpRequest *request, const Sigv4Query *query, Caller *caller)
{
	const char *header = none_if_empty(request_header(request, "Authorization"));
	const char *credential = header ? authorization_part(header, "Credential") : sigv4_parameter(query, "X-Amz-Credential");
	char	   *key_id = credential ? pnstrdup(credential, strcspn(credential, "/")) : NULL;
	EndpointKey key;

	if (key_id == NULL || !endpoint->find_key(key_id, &key))
		return database_owner();
	auth_take_key(request, caller, key_id, &key);
	return key.role;
}

/*
 * Whether a request from this machine was made for somebody else: by a web page of another host in a browser here, or through a
 * proxy.  Developer mode is not for these.
 */
static bool
comes_from_elsewhere(const HttpRequest *request)
{
	static const char *const hosts[] = {"://localhost", "://127.0.0.1", "://[::1]"};
	const char *origin = request_header(request, "Origin");
	const char *host = origin != NULL ? strstr(origin, "://") : NULL;

	if (request_header(request, "X-Forwarded-For") != NULL || request_header(request, "Forwarded") != NULL ||
		request_header(request, "Via") != NULL)
		return true;
	if (origin == NULL)
		return false;
	for (int i = 0; host != NULL && i < lengthof(hosts); i++)
		if (strncmp(host, hosts[i], strlen(hosts[i])) == 0 && strchr(":", host[strlen(hosts[i])]) != NULL)
			return false;
	return true;
}

bool
auth_is_developer(const HttpRequest *request)
{
	return endpoint->settings->developer_mode && is_loopback(request) && !comes_from_elsewhere(request);
}

/* Checks what a request says of its signature, up to the signature itself.  Sets what that is to be computed from, and its key. */
static void
check_claim(const HttpRequest *request, const Sigv4Query *query, Sigv4Claim *claim, EndpointKey *key)
{
	const char *header = none_if_empty(request_header(request, "Authorization"));
	bool		presigned = sigv4_parameter(query, "X-Amz-Algorithm") != NULL;
	const char *time;

	if (header != NULL && presigned)
		refuse(DYN_INVALID_SIGNATURE,
			   "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
	if (presigned)
		claim_from_query(query, claim, &time);
	else if (header != NULL && strncmp(header, "AWS4-", 5) == 0)
		claim_from_header(request, header, claim, &time);
	else
		refuse(DYN_MISSING_AUTHENTICATION_TOKEN, "Request is missing Authentication Token");
	check_time(claim, time, presigned ? expires_in(query) : MAX_SKEW);
	if (!is_signed(claim->signed_headers, "host"))
		refuse(DYN_INVALID_SIGNATURE, "'Host' must be a 'SignedHeader' in the AWS Authorization.");
	/* else whoever has seen a DescribeTable could send it again as a DeleteTable */
	if (request_header(request, "X-Amz-Target") != NULL ? !is_signed(claim->signed_headers, "x-amz-target") : request->dialect == DIALECT_DYNAMODB)
		refuse(DYN_INVALID_SIGNATURE, "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
	if (strcmp(claim->algorithm, SIGV4_ALGORITHM) != 0)
		refuse(DYN_INCOMPLETE_SIGNATURE,
			   psprintf("Unsupported AWS 'algorithm': '%s' (only %s for now). ", printable(claim->algorithm), SIGV4_ALGORITHM));
	split_credential(claim);
	check_scope(request, claim);
	if (!endpoint->find_key(claim->key_id, key))
		refuse(DYN_UNRECOGNIZED_CLIENT, UNKNOWN_CLIENT);
}

const char *
auth_claimed_key(const HttpRequest *request)
{
	const char *header = none_if_empty(request_header(request, "Authorization"));
	Sigv4Query	query = sigv4_query(request->uri);
	const char *credential = header ? authorization_part(header, "Credential") : sigv4_parameter(&query, "X-Amz-Credential");

	return credential != NULL && credential[0] != '\0' ? pnstrdup(credential, strcspn(credential, "/")) : NULL;
}

void
auth_check_sender(const HttpRequest *request)
{
	Sigv4Query	query = sigv4_query(request->uri);
	Sigv4Claim	claim = {0};
	EndpointKey key;

	if (auth_is_developer(request))
		return;
	check_claim(request, &query, &claim, &key);
	explicit_bzero(key.secret, strlen(key.secret));
}

/*
 * The token goes with a session's key and with no other.  It may be signed, as SDKs do it in a header and in a presigned URL, or be added to the
 * headers afterwards: it is none without the key's secret.
 */
static void
check_token(const HttpRequest *request, const Sigv4Query *query, const EndpointKey *key)
{
	const char *tokens[] = {
		none_if_empty(request_header(request, "X-Amz-Security-Token")), none_if_empty(sigv4_parameter(query, "X-Amz-Security-Token"))
	};

	if (key->session != NULL && tokens[0] == NULL && tokens[1] == NULL)
		refuse(DYN_UNRECOGNIZED_CLIENT, UNKNOWN_CLIENT);
	for (int i = 0; i < lengthof(tokens); i++)
		if (tokens[i] != NULL && (key->session == NULL || !endpoint->is_token(key, tokens[i])))
			refuse(DYN_UNRECOGNIZED_CLIENT, FOREIGN_TOKEN);
}

/*
 * The role that a request runs as.  Must be called in a transaction; allocates in the current context.  Raises the service's
 * exceptions.
 */
Oid
auth_role(const HttpRequest *request, Caller *caller)
{
	Sigv4Query	query = sigv4_query(request->uri);
	Sigv4Claim	claim = {0};
	Sigv4Request signed_request = {
		.method = request->method,
		.headers = request->headers,
		.n_headers = request->n_headers,
		.body = request->body.data,
		.body_len = request->body.len,
	};
	EndpointKey key;
	char		signature[SIGV4_SIGNATURE_LENGTH + 1];

	signed_request.path = request_path(request, &signed_request.path_len);
	if (request->console != NULL)
		return console_role(request, caller);
	if (auth_is_developer(request))
		return developer_role(request, &query, caller);
	check_claim(request, &query, &claim, &key);
	sigv4_sign(&signed_request, &query, &claim, key.secret, signature);
	explicit_bzero(key.secret, strlen(key.secret));
	if (!auth_digests_equal(claim.signature, signature))
		refuse(DYN_INVALID_SIGNATURE, WRONG_SIGNATURE);
	/* what follows is told to who has the secret only: nobody else is to learn about keys, nor about roles */
	check_token(request, &query, &key);
	auth_take_key(request, caller, claim.key_id, &key);
	return key.role;
}
