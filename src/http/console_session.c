/*
 * console_session.c
 *		Who is signed in to the console: cookies, sessions in shared memory, and sign-ins that have failed.
 *
 * The cookie is 256 random bits, of which shared memory has a hash.  The proof, which a page of ours sends in a header of its own (no other
 * origin's page can), is another hash of them: it is good for one cookie only, and tells nothing of it.
 */
#include "postgres.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#include "base/hex.h"
#include "http/console.h"

#define TOKEN_BYTES 32
#define LONGEST (12 * SECS_PER_HOUR)	/* seconds that a session lasts, however much it is used */
#define SESSIONS_OF_A_ROLE 16

/* So many sign-ins may fail at once, and then one in so many seconds. */
#define FAILURES 10
#define FAILURE_PAUSE 6
#define PLACES 8				/* where what is counted of one may be */

/* ------------------------------------------------------------------------------------------------------------
 * Cookies
 * ------------------------------------------------------------------------------------------------------------ */

/* Cookies are a host's, whatever its ports: consoles of several databases are told apart by the name. */
static char *
cookie_name(const HttpRequest *request)
{
	return psprintf("%sdynapg_console_%d", console_is_secure(request) ? "__Secure-" : "", endpoint_worker->port);
}

/* The first cookie of the name that looks like a token, hexadecimal digits; NULL if there is none. */
static char *
read_cookie(const HttpRequest *request)
{
	const char *pair = request_header(request, "Cookie");
	char	   *name = cookie_name(request);
	size_t		name_len = strlen(name);

	while (pair != NULL && *pair)
	{
		size_t		len;

		pair += strspn(pair, "; \t");
		len = strcspn(pair, "; \t");
		if (len == name_len + 1 + TOKEN_BYTES * 2 && strncmp(pair, name, name_len) == 0 && pair[name_len] == '=' &&
			strspn(pair + name_len + 1, "0123456789abcdef") >= TOKEN_BYTES * 2)
			return pnstrdup(pair + name_len + 1, TOKEN_BYTES * 2);
		pair += strcspn(pair, ";");
	}
	return NULL;
}

/* Two hashes of a token that do not tell one another. */
static void
hash_token(const char *what, const char *token, char hex[ENDPOINT_DIGEST_SIZE])
{
	char	   *text = psprintf("dynapg console %s %s", what, token);

	sigv4_hash(text, strlen(text), hex);
	explicit_bzero(text, strlen(text));
	pfree(text);
}

static const char *
cookie_of(const HttpRequest *request, const char *value, const char *more)
{
	return psprintf("%s=%s; Path=/console; HttpOnly; SameSite=Strict%s%s", cookie_name(request), value,
					console_is_secure(request) ? "; Secure" : "", more);
}

const char *
console_forget_cookie(HttpRequest *request)
{
	return cookie_of(request, "", "; Max-Age=0");
}

const char *
console_session_proof(const HttpRequest *request)
{
	char	   *token = read_cookie(request);
	char	   *hex = (char *) palloc(ENDPOINT_DIGEST_SIZE);

	if (token == NULL)
		return NULL;
	hash_token("proof", token, hex);
	return hex;
}

/* ------------------------------------------------------------------------------------------------------------
 * Sessions
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_over(const ConsoleSession *session, TimestampTz now)
{
	return now - session->used_at > endpoint->settings->console_timeout * USECS_PER_SEC ||
		now - session->signed_in_at > LONGEST * USECS_PER_SEC;
}

/* The place of a session of this database; the lock is held.  It looks at all of them, so that the time does not tell where it was. */
static ConsoleSession *
find_place(const char *token_digest)
{
	ConsoleSession *found = NULL;

	for (int i = 0; i < ENDPOINT_CONSOLE_SESSIONS; i++)
	{
		ConsoleSession *place = &endpoint->shared->console_sessions[i];

		if (auth_digests_equal(place->token_digest, token_digest) && place->database == MyDatabaseId)
			found = place;
	}
	return found;
}

ConsoleSession *
console_session_find(const HttpRequest *request)
{
	char	   *token = read_cookie(request);
	char		digest[ENDPOINT_DIGEST_SIZE];
	ConsoleSession *session;
	ConsoleSession *place;
	bool		found = false;
	TimestampTz now = GetCurrentTimestamp();

	if (token == NULL)
		return NULL;
	session = (ConsoleSession *) palloc(sizeof(ConsoleSession));
	hash_token("session", token, digest);
	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	place = find_place(digest);
	if (place != NULL && is_over(place, now))
		memset(place, 0, sizeof(*place));
	else if (place != NULL)
	{
		found = true;
		place->used_at = now;
		*session = *place;
	}
	LWLockRelease(endpoint->shared->console_lock);
	return found ? session : NULL;
}

/*
 * Where a new session goes: to a free place, or in the stead of the one that has rested for the longest time, of the same role if that has
 * many: nobody signs out others by signing in again and again.  The lock is held.
 */
static ConsoleSession *
choose_place(Oid role, TimestampTz now)
{
	ConsoleSession *oldest = NULL;
	ConsoleSession *oldest_own = NULL;
	int			own = 0;

	for (int i = 0; i < ENDPOINT_CONSOLE_SESSIONS; i++)
	{
		ConsoleSession *place = &endpoint->shared->console_sessions[i];

		if (place->token_digest[0] != '\0' && is_over(place, now))
			memset(place, 0, sizeof(*place));
		if (oldest == NULL || place->used_at < oldest->used_at)
			oldest = place;
		if (place->role != role || place->database != MyDatabaseId)
			continue;
		own++;
		if (oldest_own == NULL || place->used_at < oldest_own->used_at)
			oldest_own = place;
	}
	return own >= SESSIONS_OF_A_ROLE ? oldest_own : oldest;
}

void
console_session_begin(HttpRequest *request, ConsoleSession *session)
{
	uint8		random[TOKEN_BYTES];
	char		token[TOKEN_BYTES * 2 + 1];

	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not generate random values");
	hex_write(token, random, TOKEN_BYTES);
	hash_token("session", token, session->token_digest);
	session->database = MyDatabaseId;
	session->signed_in_at = session->used_at = GetCurrentTimestamp();
	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	*choose_place(session->role, session->used_at) = *session;
	LWLockRelease(endpoint->shared->console_lock);
	request->cookie = MemoryContextStrdup(request->context, cookie_of(request, token, ""));
	explicit_bzero(random, sizeof(random));
	explicit_bzero(token, sizeof(token));
}

void
console_session_end(const ConsoleSession *session)
{
	ConsoleSession *place;

	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	place = find_place(session->token_digest);
	if (place != NULL)
		memset(place, 0, sizeof(*place));
	LWLockRelease(endpoint->shared->console_lock);
}

void
console_session_allow_writes(const ConsoleSession *session, bool writes)
{
	ConsoleSession *place;

	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	place = find_place(session->token_digest);
	if (place != NULL)
		place->writes = writes;
	LWLockRelease(endpoint->shared->console_lock);
}

/* ------------------------------------------------------------------------------------------------------------
 * Sign-ins that have failed
 * ------------------------------------------------------------------------------------------------------------ */

static uint64
hash_whom(const void *bytes, size_t len, uint64 kind)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) bytes, (int) len, endpoint->shared->console_seed + kind);

	return hash != 0 ? hash : 1;
}

/* An address; of IPv6 the first half, which one subscriber has to himself. */
static uint64
hash_address(const HttpRequest *request)
{
	const union MHD_ConnectionInfo *peer = MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = peer ? peer->client_addr : NULL;

	if (address != NULL && address->sa_family == AF_INET)
		return hash_whom(&((const struct sockaddr_in *) address)->sin_addr, sizeof(struct in_addr), 1);
	if (address != NULL && address->sa_family == AF_INET6)
	{
		const struct in6_addr *ip = &((const struct sockaddr_in6 *) address)->sin6_addr;

		if (IN6_IS_ADDR_V4MAPPED(ip))
			return hash_whom(&ip->s6_addr[12], sizeof(struct in_addr), 1);
		return hash_whom(ip, 8, 2);
	}
	return hash_whom("", 0, 3);
}

/* What is counted of one, or where it would be: in the stead of what has rested for the longest time.  The lock is held. */
static ConsoleFailures *
failures_of(uint64 whom, TimestampTz now)
{
	ConsoleFailures *set = &endpoint->shared->console_failures[whom % (ENDPOINT_CONSOLE_FAILURES / PLACES) * PLACES];
	ConsoleFailures *place = &set[0];

	for (int i = 0; i < PLACES; i++)
		if (set[i].whom == whom)
		{
			place = &set[i];
			place->count = Max(0, place->count - (double) (now - place->at) / (FAILURE_PAUSE * USECS_PER_SEC));
			place->at = now;
			return place;
		}
	for (int i = 1; i < PLACES; i++)
		if (set[i].at < place->at)
			place = &set[i];
	place->whom = whom;
	place->count = 0;
	place->at = now;
	return place;
}

/* Seconds until somebody's next try; the lock is held. */
static int
wait_of(uint64 whom, TimestampTz now)
{
	double		count = failures_of(whom, now)->count;

	return count + 1 > FAILURES ? (int) ((count + 1 - FAILURES) * FAILURE_PAUSE) + 1 : 0;
}

/* The key is looked at after the address: nobody pushes what is counted of others out by naming many keys. */
int
console_wait(const HttpRequest *request, const char *key_id)
{
	TimestampTz now = GetCurrentTimestamp();
	int			wait;

	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	wait = wait_of(hash_address(request), now);
	if (wait == 0)
		wait = wait_of(hash_whom(key_id, strlen(key_id), 0), now);
	LWLockRelease(endpoint->shared->console_lock);
	return wait;
}

void
console_count_failure(const HttpRequest *request, const char *key_id)
{
	uint64		whom[] = {hash_address(request), hash_whom(key_id, strlen(key_id), 0)};

	LWLockAcquire(endpoint->shared->console_lock, LW_EXCLUSIVE);
	for (int i = 0; i < lengthof(whom); i++)
		failures_of(whom[i], GetCurrentTimestamp())->count += 1;
	LWLockRelease(endpoint->shared->console_lock);
}
