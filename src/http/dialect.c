/*
 * dialect.c
 *		CloudWatch's protocols, and Application Auto Scaling's: which one a request speaks, and what an answer in it looks like.
 */
#include "postgres.h"

#include "http/http.h"

#define TARGET "GraniteServiceVersion20100801."
#define SCALING_TARGET "AnyScaleFrontendService."
#define PATH "/service/GraniteServiceVersion20100801/operation/"
#define CBOR_TYPE "application/cbor"
#define FORM_TYPE "application/x-www-form-urlencoded"

static bool
starts_with(const char *text, const char *start)
{
	return text != NULL && strncmp(text, start, strlen(start)) == 0;
}

HttpDialect
dialect_of(const HttpRequest *request)
{
	const char *type = request_header(request, "Content-Type");
	size_t		len;
	const char *path = request_path(request, &len);

	/* a page of the console's speaks JSON: no form of another page's is one of its requests */
	if (request->is_console)
		return DIALECT_DYNAMODB;
	if (starts_with(request_header(request, "X-Amz-Target"), TARGET))
		return DIALECT_CLOUDWATCH_JSON;
	if (starts_with(request_header(request, "X-Amz-Target"), SCALING_TARGET))
		return DIALECT_AUTO_SCALING;
	if (len > strlen(PATH) && starts_with(path, PATH))
		return DIALECT_CLOUDWATCH_CBOR;
	if (type != NULL && pg_strncasecmp(type, FORM_TYPE, strlen(FORM_TYPE)) == 0)
		return DIALECT_CLOUDWATCH_QUERY;
	return DIALECT_DYNAMODB;
}

bool
dialect_find_operation(HttpRequest *request)
{
	const char *name = NULL;
	size_t		len = 0;

	if (request->dialect == DIALECT_CLOUDWATCH_JSON)
		name = request_header(request, "X-Amz-Target") + strlen(TARGET);
	else if (request->dialect == DIALECT_AUTO_SCALING)
		name = request_header(request, "X-Amz-Target") + strlen(SCALING_TARGET);
	else if (request->dialect == DIALECT_CLOUDWATCH_QUERY)
		name = endpoint->cloudwatch_action(request->text.data, request->text.len);
	else
	{
		name = request_path(request, &len) + strlen(PATH);
		len -= strlen(PATH);
	}
	if (name == NULL)
		return false;
	request->cloudwatch = endpoint->cloudwatch_operation(name, len > 0 ? len : strlen(name));
	return request->cloudwatch != NULL;
}

const char *
dialect_content_type(const HttpRequest *request)
{
	static const char *const types[] = {
		[DIALECT_DYNAMODB] = "application/x-amz-json-1.0",
		[DIALECT_CLOUDWATCH_JSON] = "application/x-amz-json-1.0",
		[DIALECT_CLOUDWATCH_CBOR] = CBOR_TYPE,
		[DIALECT_CLOUDWATCH_QUERY] = "text/xml",
		[DIALECT_AUTO_SCALING] = "application/x-amz-json-1.1"
	};

	return types[request->dialect];
}

const char *
dialect_service(const HttpRequest *request)
{
	return request->dialect == DIALECT_DYNAMODB ? "dynamodb" :
		request->dialect == DIALECT_AUTO_SCALING ? "application-autoscaling" : "monitoring";
}

void
dialect_add_headers(const HttpRequest *request, struct MHD_Response *response)
{
	if (request->dialect == DIALECT_CLOUDWATCH_CBOR)
		MHD_add_response_header(response, "smithy-protocol", "rpc-v2-cbor");
	if (request->query_error != NULL)
		MHD_add_response_header(response, "x-amzn-query-error", request->query_error);
}
