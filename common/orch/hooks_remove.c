/*
 * Where init has installed hooks, and taking them away. The record is a hint:
 * nothing is touched that does not carry our id.
 */
#include "base/error.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "git/repo.h"
#include "orch/hooks_internal.h"

#define RECORD_HEAD "git-orch hooks 1"
#define RECORD_MAX (256 * 1024)

static char *record_path(struct repo *repo)
{
	return xstrfmt("%s/orch/hooks", repo_common_dir(repo));
}

/* Entries that end in NUL, "in <dir>" or "made <dir>", behind the head. */
static void read_record(struct strvec *out, struct repo *repo)
{
	char *path = record_path(repo);
	struct strbuf text = STRBUF_INIT;
	size_t pos = 0;

	if (file_read(&text, path, RECORD_MAX, FILE_NOFOLLOW) < 0)
		error_clear();
	while (pos < text.len) {
		const char *end = memchr(text.buf + pos, '\0', text.len - pos);

		if (!end || (pos == 0 && !str_eq(text.buf, RECORD_HEAD)))
			break;
		if (pos)
			strvec_push(out, text.buf + pos);
		pos = (size_t)(end - text.buf) + 1;
	}
	strbuf_release(&text);
	free(path);
}

bool hooks_recorded(struct repo *repo)
{
	char *path = record_path(repo);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

void hooks_record(struct repo *repo, const char *dir, bool made)
{
	char *path = record_path(repo), *entry = xstrfmt("%s %s", made ? "made" : "in", dir);
	struct strvec entries = STRVEC_INIT;
	struct strbuf text = STRBUF_INIT;

	read_record(&entries, repo);
	if (!strvec_has(&entries, entry)) {
		strvec_push(&entries, entry);
		strbuf_add(&text, RECORD_HEAD, sizeof(RECORD_HEAD));
		for (size_t i = 0; i < entries.nr; i++)
			strbuf_add(&text, entries.v[i], strlen(entries.v[i]) + 1);
		if (dir_make_parent(path) < 0 ||
		    file_replace(path, text.buf, text.len, 0666) < 0)
			error_clear();
	}
	strbuf_release(&text);
	strvec_release(&entries);
	free(entry);
	free(path);
}

static int remove_from(struct strvec *removed, struct strvec *kept, const char *dir,
		       bool dry_run)
{
	size_t nr;
	const struct hook_type *types = hook_types(&nr);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < nr; i++) {
		char *gone, *stays;

		rc = hookfile_remove(dir, &types[i], dry_run, &gone, &stays);
		if (gone)
			strvec_take(removed, gone);
		if (stays)
			strvec_take(kept, stays);
	}
	return rc;
}

int hooks_remove(struct strvec *removed, struct strvec *kept, struct repo *repo,
		 bool dry_run)
{
	struct hook_place place = HOOK_PLACE_INIT;
	struct strvec record = STRVEC_INIT, dirs = STRVEC_INIT;
	int rc = 0;

	/* Where git looks now, where it looks by default, and where we have been. */
	strvec_take(&dirs, xstrfmt("%s/hooks", repo_common_dir(repo)));
	if (hook_place_find(&place, repo) == 0 && !place.refusal &&
	    !strvec_has(&dirs, place.dir))
		strvec_push(&dirs, place.dir);
	error_clear();
	read_record(&record, repo);
	for (size_t i = 0; i < record.nr; i++)
		if (str_starts(record.v[i], "in /") && !strvec_has(&dirs, record.v[i] + 3))
			strvec_push(&dirs, record.v[i] + 3);
	for (size_t i = 0; rc == 0 && i < dirs.nr; i++)
		rc = remove_from(removed, kept, dirs.v[i], dry_run);
	/* Only an empty one goes. */
	for (size_t i = 0; rc == 0 && !dry_run && i < record.nr; i++)
		if (str_starts(record.v[i], "made /"))
			rmdir(record.v[i] + 5);
	if (rc == 0 && hooks_remove_config(removed, repo, dry_run) < 0)
		error_clear();	/* a configuration that cannot be read says nothing */
	hook_place_release(&place);
	strvec_release(&dirs);
	strvec_release(&record);
	return rc;
}
