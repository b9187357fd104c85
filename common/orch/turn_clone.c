/*
 * Who we are among clones, and what a state that another one wrote means
 * here: whether its holder was recorded by us, and until when its lease runs
 * by the only clock that we can trust, our own.
 */
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

/* ---- this clone's name ---- */

/*
 * What a copy of the directory does not share: inode and birth time. A copy
 * under the same name would take a turn of the original for its own.
 */
static char *fingerprint(const char *dir)
{
	struct statx st;

	if (statx(AT_FDCWD, dir, 0, STATX_INO | STATX_BTIME, &st) < 0)
		return xstrdup("-");
	return xstrfmt("%llu.%lld.%u", (unsigned long long)st.stx_ino,
		       st.stx_mask & STATX_BTIME ? (long long)st.stx_btime.tv_sec : 0LL,
		       st.stx_mask & STATX_BTIME ? st.stx_btime.tv_nsec : 0);
}

static bool read_name(char out[TURN_NONCE + 1], const char *path, const char *mark)
{
	struct strbuf text = STRBUF_INIT;
	bool ok;

	out[0] = '\0';
	if (file_read(&text, path, 1024, FILE_NOFOLLOW) < 0)
		error_clear();
	ok = text.len > TURN_NONCE + 1 &&
	     strspn(text.buf, "0123456789abcdef") == TURN_NONCE &&
	     text.buf[TURN_NONCE] == ' ' &&
	     strcspn(text.buf + TURN_NONCE + 1, "\n") == strlen(mark) &&
	     str_starts(text.buf + TURN_NONCE + 1, mark);
	if (ok) {
		memcpy(out, text.buf, TURN_NONCE);
		out[TURN_NONCE] = '\0';
	}
	strbuf_release(&text);
	return ok;
}

static void make_name(char out[TURN_NONCE + 1], struct orch *o, const char *path,
		      const char *mark)
{
	char *guard = xstrfmt("%s/clone.lock", o->dir);
	struct lock lock = LOCK_INIT;
	struct turn t;
	char *line;

	turn_init(&t);
	if (lock_take(&lock, guard) < 0)
		goto out;
	if (!read_name(out, path, mark)) {	/* not made by another one meanwhile */
		turn_stamp(&t);
		line = xstrfmt("%s %s\n", t.nonce, mark);
		if (file_replace(path, line, strlen(line), 0666) == 0)
			memcpy(out, t.nonce, TURN_NONCE + 1);
		free(line);
	}
out:
	/* Without a name only the rule about other boots is lost. */
	error_clear();
	turn_release_memory(&t);
	lock_release(&lock);
	free(guard);
}

const char *turn_clone(struct orch *o, bool make)
{
	static char name[TURN_NONCE + 1], *of;
	char *path, *mark;

	if (name[0] && str_eq(of, o->dir))
		return name;
	free(of);
	of = xstrdup(o->dir);
	path = xstrfmt("%s/clone", o->dir);
	mark = fingerprint(o->dir);
	if (!read_name(name, path, mark) && make)
		make_name(name, o, path, mark);
	free(mark);
	free(path);
	return name;
}

const char *turn_work_tree(struct orch *o)
{
	static char *text;
	const char *dir = strrchr(repo_git_dir(o->repo), '/');

	free(text);
	text = xstrfmt("%s:%.200s", turn_clone(o, true),
		       repo_is_linked_worktree(o->repo) && dir ? dir + 1 : "");
	return text;
}

/* ---- another machine's lease ---- */

struct seen {
	char *key;		/* the state that was seen */
	int64_t since_ms;	/* boot clock */
};

static void read_seen(struct seen *s, const char *path)
{
	struct strbuf text = STRBUF_INIT;
	struct json *in = NULL;

	if (file_read(&text, path, 4096, FILE_NOFOLLOW) == 0 &&
	    json_parse(&in, text.buf, text.len, "seen") == 0 &&
	    str_eq(json_get_string(in, "boot_id") ? json_get_string(in, "boot_id") : "",
		   turn_here()->boot_id) &&
	    json_get_int(in, "since_ms", &s->since_ms) == 0 &&
	    s->since_ms >= 0 && s->since_ms <= time_boot_ms())
		s->key = xstrdup(json_get_string(in, "state"));
	error_clear();
	json_free(in);
	strbuf_release(&text);
}

static void write_seen(const struct seen *s, const char *path)
{
	struct json *out = json_new_object();
	struct strbuf text = STRBUF_INIT;

	json_add_int(out, "version", 1);
	json_add_string(out, "state", s->key);
	json_add_string(out, "boot_id", turn_here()->boot_id);
	json_add_int(out, "since_ms", s->since_ms);
	json_print(&text, out);
	strbuf_addch(&text, '\n');
	/* Where it cannot be kept, the wait of one process must do. */
	if (file_replace_cache(path, text.buf, text.len, 0666) < 0)
		error_clear();
	json_free(out);
	strbuf_release(&text);
}

static int64_t seen_since(struct orch *o, const struct turn *t)
{
	static struct seen seen;
	char *path = xstrfmt("%s/seen.json", o->loop_dir);
	char *key = xstrfmt("%s %" PRId64 " %" PRId64, t->nonce ? t->nonce : "-",
			    t->generation, t->lease_ms);

	if (!seen.key || !str_eq(seen.key, key)) {
		free(seen.key);
		seen = (struct seen){ 0 };
		read_seen(&seen, path);
	}
	if (!seen.key || !str_eq(seen.key, key)) {
		free(seen.key);
		seen.key = xstrdup(key);
		seen.since_ms = time_boot_ms();
		write_seen(&seen, path);
	}
	free(key);
	free(path);
	return seen.since_ms;
}

void turn_observe(struct turn *t, struct orch *o)
{
	const char *clone = turn_clone(o, false);
	const struct turn_holder *h = t->holder.actor ? &t->holder : &t->keeper;
	bool same_boot = turn_here()->boot_id[0] && h->boot_id &&
			 str_eq(h->boot_id, turn_here()->boot_id);

	/* Before clones had names, the file was proof enough. */
	t->recorded_here = h->boot_id && !t->shared_fs &&
			   (h->clone ? str_eq(h->clone, clone) : true);
	t->seen_until_ms = 0;
	if (!t->lease_seconds || !h->boot_id)
		return;
	if (same_boot && t->lease_boot_ms)
		return;		/* its clock is ours */
	if (h->process.pid && t->recorded_here)
		return;		/* of another boot: gone, whatever the lease says */
	t->seen_until_ms = seen_since(o, t) + t->lease_seconds * 1000;
}
