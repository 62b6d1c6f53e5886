/*
 * sink.c
 *		A server of HTTP that takes every POST and says 200: so fast that it is no bench's bottleneck.
 *
 *	cc -O2 -pthread -o sink bench/sink.c && ./sink
 *
 * It listens on a free port of 127.0.0.1, which it prints.  A connection has a thread; requests have a Content-Length, and none comes before the answer to the last one.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_BYTES 16384

/* The value of a header in a head that ends with a NUL; NULL: it is not there. */
static const char *
find_header(const char *head, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line != NULL && line[2] != '\r'; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, strlen(name)) == 0 && line[2 + strlen(name)] == ':')
			return line + 3 + strlen(name);
	return NULL;
}

static bool
say(int socket, const char *answer)
{
	return write(socket, answer, strlen(answer)) == (ssize_t) strlen(answer);
}

/* Takes one request; false at the connection's end. */
static bool
take_request(int socket)
{
	static __thread char body[1 << 20];
	char		head[HEAD_BYTES + 1];
	size_t		len = 0;
	char	   *end = NULL;
	const char *length;
	long		rest;

	while (end == NULL)
	{
		ssize_t		got = read(socket, head + len, HEAD_BYTES - len);

		if (got <= 0)
			return false;
		head[len += got] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (end == NULL && len == HEAD_BYTES)
			return false;
	}
	rest = -(long) (head + len - (end + 4));
	end[2] = '\0';
	length = find_header(head, "Content-Length");
	if (find_header(head, "Expect") != NULL && !say(socket, "HTTP/1.1 100 Continue\r\n\r\n"))
		return false;
	for (rest += length != NULL ? atol(length) : 0; rest > 0;)
	{
		ssize_t		got = read(socket, body, sizeof(body));

		if (got <= 0)
			return false;
		rest -= got;
	}
	return say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void *
serve(void *argument)
{
	int			socket = (int) (long) argument;

	while (take_request(socket))
		;
	close(socket);
	return NULL;
}

int
main(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t	size = sizeof(address);
	int			listener = socket(AF_INET, SOCK_STREAM, 0);
	int			one = 1;

	signal(SIGPIPE, SIG_IGN);
	if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 || listen(listener, 128) < 0 ||
		getsockname(listener, (struct sockaddr *) &address, &size) < 0)
		return perror("sink"), 1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;)
	{
		int			connection = accept(listener, NULL, NULL);
		pthread_t	thread;

		if (connection < 0)
			continue;
		(void) setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (pthread_create(&thread, NULL, serve, (void *) (long) connection) == 0)
			pthread_detach(thread);
		else
			close(connection);
	}
}
