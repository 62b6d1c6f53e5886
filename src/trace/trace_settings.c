/*
 * trace_settings.c
 *		Settings of traces.
 */
#include "postgres.h"

#include <limits.h>

#include "utils/guc.h"

#include "base/hex.h"
#include "base/url.h"
#include "trace/trace.h"
#include "trace/trace_ring.h"
#include "trace/trace_settings.h"

#define MOST_HEADERS	6
#define MOST_URL		1024

char	   *dynapg_otlp_endpoint;
char	   *dynapg_otlp_headers;
char	   *dynapg_otlp_service_name;
int			dynapg_otlp_timeout;
double		dynapg_trace_sample_ratio;
TraceContext trace_setting;

static char *traceparent;

/* ------------------------------------------------------------------------------------------------------------
 * dynapg.otlp_endpoint
 * ------------------------------------------------------------------------------------------------------------ */

/* Of a URL's path. */
static bool
is_path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/-._~%!$&'()*+,;=:@", c) != NULL;
}

/* Empty, or http[s]://host[:port][/path]; a name and a password before the host belong into the headers. */
static bool
check_endpoint(char **value, void **extra, GucSource source)
{
	char		server[MOST_URL + 1];
	const char *host = strstr(*value, "://");
	const char *path = host ? host + 3 + strcspn(host + 3, "/") : *value;

	if ((*value)[0] == '\0')
		return true;
	if (strlen(*value) <= MOST_URL)
	{
		strlcpy(server, *value, path - *value + 1);
		while (*path != '\0' && is_path_character(*path))
			path++;
		if (*path == '\0' && url_is_server(server))
			return true;
	}
	GUC_check_errdetail("It is a URL of http or https, a host, perhaps a port and a path, without a user, a query or a fragment.");
	return false;
}

static void
assign_endpoint(const char *value, void *extra)
{
	trace_is_enabled = value[0] != '\0' && trace_ring_is_there();
}

/* ------------------------------------------------------------------------------------------------------------
 * dynapg.otlp_headers
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_token_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Bounds of the next name=value, without the white space around them; false: there is none, or it is no such. */
static bool
next_bounds(const char **rest, const char **name, size_t *name_len, const char **value, size_t *value_len)
{
	const char *text = *rest + strspn(*rest, " ,");
	size_t		len = strcspn(text, ",");
	const char *sign = memchr(text, '=', len);

	*rest = text + len;
	if (sign == NULL || sign == text)
		return false;
	*name = text;
	*name_len = sign - text;
	*value = sign + 1 + strspn(sign + 1, " ");
	while (len > 0 && text[len - 1] == ' ')
		len--;
	*value_len = *value < text + len ? text + len - *value : 0;
	while (*name_len > 0 && text[*name_len - 1] == ' ')
		(*name_len)--;
	for (size_t i = 0; i < *name_len; i++)
		if (!is_token_character(text[i]))
			return false;
	for (size_t i = 0; i < *value_len; i++)
	{
		char		c = (*value)[i];

		if (c < ' ' || c > '~')
			return false;
		/* what it stands for is printable, too */
		if (c == '%')
		{
			int			high = i + 2 < *value_len ? hex_digit((*value)[i + 1]) : -1;
			int			low = high < 0 ? -1 : hex_digit((*value)[i + 2]);

			if (high < 2 || high > 7 || low < 0 || (high == 7 && low == 15))
				return false;
		}
	}
	return *name_len > 0;
}

bool
trace_next_header(const char **rest, char **name, char **value)
{
	const char *from;
	const char *text;
	size_t		name_len;
	size_t		len;
	char	   *out;

	if (!next_bounds(rest, &from, &name_len, &text, &len))
		return false;
	*name = pnstrdup(from, name_len);
	*value = out = (char *) palloc(len + 1);
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] == '%')
		{
			*out++ = hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]);
			i += 2;
		}
		else
			*out++ = text[i];
	}
	*out = '\0';
	return true;
}

static bool
check_headers(char **value, void **extra, GucSource source)
{
	const char *rest = *value;
	int			count = 0;

	while (rest[strspn(rest, " ,")] != '\0')
	{
		const char *name;
		const char *text;
		size_t		name_len;
		size_t		len;

		if (!next_bounds(&rest, &name, &name_len, &text, &len) || ++count > MOST_HEADERS)
		{
			GUC_check_errdetail("It is up to %d of name=value, separated by commas, with special characters of values as %%XX.", MOST_HEADERS);
			return false;
		}
	}
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * Others
 * ------------------------------------------------------------------------------------------------------------ */

static bool
check_traceparent(char **value, void **extra, GucSource source)
{
	TraceContext context;

	if ((*value)[0] == '\0' || trace_read_parent(*value, &context))
		return true;
	GUC_check_errdetail("It is 00-<32 digits>-<16 digits>-<2 digits>, hexadecimal in lower case, neither of the ids zero.");
	return false;
}

static void
assign_traceparent(const char *value, void *extra)
{
	(void) trace_read_parent(value, &trace_setting);
}

static bool
check_service_name(char **value, void **extra, GucSource source)
{
	size_t		len = strlen(*value);

	for (const char *c = *value; *c; c++)
		if (*c < ' ' || *c > '~')
			len = 0;
	if (len > 0 && len < 256)
		return true;
	GUC_check_errdetail("It is printable characters of ASCII, less than 256.");
	return false;
}

void
trace_define_settings(void)
{
	DefineCustomStringVariable("dynapg.otlp_endpoint",
							   "URL of the OpenTelemetry receiver that spans are sent to, by OTLP over HTTP, with /v1/traces behind it.",
							   "Empty: nothing is recorded. Needs dynapg in shared_preload_libraries.",
							   &dynapg_otlp_endpoint,
							   "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_endpoint, assign_endpoint, NULL);
	DefineCustomStringVariable("dynapg.otlp_headers",
							   "Headers of requests to the OpenTelemetry receiver: name=value, separated by commas.",
							   "Special characters of values are written as %XX.",
							   &dynapg_otlp_headers,
							   "",
							   PGC_SIGHUP, GUC_SUPERUSER_ONLY,
							   check_headers, NULL, NULL);
	DefineCustomStringVariable("dynapg.otlp_service_name",
							   "The service's name in the spans that are sent.",
							   NULL,
							   &dynapg_otlp_service_name,
							   "dynapg",
							   PGC_SIGHUP, 0,
							   check_service_name, NULL, NULL);
	DefineCustomIntVariable("dynapg.otlp_timeout",
							"How long a request to the OpenTelemetry receiver may take.",
							NULL,
							&dynapg_otlp_timeout,
							10000, 1, 600 * 1000,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);
	DefineCustomRealVariable("dynapg.trace_sample_ratio",
							 "Part of the traces that begin here, or whose caller leaves it open, that is recorded.",
							 "0: only what callers have sampled.",
							 &dynapg_trace_sample_ratio,
							 0.0, 0.0, 1.0,
							 PGC_SIGHUP, 0,
							 NULL, NULL, NULL);
	DefineCustomStringVariable("dynapg.traceparent",
							   "The trace and span that calls of SQL functions belong to, as W3C's header traceparent.",
							   "Empty: none.",
							   &traceparent,
							   "",
							   PGC_USERSET, 0,
							   check_traceparent, assign_traceparent, NULL);
}
