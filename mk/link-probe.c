/* Does libgit2 still work when it is linked this way? See mk/link.mk. */
#include <git2.h>

int main(void)
{
	git_oid oid;

	if (git_libgit2_init() < 1 ||
	    git_odb_hash(&oid, "", 0, GIT_OBJECT_BLOB) < 0)
		return 1;
	return git_oid_streq(&oid, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391") != 0;
}
