/*
 * sign.c
 *		Signature Version 4 for requests that leave the server.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "out/sign.h"

/* The host as the Host header has it: with a port that is not the scheme's. */
static char *
host_of(const char *url, const char **path)
{
	const char *host = strstr(url, "://");
	size_t		len;
	const char *default_port = pg_strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";

	if (host == NULL)
		elog(ERROR, "the URL of a request has no host");
	host += 3;
	len = strcspn(host, "/?#");
	*path = host + len;
	if (len > strlen(default_port) && strncmp(host + len - strlen(default_port), default_port, strlen(default_port)) == 0)
		len -= strlen(default_port);
	return pnstrdup(host, len);
}

static int
compare_names(const void *a, const void *b)
{
	return pg_strcasecmp(((const Sigv4Header *) a)->name, ((const Sigv4Header *) b)->name);
}

/* The names of headers, sorted, in small letters. */
static char *
names_of(const Sigv4Header *headers, int n_headers)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < n_headers; i++)
	{
		if (i > 0)
			appendStringInfoChar(&names, ';');
		for (const char *c = headers[i].name; *c; c++)
			appendStringInfoChar(&names, pg_ascii_tolower((unsigned char) *c));
	}
	return names.data;
}

static void
add_header(FetchRequest *request, const char *name, const char *value)
{
	Sigv4Header *header = (Sigv4Header *) &request->headers[request->n_headers++];

	header->name = name;
	header->value = value;
}

/* The headers of a request with those that belong to a signature, but for the signature itself. */
static void
complete_headers(FetchRequest *request, const SignKey *key, const char *host, const char *time, const char *body_hash)
{
	Sigv4Header *headers = (Sigv4Header *) palloc((request->n_headers + 5) * sizeof(Sigv4Header));

	memcpy(headers, request->headers, request->n_headers * sizeof(Sigv4Header));
	request->headers = headers;
	add_header(request, "Host", host);
	add_header(request, "X-Amz-Date", time);
	if (strcmp(key->service, "s3") == 0)
		add_header(request, "X-Amz-Content-Sha256", body_hash);
	if (key->session_token != NULL)
		add_header(request, "X-Amz-Security-Token", key->session_token);
	qsort(headers, request->n_headers, sizeof(Sigv4Header), compare_names);
}

void
sign_request(FetchRequest *request, const SignKey *key, const char *body_hash)
{
	pg_time_t	now = timestamptz_to_time_t(GetCurrentTimestamp());
	const char *path;
	char	   *host = host_of(request->url, &path);
	Sigv4Query	query = sigv4_query(path);
	Sigv4Claim	claim = {.region = unconstify(char *, key->region), .service = unconstify(char *, key->service)};
	Sigv4Request signed_request = {.method = request->method, .path = path, .path_len = strcspn(path, "?#")};
	char	   *hash = (char *) palloc(SIGV4_HASH_LENGTH + 1);
	char		signature[SIGV4_SIGNATURE_LENGTH + 1];

	if (body_hash != NULL)
		strlcpy(hash, body_hash, SIGV4_HASH_LENGTH + 1);
	else
		sigv4_hash(request->body ? request->body : "", request->body ? request->body_len : 0, hash);
	pg_strftime(claim.time, sizeof(claim.time), "%Y%m%dT%H%M%SZ", pg_gmtime(&now));
	claim.date = pnstrdup(claim.time, 8);
	complete_headers(request, key, host, pstrdup(claim.time), hash);
	claim.signed_headers = names_of(request->headers, request->n_headers);
	if (signed_request.path_len == 0)
	{
		signed_request.path = "/";
		signed_request.path_len = 1;
	}
	signed_request.headers = request->headers;
	signed_request.n_headers = request->n_headers;
	signed_request.body_hash = hash;
	sigv4_sign(&signed_request, &query, &claim, key->secret_access_key, signature);
	add_header(request, "Authorization",
			   psprintf(SIGV4_ALGORITHM " Credential=%s/%s/%s/%s/" SIGV4_TERMINATOR ", SignedHeaders=%s, Signature=%s",
						key->access_key_id, claim.date, claim.region, claim.service, claim.signed_headers, signature));
}
