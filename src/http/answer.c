/*
 * answer.c
 *		An answer's headers, and its way to the library.
 */
#include "postgres.h"

#include "http/http.h"

enum MHD_Result
answer_send(HttpRequest *request)
{
	StringInfo	body = &request->response;
	StringInfoData compressed;
	bool		is_compressed = encoding_compress(request, body, &compressed);
	const char *origin = request_header(request, "Origin");
	struct MHD_Response *response;
	enum MHD_Result result;

	if (is_compressed)
		body = &compressed;
	response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	if (request->content_type)
		MHD_add_response_header(response, "Content-Type", request->content_type);
	if (is_compressed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	MHD_add_response_header(response, "x-amzn-RequestId", request->request_id);
	if (request->is_json)
		MHD_add_response_header(response, "x-amz-crc32", psprintf("%u", encoding_crc32(body->data, body->len)));
	if (origin != NULL)
	{
		MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
		if (strcmp(request->method, "OPTIONS") == 0)
		{
			const char *headers = request_header(request, "Access-Control-Request-Headers");
			const char *method = request_header(request, "Access-Control-Request-Method");

			if (headers)
				MHD_add_response_header(response, "Access-Control-Allow-Headers", headers);
			if (method)
				MHD_add_response_header(response, "Access-Control-Allow-Methods", method);
			MHD_add_response_header(response, "Access-Control-Max-Age", "172800");
		}
		else
			MHD_add_response_header(response, "Access-Control-Expose-Headers",
									"x-amzn-RequestId,x-amz-crc32,x-amzn-ErrorType,Date");
	}
	if (request->last || server_is_draining())
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(request->connection, request->status, response);
	MHD_destroy_response(response);
	return result;
}
