/*
 * The one stored error, and talk that is not failure.
 */
#include "base/error.h"

#include <stdarg.h>

#include "base/strbuf.h"
#include "base/strvec.h"

#define MAX_ONCE 100	/* warnings of warn_once() */

static struct strbuf message = STRBUF_INIT;
static error_sink *sink;

int error_set(int code, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	/* The arguments may point into the old message. */
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_release(&message);
	message = text;
	return code;
}

int error_sys(const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_addf(&text, ": %s", strerror(saved));
	strbuf_release(&message);
	message = text;
	errno = saved;
	return ORCH_ERROR;
}

int error_prefix(int code, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_addstr(&text, ": ");
	strbuf_addbuf(&text, &message);
	strbuf_release(&message);
	message = text;
	return code;
}

const char *error_message(void)
{
	return message.buf;
}

void error_clear(void)
{
	strbuf_release(&message);
}

void error_set_sink(error_sink *new_sink)
{
	sink = new_sink;
}

static void talk(bool is_warning, const char *fmt, va_list ap)
{
	struct strbuf text = STRBUF_INIT;
	int saved = errno;

	if (sink) {
		strbuf_vaddf(&text, fmt, ap);
		sink(is_warning, text.buf);
		strbuf_release(&text);
	}
	errno = saved;
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	talk(true, fmt, ap);
	va_end(ap);
}

void warn_once(const char *fmt, ...)
{
	static struct strvec said = STRVEC_INIT;
	struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (said.nr <= MAX_ONCE && !strvec_has(&said, text.buf)) {
		if (said.nr < MAX_ONCE)
			warn("%s", text.buf);
		else
			warn("further warnings like these are not shown");
		strvec_push(&said, text.buf);
	}
	strbuf_release(&text);
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	talk(false, fmt, ap);
	va_end(ap);
}
