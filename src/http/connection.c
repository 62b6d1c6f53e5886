/*
 * connection.c
 *		The open connections: how many there are, and which of them are to be ended.
 *
 * The library ends those that are silent (dynapg.idle_timeout).  A client that sends a byte now and then is never silent, so what
 * has come too slowly is looked at here: each of its bytes wakes the worker, so there is no need for a timer.  When there are nearly
 * as many as may be, those that have been idle for the longest time are ended: who keeps connections open and says nothing keeps nobody
 * out.
 */
#include "postgres.h"

#include <sys/socket.h>

#include "lib/ilist.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "http/http.h"

#define LOOK_EVERY 1000			/* milliseconds between two looks at all of them */
#define FIRST_REQUEST 1000		/* milliseconds in which a new connection is not taken for an idle one */
#define JUST_NOW 100			/* milliseconds in which a worker that ends waits for one's next request */

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
	bool		ended;
	bool		used;			/* has brought a request */
	ConnectionState state;
	TimestampTz since;
} Connection;

static dlist_head connections = DLIST_STATIC_INIT(connections);
static int	n_ended;			/* of them; they go as soon as the library sees it */

/* As by a timeout: the library sees the end of what it reads. */
static void
end(Connection *connection)
{
	n_ended += !connection->ended;
	connection->ended = true;
	shutdown(connection->descriptor, SHUT_RD);
}

/* Ends the connection that has been idle for the longest time; false if there is none.  A new one has some time for its first request. */
static bool
end_most_idle(TimestampTz now)
{
	Connection *oldest = NULL;
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, open, iter.cur);

		if (connection->state == CONNECTION_IDLE && !connection->ended &&
			(connection->used || TimestampDifferenceExceeds(connection->since, now, FIRST_REQUEST)) &&
			(oldest == NULL || connection->since < oldest->since))
			oldest = connection;
	}
	if (oldest == NULL)
		return false;
	end(oldest);
	return true;
}

void
connections_make_room(void)
{
	int			missing = descriptors_missing() - n_ended;
	TimestampTz now = missing > 0 ? GetCurrentTimestamp() : 0;

	while (missing-- > 0 && end_most_idle(now))
		;
}

long
connections_timeout(void)
{
	return descriptors_missing() > n_ended ? FIRST_REQUEST : -1;
}

void
connection_notify(void *cls, struct MHD_Connection *connection, void **state,
				  enum MHD_ConnectionNotificationCode code)
{
	Connection *own = (Connection *) *state;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
	{
		descriptors_take();
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
	descriptors_give();
	pg_atomic_fetch_sub_u64(&endpoint_worker->connections, 1);
	if (own != NULL)
	{
		n_ended -= own->ended;
		dlist_delete(&own->open);
		pfree(own);
	}
}

static Connection *
set_state(struct MHD_Connection *connection, ConnectionState state)
{
	Connection *own = (Connection *) MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	/* NULL: there was no memory for it */
	if (own != NULL)
	{
		own->state = state;
		own->since = GetCurrentTimestamp();
	}
	return own;
}

void
connection_receives(struct MHD_Connection *connection)
{
	Connection *own = set_state(connection, CONNECTION_RECEIVING);

	if (own != NULL)
		own->used = true;
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

/* Those that have come no further than a state, for so many milliseconds. */
static void
end_up_to(ConnectionState state, int idle)
{
	TimestampTz now = GetCurrentTimestamp();
	dlist_iter	iter;

	dlist_foreach(iter, &connections)
	{
		Connection *connection = dlist_container(Connection, open, iter.cur);

		if (connection->state <= state && TimestampDifferenceExceeds(connection->since, now, idle))
			end(connection);
	}
}

void
connections_end_idle(void)
{
	end_up_to(CONNECTION_IDLE, JUST_NOW);
}

void
connections_end_unanswered(void)
{
	end_up_to(CONNECTION_RECEIVING, 0);
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
		Connection *connection = dlist_container(Connection, open, iter.cur);
		int			limit = connection->state == CONNECTION_IDLE ? endpoint->settings->idle_timeout :
			endpoint->settings->receive_timeout;

		if (connection->state != CONNECTION_ANSWERING && limit > 0 &&
			TimestampDifferenceExceeds(connection->since, now, limit * 1000))
			end(connection);
	}
}
