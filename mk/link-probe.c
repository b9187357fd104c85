/*
 * Does this way of linking work? Uses what git-orch uses of each library:
 * libgit2 starts, hashes, and refuses a URL instead of crashing.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <cjson/cJSON.h>
#include <cmark-gfm.h>
#include <git2.h>
#include <pcre2.h>
#include <string.h>
#include <yaml.h>

int main(void)
{
	git_repository *repo = NULL;
	git_remote *remote = NULL;
	cJSON *json;
	char where[64];
	git_oid id;
	int fine;

	if (git_libgit2_init() < 1)
		return 1;
	fine = git_odb_hash(&id, "", 0, GIT_OBJECT_BLOB) == 0 &&
	       strcmp(git_oid_tostr_s(&id),
		      "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391") == 0;
	git_repository_open(&repo, "/nonexistent");
	if (git_remote_create_detached(&remote, "https://127.0.0.1:1/x") == 0)
		fine &= git_remote_connect(remote, GIT_DIRECTION_FETCH, NULL, NULL,
					   NULL) < 0;
	git_remote_free(remote);
	json = cJSON_Parse("{}");
	fine &= strcmp(yaml_get_version_string(), "") != 0;
	fine &= cmark_version() > 0;
	fine &= json != NULL && pcre2_config(PCRE2_CONFIG_VERSION, where) > 0;
	cJSON_Delete(json);
	git_libgit2_shutdown();
	return !fine;
}
