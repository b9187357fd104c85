/*
 * The parts of libgit2 that git-orch never uses, replaced so that they are
 * not linked: TLS, SSH and SPNEGO. libgit2 sets TLS up whenever it is
 * initialised and parses the CA bundle then, which costs ten times as much as
 * everything else that our programs do at start (GIT.md C2).
 *
 * This object stands before libgit2.a, so the linker never takes the archive
 * members that define the same names. They are private to libgit2, hence the
 * probe in mk/link.mk. Whoever tries to use the network gets a clean error;
 * for the network git-orch starts git.
 */
#include <git2.h>

int git_mbedtls__set_cert_location(const char *file, const char *path);
int git_mbedtls_stream_global_init(void);
int git_mbedtls_stream_new(void **out, const char *host, const char *port);
int git_mbedtls_stream_wrap(void **out, void *in, const char *host);
int git_smart_subtransport_ssh(void **out, void *owner, void *param);
int git_transport_ssh_global_init(void);
int git_transport_ssh_with_paths(void **out, void *owner, void *param);
int git_http_auth_negotiate(void **out, const void *url);

static int refuse(void)
{
	git_error_set_str(GIT_ERROR_NET, "this build has no network");
	return GIT_ERROR;
}

int git_mbedtls__set_cert_location(const char *file, const char *path)
{
	(void)file;
	(void)path;
	return refuse();
}

int git_mbedtls_stream_global_init(void)
{
	return 0;
}

int git_mbedtls_stream_new(void **out, const char *host, const char *port)
{
	(void)out;
	(void)host;
	(void)port;
	return refuse();
}

int git_mbedtls_stream_wrap(void **out, void *in, const char *host)
{
	(void)out;
	(void)in;
	(void)host;
	return refuse();
}

int git_smart_subtransport_ssh(void **out, void *owner, void *param)
{
	(void)out;
	(void)owner;
	(void)param;
	return refuse();
}

int git_transport_ssh_global_init(void)
{
	return 0;
}

int git_transport_ssh_with_paths(void **out, void *owner, void *param)
{
	(void)out;
	(void)owner;
	(void)param;
	return refuse();
}

int git_http_auth_negotiate(void **out, const void *url)
{
	(void)out;
	(void)url;
	return refuse();
}
