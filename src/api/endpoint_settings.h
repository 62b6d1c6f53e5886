/*
 * endpoint_settings.h
 *		The settings of the HTTP endpoint; docs/settings.md says what they mean.
 */
#ifndef DYNAPG_ENDPOINT_SETTINGS_H
#define DYNAPG_ENDPOINT_SETTINGS_H

typedef enum EndpointTlsVersion
{
	ENDPOINT_TLS_1_2,
	ENDPOINT_TLS_1_3
} EndpointTlsVersion;

typedef struct EndpointSettings
{
	char	   *listen_addresses;
	int			port;
	int			workers;
	char	   *databases;
	const int  *lock_timeout;	/* ms; dynapg.lock_timeout, which is not the endpoint's alone */
	int			statement_timeout;	/* ms */
	int			max_body_size;	/* bytes */
	int			max_connections;
	int			idle_timeout;	/* s */
	int			receive_timeout;	/* s, 0: none */
	int			worker_memory;	/* kB */
	int			receive_memory; /* kB, 0: a part of worker_memory (body.c) */
	int			log_min_duration;	/* ms, -1: never */
	bool		developer_mode;
	bool		console;
	char	   *console_hosts;
	int			console_timeout;	/* s */
	char	   *ssl_cert_file;
	char	   *ssl_key_file;
	int			ssl_min_protocol_version;	/* an EndpointTlsVersion */
} EndpointSettings;

/* Defines them, while the library is preloaded; what it returns changes with the configuration. */
extern const EndpointSettings *endpoint_define_settings(void);

#endif							/* DYNAPG_ENDPOINT_SETTINGS_H */
