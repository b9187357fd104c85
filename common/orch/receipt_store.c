/*
 * Where receipts are kept: one line each in orch/receipts.jsonl, shared by
 * all loops of the repository. The file only grows, and mostly its end is
 * asked for, so it is read backwards in blocks.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "orch/orch.h"
#include "orch/receipt.h"

#define BLOCK (64u * 1024)
#define LINE_MAX_BYTES (16u * 1024 * 1024)
#define NEAR_MAX 5

static char *store_path(const struct orch *o)
{
	return xstrfmt("%s/receipts.jsonl", o->dir);
}

int receipt_write(struct orch *o, const struct receipt *r)
{
	struct json *object = json_new_object();
	struct strbuf line = STRBUF_INIT;
	char *path = store_path(o);
	int rc;

	json_add_int(object, "version", 1);
	receipt_to_json(object, r);
	json_print(&line, object);
	strbuf_addch(&line, '\n');
	rc = dir_make(o->dir);
	if (rc == 0)
		rc = file_append(path, line.buf, line.len, 0600);
	if (rc < 0)
		error_prefix(rc, "cannot keep the receipt of %s", r->id);
	json_free(object);
	strbuf_release(&line);
	free(path);
	return rc;
}

/* The lines of a file, last first. */
struct backward {
	int fd;
	off_t pos;		/* the file from here on is in `buf`, or done */
	size_t block;		/* to read next */
	struct strbuf buf;
};

static int read_block(struct backward *b)
{
	size_t want = b->pos < (off_t)b->block ? (size_t)b->pos : b->block, done = 0;
	char *block = xmalloc(want);
	int rc = 0;

	while (done < want) {
		ssize_t n = pread(b->fd, block + done, want - done,
				  b->pos - (off_t)want + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? error_sys("cannot read the receipts") :
			     error_set(ORCH_ERROR, "the receipts file shrank while "
				       "it was read");
			break;
		}
		done += (size_t)n;
	}
	if (rc == 0) {
		strbuf_insert(&b->buf, 0, block, want);
		b->pos -= (off_t)want;
	}
	free(block);
	return rc;
}

/*
 * 1 and the line (NUL behind it, valid until the next call); 0 at the
 * beginning of the file. A line over the limit comes back cut, which no
 * longer parses. Blocks grow with the line, so that a long one is not copied
 * once for each block.
 */
static int previous_line(struct backward *b, struct strbuf *line)
{
	bool cut = false;

	strbuf_reset(line);
	for (;;) {
		char *nl = memrchr(b->buf.buf, '\n', b->buf.len);
		size_t start = nl ? (size_t)(nl - b->buf.buf) + 1 : 0;
		int rc;

		if (nl || b->pos == 0) {
			if (!nl && !b->buf.len && !cut)
				return 0;
			strbuf_add(line, b->buf.buf + start, b->buf.len - start);
			strbuf_setlen(&b->buf, nl ? start - 1 : 0);
			b->block = BLOCK;
			if (nl || line->len || cut)
				return 1;
			return 0;
		}
		if (b->buf.len > LINE_MAX_BYTES) {
			strbuf_setlen(&b->buf, 0);
			cut = true;
			b->block = BLOCK;
		}
		rc = read_block(b);
		if (rc < 0)
			return rc;
		if (b->block < LINE_MAX_BYTES)
			b->block *= 2;
	}
}

/* > 0 ends the walk; the callee may take the receipt (and init it). */
typedef int receipt_each(struct receipt *r, void *data);

static int parse_line(struct receipt *r, const struct strbuf *line)
{
	struct json *object;
	int rc = json_parse(&object, line->buf, line->len, "receipt");

	if (rc < 0)
		return rc;
	rc = receipt_from_json(r, object);
	json_free(object);
	return rc;
}

/*
 * This loop's receipts from the newest to the oldest; only lines that contain
 * `needle`, unless that is NULL: what is looked for and mostly not there must
 * not cost the parsing of the whole file.
 */
static int walk(struct orch *o, const char *needle, receipt_each *each,
		void *data, size_t *broken)
{
	struct backward b = { -1, 0, BLOCK, STRBUF_INIT };
	struct strbuf line = STRBUF_INIT;
	char *path = store_path(o);
	struct stat st;
	int rc = 0;

	b.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b.fd < 0) {
		rc = errno == ENOENT || errno == ENOTDIR ? 0 :
		     error_sys("cannot read '%s'", path);
		goto out;
	}
	if (fstat(b.fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rc = error_set(ORCH_EINVALID, "'%s' is not a regular file", path);
		goto out;
	}
	b.pos = st.st_size;
	while ((rc = previous_line(&b, &line)) > 0) {
		struct receipt r;

		if (!line.len || (needle && !memmem(line.buf, line.len, needle,
						    strlen(needle))))
			continue;
		if (parse_line(&r, &line) < 0) {
			error_clear();
			(*broken)++;
			continue;
		}
		rc = str_eq(r.loop, o->loop) ? each(&r, data) : 0;
		receipt_release(&r);
		if (rc) {
			rc = rc > 0 ? 0 : rc;
			break;
		}
	}
out:
	if (b.fd >= 0)
		close(b.fd);
	strbuf_release(&b.buf);
	strbuf_release(&line);
	free(path);
	return rc;
}

struct collect {
	struct receipt_list *list;
	const char *actor;	/* NULL: any */
	size_t max;
};

static int collect_one(struct receipt *r, void *data)
{
	struct collect *c = data;
	struct receipt_list *l = c->list;

	if (c->actor && !str_eq(r->actor, c->actor))
		return 0;
	ALLOC_GROW(l->v, l->nr + 1, l->alloc);
	l->v[l->nr++] = *r;
	receipt_init(r);
	return c->max && l->nr >= c->max;
}

int receipt_list_actor(struct receipt_list *out, struct orch *o,
		       const char *actor, size_t max)
{
	struct collect c = { out, actor, max };
	size_t i;
	int rc = walk(o, NULL, collect_one, &c, &out->broken);

	for (i = 0; i < out->nr / 2; i++) {
		struct receipt r = out->v[i];

		out->v[i] = out->v[out->nr - 1 - i];
		out->v[out->nr - 1 - i] = r;
	}
	return rc;
}

int receipt_list(struct receipt_list *out, struct orch *o, size_t max)
{
	return receipt_list_actor(out, o, NULL, max);
}

void receipt_list_release(struct receipt_list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++)
		receipt_release(&l->v[i]);
	free(l->v);
	*l = (struct receipt_list)RECEIPT_LIST_INIT;
}

/* "<iteration>/<actor>[.<n>]": the id without ".1", or NULL. */
static char *normal_id(const char *id)
{
	size_t digits = strspn(id, "0123456789"), actor, n;
	const char *rest = id + digits + 1;

	if (!digits || digits > 15 || id[digits] != '/')
		return NULL;
	actor = strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!actor)
		return NULL;
	if (!rest[actor])
		return xstrdup(id);
	if (rest[actor] != '.')
		return NULL;
	n = strspn(rest + actor + 1, "0123456789");
	if (!n || rest[actor + 1 + n])
		return NULL;
	if (str_eq(rest + actor, ".1"))
		return xstrndup(id, digits + 1 + actor);
	return xstrdup(id);
}

struct search {
	const char *id, *session;
	size_t prefix;		/* of the id, the slash included */
	bool found;
	struct receipt *out;
	char *newest;
	struct strbuf near;	/* ids of the same iteration */
	size_t nr_near;
};

static int match_id(struct receipt *r, void *data)
{
	struct search *s = data;

	if (str_eq(r->id, s->id)) {
		*s->out = *r;
		receipt_init(r);
		s->found = true;
		return 1;
	}
	if (!s->newest)
		s->newest = xstrdup(r->id);
	if (!strncmp(r->id, s->id, s->prefix) && s->nr_near < NEAR_MAX) {
		strbuf_addf(&s->near, "%s%s", s->nr_near++ ? ", " : "", r->id);
	}
	return 0;
}

int receipt_find(struct receipt *out, struct orch *o, const char *id)
{
	char *wanted = normal_id(id);
	struct search s = { wanted, NULL, 0, false, out, NULL, STRBUF_INIT, 0 };
	size_t broken = 0;
	int rc;

	receipt_init(out);
	if (!wanted)
		return error_set(ORCH_ENO, "'%s' is not the id of a turn "
				 "(<iteration>/<actor>, as in 17/ralph or "
				 "17/ralph.2)", id);
	s.prefix = strcspn(wanted, "/") + 1;
	rc = walk(o, NULL, match_id, &s, &broken);
	if (rc == 0 && !s.found) {
		if (s.nr_near)
			rc = error_set(ORCH_ENO, "no turn %s on loop %s; there is %s",
				       wanted, o->loop, s.near.buf);
		else if (s.newest)
			rc = error_set(ORCH_ENO, "no turn %s on loop %s; the last "
				       "is %s", wanted, o->loop, s.newest);
		else
			rc = error_set(ORCH_ENO, "no turns yet on loop %s", o->loop);
	}
	free(wanted);
	free(s.newest);
	strbuf_release(&s.near);
	return rc;
}

static int match_session(struct receipt *r, void *data)
{
	struct search *s = data;

	if (!r->total.session || !str_eq(r->total.session, s->session) ||
	    (!r->total.has_tokens && !r->total.has_cost))
		return 0;
	*s->out = *r;
	receipt_init(r);
	s->found = true;
	return 1;
}

int receipt_find_session(struct receipt *out, struct orch *o,
			 const char *session)
{
	struct search s = { NULL, session, 0, false, out, NULL, STRBUF_INIT, 0 };
	size_t broken = 0;
	int rc;

	receipt_init(out);
	if (session[strcspn(session, "\"\\/")] || !*session)
		return error_set(ORCH_ENO, "not the id of a session");
	rc = walk(o, session, match_session, &s, &broken);
	if (rc == 0 && !s.found)
		rc = error_set(ORCH_ENO, "no turn of session %s", session);
	return rc;
}
