/*
 * connection.c
 *		The open connections: how many there are, and which of them are to be ended.
 *
 * The library ends those that are silent (dynapg.idle_timeout).  A client that sends a byte now and then is never silent, so what
 * has come too slowly is looked at here: each of its bytes wakes the worker, so there is no need for a timer.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "lib/ilist.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "http/http.h"

#define LOOK_EVERY 1000			/* milliseconds between two looks at all of them */

typedef enum ConnectionState
{
	CONNECTION_IDLE,			/* between requests: not a whole request line has come */
	CONNECTION_RECEIVING,		/* a request has begun */
	CONNECTION_ANSWERING		/* it is complete, and its answer is not sent yet */
} ConnectionState;

typedef struct Connection
{
	dlist_node	open;
	int			descriptor;
	ConnectionState state;
	TimestampTz since;
} Connection;

static dlist_head connections = DLIST_STATIC_INIT(connections);

void
connection_notify(void *cls, struct MHD_Connection *connection, void **state,
				  enum MHD_ConnectionNotificationCode code)
{
	Connection *own = (Connection *) *state;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		pg_atomic_fetch_add_u64(&endpoint_worker->connections, 1);
		pg_atomic_fetch_add_u64(&endpoint_worker->accepted, 1);
		own = (Connection *) MemoryContextAllocExtended(TopMemoryContext, sizeof(Connection), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO);
		if (own != NULL)
		{
			own->descriptor = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
			own->since = GetCurrentTimestamp();
			dlist_push_tail(&connections, &own->open);
		}
		*state = own;
		return;
	}
	pg_atomic_fetch_sub_u64(&endpoint_worker->connections, 1);
	if (own != NULL)
	{
		dlist_delete(&own->open);
		pfree(own);
	}
}

static void
set_state(struct MHD_Connection *connection, ConnectionState state)
{
	Connection *own = (Connection *) MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	/* NULL: there was no memory for it */
	if (own != NULL)
	{
		own->state = state;
		own->since = GetCurrentTimestamp();
	}
}

void
connection_receives(struct MHD_Connection *connection)
{
	set_state(connection, CONNECTION_RECEIVING);
}

void
connection_answers(struct MHD_Connection *connection)
{
	set_state(connection, CONNECTION_ANSWERING);
}

void
connection_rests(struct MHD_Connection *connection)
{
	set_state(connection, CONNECTION_IDLE);
}

/* As by a timeout: the library sees the end of what it reads. */
static void
end(const Connection *connection)
{
	shutdown(connection->descriptor, SHUT_RD);
}

void
connections_end_idle(void)
{
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		const Connection *connection = dlist_container(Connection, open, iter.cur);

		if (connection->state == CONNECTION_IDLE)
			end(connection);
	}
}

void
connections_end_slow(void)
{
	static TimestampTz looked_at = 0;
	TimestampTz now = GetCurrentTimestamp();
	dlist_iter	iter;

	if (!TimestampDifferenceExceeds(looked_at, now, LOOK_EVERY))
		return;
	looked_at = now;
	dlist_foreach(iter, &connections)
	{
		const Connection *connection = dlist_container(Connection, open, iter.cur);
		int			limit = connection->state == CONNECTION_IDLE ? endpoint->settings->idle_timeout :
			endpoint->settings->receive_timeout;

		if (connection->state != CONNECTION_ANSWERING && limit > 0 &&
			TimestampDifferenceExceeds(connection->since, now, limit * 1000))
			end(connection);
	}
}
