/*
 * describe_limits.c
 *		DescribeLimits and DescribeEndpoints: answers that no table has a part in.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "base/limits.h"
#include "op/op.h"

#define DEFAULT_PORT		"8000"
#define ENDPOINT_MINUTES	1440	/* how long a client may keep the address */

static void
write_integer(WireWriter *response, const char *name, int64 value)
{
	wire_member(response, name);
	wire_integer(response, value);
}

void
op_describe_limits(const RequestValue *request, WireWriter *response)
{
	wire_object_start(response);
	write_integer(response, "AccountMaxReadCapacityUnits", ACCOUNT_MAX_UNITS);
	write_integer(response, "AccountMaxWriteCapacityUnits", ACCOUNT_MAX_UNITS);
	write_integer(response, "TableMaxReadCapacityUnits", TABLE_MAX_UNITS);
	write_integer(response, "TableMaxWriteCapacityUnits", TABLE_MAX_UNITS);
	wire_object_end(response);
}

/* The host that clients may reach the endpoint by: the first that it listens on. */
static char *
endpoint_host(void)
{
	const char *addresses = GetConfigOption("dynapg.listen_addresses", true, false);
	int			len = addresses ? strcspn(addresses, ", ") : 0;

	if (len == 0 || addresses[0] == '*' || strncmp(addresses, "0.0.0.0", len) == 0 ||
		strncmp(addresses, "::", len) == 0)
		return "localhost";
	return pnstrdup(addresses, len);
}

void
op_describe_endpoints(const RequestValue *request, WireWriter *response)
{
	const char *port = GetConfigOption("dynapg.port", true, false);

	wire_object_start(response);
	wire_member(response, "Endpoints");
	wire_array_start(response);
	wire_object_start(response);
	wire_member(response, "Address");
	wire_cstring(response, psprintf("%s:%s", endpoint_host(), port ? port : DEFAULT_PORT));
	write_integer(response, "CachePeriodInMinutes", ENDPOINT_MINUTES);
	wire_object_end(response);
	wire_array_end(response);
	wire_object_end(response);
}
