/*
 * The files of the turn: turn.json, replaced durably under turn.lock; the
 * spare that a release writes into when the disk is full; and the log of the
 * last transitions.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include "orch/turn.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/turn_internal.h"

#define LOG_LINES 1000			/* kept when the log is cut */
#define LOG_CUT ((size_t)2 << 20)	/* cut when it is larger than this */
#define LOG_MAX ((size_t)64 << 20)	/* refused beyond this */

const char *turn_file(const struct orch *o, const char *name)
{
	static char *path[4];
	static size_t turn_of;

	turn_of = (turn_of + 1) % ARRAY_SIZE(path);
	free(path[turn_of]);
	path[turn_of] = xstrfmt("%s/%s", o->loop_dir, name);
	return path[turn_of];
}

const char *turn_path(const struct orch *o)
{
	static char *path;

	free(path);
	path = xstrfmt("%s/turn.json", o->loop_dir);
	return path;
}

int turn_lock(struct lock *lock, struct orch *o)
{
	int rc = dir_make(o->loop_dir);

	return rc < 0 ? rc : lock_take(lock, turn_file(o, "turn.lock"));
}

/* File systems that other hosts may have mounted, too. */
static bool is_shared_fs(const char *dir)
{
	static const unsigned long shared[] = {
		0x6969 /* nfs */, 0x517b /* smb */, 0xff534d42 /* cifs */,
		0xfe534d42 /* smb2 */, 0x65735546 /* fuse */, 0x01021997 /* 9p */,
		0x00c36400 /* ceph */, 0x5346414f /* afs */, 0x7461636f /* ocfs2 */,
		0x01161970 /* gfs2 */, 0x0bd00bd0 /* lustre */
	};
	struct statfs fs;

	if (statfs(dir, &fs) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if ((unsigned long)fs.f_type == shared[i])
			return true;
	return false;
}

static int parse_state(struct turn *out, const char *text, size_t len)
{
	struct json *in = NULL;
	int rc;

	if ((rc = json_parse(&in, text, len, "state")) < 0)
		return rc;
	rc = turn_from_json(out, in);
	json_free(in);
	return rc;
}

/* Every complaint about the file names it and the way out. */
static int broken(const char *path, const char *what)
{
	char *copy = xstrdup(what);

	error_set(ORCH_EINVALID, "%s: %s; run 'git orch turn repair'", path, copy);
	free(copy);
	return ORCH_EINVALID;
}

int turn_load(struct turn *out, struct orch *o)
{
	const char *path = turn_file(o, "turn.json");
	struct strbuf text = STRBUF_INIT;
	struct stat st;
	int rc;

	turn_init(out);
	rc = file_read(&text, path, TURN_STATE_MAX, FILE_NOFOLLOW);
	/* Gone is not the same as never written: starting again at generation
	 * 1 would let an old holder in. Look again, without the lock the very
	 * first transition may just have happened. */
	if (rc == ORCH_ENOTFOUND && stat(turn_file(o, "turn-log.jsonl"), &st) == 0 &&
	    st.st_size) {
		rc = file_read(&text, path, TURN_STATE_MAX, FILE_NOFOLLOW);
		if (rc == ORCH_ENOTFOUND) {
			rc = broken(path, "gone, but this loop has been played");
			goto out;
		}
	}
	if (rc == ORCH_ENOTFOUND) {
		error_clear();
		turn_start(out, &o->workflow);
		rc = 0;
	} else if (rc == ORCH_EINVALID) {
		rc = broken(path, "no regular file of at most 1 MiB");
	} else if (rc == 0) {
		rc = parse_state(out, text.buf, text.len);
		/* Written by a newer git-orch: there is nothing to repair. */
		if (rc == ORCH_EUNSUPPORTED)
			error_prefix(rc, "%s", path);
		else if (rc < 0)
			rc = broken(path, error_message());
	}
	out->shared_fs = is_shared_fs(o->loop_dir);
	if (rc == 0)
		turn_observe(out, o);
out:
	strbuf_release(&text);
	return rc;
}

/* ---- the log ---- */

static void cut_log(struct orch *o)
{
	if (file_cut_log(turn_file(o, "turn-log.jsonl"), LOG_LINES, LOG_CUT,
			 LOG_CUT / 2) < 0)
		warn("%s", error_message());
	error_clear();
}

/* No fsync: the log serves to repair a state that somebody overwrote, and the
 * state itself is durable. It must not fail a transition that has happened. */
static void log_transition(struct orch *o, struct json *state, const char *event)
{
	struct json *entry = json_new_object();
	struct strbuf line = STRBUF_INIT;
	char iso[TIME_ISO_SIZE];

	json_add_int(entry, "version", 1);
	json_add_string(entry, "time", time_iso(iso, time_now_ms()));
	json_add_string(entry, "event", event);
	json_add(entry, "state", state);
	json_print(&line, entry);
	strbuf_addch(&line, '\n');
	if (file_append(turn_file(o, "turn-log.jsonl"), line.buf, line.len,
			0666) < 0) {
		warn("%s", error_message());
		error_clear();
	}
	cut_log(o);
	json_free(entry);
	strbuf_release(&line);
}

/* ---- writing ---- */

/* Nobody waits for whoever reads a fifo, least of all with the lock in hand. */
static int open_spare(const char *path, int create)
{
	int fd = open(path, create | O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
		      O_NOCTTY, 0666);
	struct stat st;

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

/*
 * A file that has its blocks already: release overwrites it in place and
 * renames it, which needs no room. Renewals and the child's entry make
 * the state a little larger, so there is some to spare.
 */
static int make_spare(struct orch *o, size_t len)
{
	const char *path = turn_file(o, "turn.json.spare");
	int fd = open_spare(path, O_CREAT), rc = 0;

	/* What is no file cannot be ours. */
	if (fd < 0 && (remove(path) == 0 || errno == ENOENT))
		fd = open_spare(path, O_CREAT);
	if (fd < 0)
		return error_sys("cannot create %s", path);
	errno = posix_fallocate(fd, 0, (off_t)(len * 2 + 4096));
	if (errno)
		rc = error_sys("no room for %s", path);
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

/* ORCH_ENOTFOUND: there is none to use. */
static int store_in_spare(struct orch *o, const struct strbuf *text)
{
	const char *path = turn_file(o, "turn.json.spare");
	size_t done = 0;
	int fd, dir = -1, rc = 0;

	fd = open_spare(path, 0);
	if (fd < 0)
		return ORCH_ENOTFOUND;
	while (done < text->len) {
		ssize_t n = pwrite(fd, text->buf + done, text->len - done,
				   (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = error_sys("cannot write %s", path);
			goto out;
		}
		done += (size_t)n;
	}
	if (ftruncate(fd, (off_t)text->len) < 0 || fsync(fd) < 0) {
		rc = error_sys("cannot write %s", path);
		goto out;
	}
	if (rename(path, turn_file(o, "turn.json")) < 0) {
		rc = error_sys("cannot rename %s", path);
		goto out;
	}
	dir = open(o->loop_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsync(dir) < 0)
		rc = error_sys("cannot sync %s", o->loop_dir);
out:
	if (dir >= 0)
		close(dir);
	close(fd);
	return rc;
}

int turn_store(struct orch *o, struct turn *t, const char *event, unsigned flags)
{
	struct json *state;
	struct strbuf text = STRBUF_INIT;
	int rc;

	if (!(flags & TURN_KEEP_NONCE))
		turn_stamp(t);
	if (t->generation > t->sync.floor)
		t->sync.floor = t->generation;
	state = turn_state_json(t, false);
	json_print(&text, state);
	strbuf_addch(&text, '\n');
	if (text.len > TURN_STATE_MAX) {
		rc = error_set(ORCH_EINVALID, "the turn's state would be larger than "
			       "%zu bytes", TURN_STATE_MAX);
		goto out;
	}
	if ((flags & TURN_MAKE_SPARE) && (rc = make_spare(o, text.len)) < 0)
		goto out;
	rc = ORCH_ENOTFOUND;
	if (flags & TURN_USE_SPARE)
		rc = store_in_spare(o, &text);
	if (rc == ORCH_ENOTFOUND)
		rc = file_replace(turn_file(o, "turn.json"), text.buf, text.len,
				  0666);
	if (rc < 0)
		goto out;
	log_transition(o, state, event);
	state = NULL;
	if (flags & TURN_MAKE_SPARE) {	/* once a turn */
		file_sweep(o->dir);
		file_sweep(o->loop_dir);
		file_sweep(turn_file(o, "prompts"));
	}
out:
	json_free(state);
	strbuf_release(&text);
	return rc;
}

/* Entries of the log from the newest back, until `each` returns true: 1, or 0
 * if it never does. ORCH_ERROR when the log is there and cannot be read. */
int turn_log_back(struct orch *o,
		     bool (*each)(const struct json *entry, void *data),
		     void *data)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	rc = file_read(&text, turn_file(o, "turn-log.jsonl"), LOG_MAX, FILE_NOFOLLOW);
	if (rc == ORCH_ERROR)
		goto out;
	rc = 0;
	error_clear();
	for (size_t end = text.len; !rc && end > 0;) {
		const char *nl = end > 1 ? memrchr(text.buf, '\n', end - 1) : NULL;
		size_t from = nl ? (size_t)(nl - text.buf) + 1 : 0;
		struct json *entry = NULL;

		if (json_parse(&entry, text.buf + from, end - from, "log") == 0)
			rc = each(entry, data);
		json_free(entry);
		end = from;
	}
out:
	strbuf_release(&text);
	return rc;
}

struct release_search {
	int64_t generation;
	bool released;
};

static bool find_release(const struct json *entry, void *data)
{
	const struct json *state = json_get(entry, "state");
	const char *event = json_get_string(entry, "event");
	struct release_search *s = data;
	int64_t generation;

	if (!event || json_get_int(state, "generation", &generation) < 0)
		return false;
	if (generation == s->generation)
		s->released = str_eq(event, "release");
	return generation <= s->generation;
}

bool turn_was_released(struct orch *o, int64_t generation)
{
	struct release_search s = { generation, false };
	char *message = xstrdup(error_message());	/* what made you ask */

	turn_log_back(o, find_release, &s);
	error_set(ORCH_ENO, "%s", message);
	free(message);
	return s.released;
}
