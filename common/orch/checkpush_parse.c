/*
 * What git says about a push, on the standard input of its hook.
 */
#include <ctype.h>

#include "base/error.h"
#include "orch/checkpush.h"

#define SHA256_HEX 64
#define LINE_MAX_BYTES 8192

/* "0000...": of any length, for hashes to come. */
static bool is_zero(const char *s, size_t len)
{
	return len && strspn(s, "0") >= len;
}

static bool is_hex(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)s[i]) && (s[i] < 'a' || s[i] > 'f'))
			return false;
	return true;
}

/* 0, ORCH_EINVALID, or ORCH_EUNSUPPORTED for the hash of another kind of repository.
 * *zero says whether it was all zeros. */
static int parse_oid(struct oid *out, bool *zero, const char *s, size_t len)
{
	char hex[OID_HEX + 1];

	*zero = is_zero(s, len);
	memset(out, 0, sizeof(*out));
	if (*zero)
		return len == OID_HEX || len == SHA256_HEX ? 0 : ORCH_EINVALID;
	if (len == SHA256_HEX && is_hex(s, len))
		return ORCH_EUNSUPPORTED;
	if (len != OID_HEX)
		return ORCH_EINVALID;
	memcpy(hex, s, len);
	hex[len] = '\0';
	return oid_parse(out, hex);
}

/* The last field of s[0..*len), which then ends before it; NULL without one. */
static const char *take_field(const char *s, size_t *len, size_t *field_len)
{
	const char *blank = memrchr(s, ' ', *len);

	if (!blank || blank == s)
		return NULL;
	*field_len = *len - (size_t)(blank + 1 - s);
	*len = (size_t)(blank - s);
	return *field_len ? blank + 1 : NULL;
}

/* Three fields from the right: what was typed on the left may have blanks. */
static int parse_line(struct push *out, const char *s, size_t len)
{
	size_t old_len, name_len, tip_len;
	const char *old = take_field(s, &len, &old_len);
	const char *name = old ? take_field(s, &len, &name_len) : NULL;
	const char *tip = name ? take_field(s, &len, &tip_len) : NULL;
	struct push_line line = { 0 };
	bool deletes, is_new;
	int tip_rc, old_rc;

	if (!tip || !len || name_len < 5 || memcmp(name, "refs/", 5) != 0)
		return ORCH_EINVALID;
	tip_rc = parse_oid(&line.tip, &deletes, tip, tip_len);
	old_rc = parse_oid(&line.old, &is_new, old, old_len);
	if (tip_rc == ORCH_EINVALID || old_rc == ORCH_EINVALID)
		return ORCH_EINVALID;
	if (deletes || (name_len > 10 && !memcmp(name, "refs/orch/", 10)))
		return 0;
	if (tip_rc < 0 || old_rc < 0)
		return ORCH_EUNSUPPORTED;
	line.local = xstrndup(s, len);
	line.remote = xstrndup(name, name_len);
	ALLOC_GROW(out->v, out->nr + 1, out->alloc);
	out->v[out->nr++] = line;
	return 0;
}

int push_parse(struct push *out, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *eol = memchr(text + at, '\n', len - at);
		size_t n = eol ? (size_t)(eol - text) - at : len - at;
		int rc = ORCH_EINVALID;

		out->lines++;
		if (eol && n <= LINE_MAX_BYTES && !memchr(text + at, '\0', n))
			rc = parse_line(out, text + at, n);
		if (rc == ORCH_EUNSUPPORTED)
			return error_set(rc, "the repository uses SHA-256, which git-orch "
					 "cannot read: what is pushed cannot be judged");
		if (rc < 0)
			return error_set(rc, "line %zu of what git says about the push is %s",
					 out->lines, eol ? "malformed" : "cut off");
		at += n + 1;
	}
	return 0;
}

void push_release(struct push *p)
{
	for (size_t i = 0; i < p->nr; i++) {
		free(p->v[i].local);
		free(p->v[i].remote);
	}
	free(p->v);
	*p = (struct push)PUSH_INIT;
}
