/*
 * answer.c
 *		An answer's headers, and its way to the library.
 */
#include "postgres.h"

#include "http/console.h"
#include "http/http.h"

/* What a script in a browser may see of an answer: what the service's clients look for, whether it is there or not. */
#define EXPOSED_HEADERS \
	"x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amz-crc32,x-amzn-ErrorMessage,Date"

/* Any origin may ask: whoever has no key gets nowhere, and developer mode is not for pages of elsewhere (auth.c). */
static void
add_cross_origin_headers(const HttpRequest *request, struct MHD_Response *response)
{
	const char *headers = request_header(request, "Access-Control-Request-Headers");
	const char *method = request_header(request, "Access-Control-Request-Method");

	if (request_header(request, "Origin") == NULL || request->is_console)
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
	MHD_add_response_header(response, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
	if (strcmp(request->method, "OPTIONS") != 0)
		return;
	if (headers)
		MHD_add_response_header(response, "Access-Control-Allow-Headers", headers);
	if (method)
		MHD_add_response_header(response, "Access-Control-Allow-Methods", method);
	MHD_add_response_header(response, "Access-Control-Max-Age", "172800");
}

enum MHD_Result
answer_send(HttpRequest *request)
{
	StringInfo	body = &request->response;
	StringInfoData compressed;
	const char *coding = encoding_compress(request, body, &compressed);
	struct MHD_Response *response;
	enum MHD_Result result;

	if (coding != NULL)
		body = &compressed;
	response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	if (request->content_type)
		MHD_add_response_header(response, "Content-Type", request->content_type);
	if (coding != NULL)
		MHD_add_response_header(response, "Content-Encoding", coding);
	MHD_add_response_header(response, "x-amzn-RequestId", request->request_id);
	if (request->is_json)
		MHD_add_response_header(response, "x-amz-crc32", psprintf("%u", encoding_crc32(body->data, body->len)));
	dialect_add_headers(request, response);
	add_cross_origin_headers(request, response);
	if (request->is_console)
		console_add_headers(request, response);
	if (request->last || server_is_draining())
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(request->connection, request->status, response);
	MHD_destroy_response(response);
	return result;
}
