/*
 * Lines that scroll by and one status line below them.
 */
#include "base/live.h"

#include <stdarg.h>

#include "base/output.h"
#include "base/text.h"

#define PARTIAL_MAX 65536

static void put(struct live *l, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(l->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;	/* showing is best effort */
		data += n;
		len -= (size_t)n;
	}
}

static size_t columns(const struct live *l)
{
	size_t n = output_columns(l->fd);

	return n ? n : 80;
}

void live_open(struct live *l, int fd)
{
	const char *term = getenv("TERM");

	l->fd = fd;
	l->is_terminal = isatty(fd) && term && !str_eq(term, "dumb");
	l->color = output_wants_color(fd);
	strbuf_init(&l->partial);
	strbuf_init(&l->status);
}

void live_clear(struct live *l)
{
	if (!l->status.len)
		return;
	put(l, "\r\033[K", 4);
	strbuf_reset(&l->status);
}

/* Write whole lines above the status line, in one write. */
static void show_lines(struct live *l, const char *data, size_t len, bool dim)
{
	struct strbuf out = STRBUF_INIT;

	if (l->status.len)
		strbuf_addstr(&out, "\r\033[K");
	for (size_t i = 0; i < len;) {
		const char *nl = memchr(data + i, '\n', len - i);
		size_t n = nl ? (size_t)(nl - (data + i)) : len - i;

		if (dim && l->color)
			strbuf_addstr(&out, output_color_code(OUTPUT_DIM));
		text_add_safe(&out, data + i, n, true);
		if (dim && l->color)
			strbuf_addstr(&out, "\033[m");
		strbuf_addch(&out, '\n');
		i += n + 1;
	}
	strbuf_addbuf(&out, &l->status);
	put(l, out.buf, out.len);
	strbuf_release(&out);
}

void live_text(struct live *l, const void *data, size_t len)
{
	const char *nl;

	strbuf_add(&l->partial, data, len);
	nl = memrchr(l->partial.buf, '\n', l->partial.len);
	if (nl) {
		size_t whole = (size_t)(nl - l->partial.buf) + 1;

		show_lines(l, l->partial.buf, whole, true);
		strbuf_remove(&l->partial, 0, whole);
	} else if (l->partial.len > PARTIAL_MAX) {
		live_flush(l);
	}
}

void live_flush(struct live *l)
{
	if (l->partial.len)
		show_lines(l, l->partial.buf, l->partial.len, true);
	strbuf_reset(&l->partial);
}

void live_line(struct live *l, const char *fmt, ...)
{
	struct strbuf line = STRBUF_INIT;
	va_list ap;

	live_flush(l);
	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	show_lines(l, line.buf, line.len, false);
	strbuf_release(&line);
}

void live_status(struct live *l, const char *fmt, ...)
{
	struct strbuf line = STRBUF_INIT, safe = STRBUF_INIT;
	size_t width, len;
	va_list ap;

	if (!l->is_terminal)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&line, fmt, ap);
	va_end(ap);
	text_add_safe(&safe, line.buf, line.len, true);
	/* The last column stays free: terminals differ in when they wrap. */
	width = columns(l) - 1;
	for (len = safe.len; len && utf8_width(safe.buf, len) > width; len--)
		;
	while (len && len < safe.len && ((unsigned char)safe.buf[len] & 0xc0) == 0x80)
		len--;
	strbuf_setlen(&safe, len);
	if (l->status.len != safe.len || memcmp(l->status.buf, safe.buf, safe.len)) {
		strbuf_reset(&line);
		strbuf_addstr(&line, "\r\033[K");
		strbuf_addbuf(&line, &safe);
		put(l, line.buf, line.len);
		strbuf_reset(&l->status);
		strbuf_addbuf(&l->status, &safe);
	}
	strbuf_release(&line);
	strbuf_release(&safe);
}

void live_close(struct live *l)
{
	live_flush(l);
	live_clear(l);
	strbuf_release(&l->partial);
	strbuf_release(&l->status);
}
