/*
 * endpoint_error.h
 *		An error as an answer of the HTTP endpoint; EndpointApi (endpoint.h) has the functions' contracts.
 */
#ifndef DYNAPG_ENDPOINT_ERROR_H
#define DYNAPG_ENDPOINT_ERROR_H

#include "api/endpoint.h"

extern int	endpoint_write_error(ErrorData *error, int operation, StringInfo body, EndpointOutcome *outcome);
extern void endpoint_raise(int exception, const char *message);
extern int	endpoint_sqlstate(int exception);

#endif							/* DYNAPG_ENDPOINT_ERROR_H */
