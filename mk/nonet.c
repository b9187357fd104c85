/*
 * libgit2 without TLS, SSH and SPNEGO.
 *
 * git_libgit2_init() sets up TLS, which parses the machine's whole CA bundle:
 * 10 ms in every process, though we never use libgit2's network (git itself
 * fetches and pushes). Every symbol of the three archive members that need
 * those libraries is defined here, so that the linker never takes them out of
 * libgit2.a. The names are private to libgit2: mk/link.mk tries whether this
 * links and runs, and falls back to the shared library.
 */
int git_mbedtls__set_cert_location(const char *file, const char *path);
int git_mbedtls_stream_global_init(void);
int git_mbedtls_stream_new(void **out, const char *host, const char *port);
int git_mbedtls_stream_wrap(void **out, void *in, const char *host);
int git_smart_subtransport_ssh(void **out, void *owner, void *param);
int git_transport_ssh_global_init(void);
int git_transport_ssh_with_paths(void **out, void *owner, void *payload);
int git_http_auth_negotiate(void **out, const void *url);

int git_mbedtls__set_cert_location(const char *file, const char *path)
{
	(void)file, (void)path;
	return -1;
}

int git_mbedtls_stream_global_init(void)
{
	return 0;
}

int git_mbedtls_stream_new(void **out, const char *host, const char *port)
{
	(void)out, (void)host, (void)port;
	return -1;
}

int git_mbedtls_stream_wrap(void **out, void *in, const char *host)
{
	(void)out, (void)in, (void)host;
	return -1;
}

int git_smart_subtransport_ssh(void **out, void *owner, void *param)
{
	(void)out, (void)owner, (void)param;
	return -1;
}

int git_transport_ssh_global_init(void)
{
	return 0;
}

int git_transport_ssh_with_paths(void **out, void *owner, void *payload)
{
	(void)out, (void)owner, (void)payload;
	return -1;
}

int git_http_auth_negotiate(void **out, const void *url)
{
	(void)out, (void)url;
	return -1;
}
