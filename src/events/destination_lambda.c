/*
 * destination_lambda.c
 *		Functions of AWS Lambda, or of what speaks its API: Invoke.
 *
 *	{"Lambda": {"FunctionName": "...", "Region": "...", "Endpoint": "https://...", "TimeoutSeconds": 900,
 *				"AccessKeyId": "...", "SecretAccessKey": "...", "SessionToken": "..."}}
 *
 * A function that raises an error answers with status 200 and the header X-Amz-Function-Error.
 */
#include "postgres.h"

#include "base/settings.h"
#include "events/outside.h"

#define TIMEOUT 900
#define FUNCTION_ERROR "X-Amz-Function-Error"

static const char *const members[] = {"FunctionName", "Region", "Endpoint", "TimeoutSeconds", "AccessKeyId", "SecretAccessKey",
"SessionToken", NULL};
static const char *const secrets[] = {"AccessKeyId", "SecretAccessKey", "SessionToken", NULL};

/* A function's name or ARN, which stands in the path of a URL. */
static void
check_name(const DestinationCheck *check, const char *name)
{
	if (strlen(name) <= 170 &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:$") == strlen(name))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s: FunctionName is the name or the ARN of a function", check->what)));
}

static void
check_lambda(DestinationCheck *check, Jsonb *value)
{
	outside_require_members(check, value, members);
	check_name(check, outside_required_text(check, value, "FunctionName"));
	outside_check_region(check, value);
	(void) outside_url(check, value, "Endpoint", false);
	(void) outside_number(check->what, value, "TimeoutSeconds", 1, TIMEOUT, TIMEOUT);
	outside_check_key(check, value);
	outside_split(check, value, secrets);
}

static char *
invoke_url(const char *endpoint, const char *name)
{
	StringInfoData url;

	initStringInfo(&url);
	appendBinaryStringInfo(&url, endpoint, strlen(endpoint) - (endpoint[strlen(endpoint) - 1] == '/' ? 1 : 0));
	appendStringInfoString(&url, "/2015-03-31/functions/");
	for (const char *c = name; *c; c++)
	{
		if (*c == ':')
			appendStringInfoString(&url, "%3A");
		else if (*c == '$')
			appendStringInfoString(&url, "%24");
		else
			appendStringInfoChar(&url, *c);
	}
	appendStringInfoString(&url, "/invocations");
	return url.data;
}

static void
begin_lambda(Delivery *delivery)
{
	Post	   *post = delivery->post;

	post->url = invoke_url(outside_text("Destination", delivery->definition, "Endpoint"),
						   outside_text("Destination", delivery->definition, "FunctionName"));
	post->timeout_ms = 1000 * outside_number("Destination", delivery->definition, "TimeoutSeconds", 1, TIMEOUT, TIMEOUT);
	post->max_answer = OUTSIDE_PAYLOAD_BYTES + 1024;
	post->wanted_header = FUNCTION_ERROR;
	outside_header(post, "Content-Type", "application/json");
	outside_header(post, "X-Amz-Invocation-Type", "RequestResponse");
	outside_sign(delivery, "lambda");
	outside_next_body(delivery);
}

static const char *
problem_of(const Post *post)
{
	const char *problem = outside_problem(post);

	if (problem == NULL && post->header != NULL)
		problem = psprintf("the function has failed (%s): %s", post->header, outside_excerpt(post, 1000));
	return problem;
}

static DeliveryStep
judge_lambda(Delivery *delivery, int pauses, EventOutcome *outcome)
{
	if (!outside_judge_body(delivery, problem_of(delivery->post), outcome))
		return DELIVERY_OVER;
	outside_next_body(delivery);
	return DELIVERY_GOES_ON;
}

const OutsideKind destination_lambda = {
	.base = {.name = "Lambda", .outside = true, .for_alarms = true, .check = check_lambda},
	.begin = begin_lambda,
	.judge = judge_lambda,
};
