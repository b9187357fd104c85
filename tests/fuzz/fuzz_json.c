/*
 * Any text: what the strict reader accepts, the lenient one does too, and
 * what is printed is read again and printed the same.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"

#include "fuzz.h"

static void check_printed(const struct json *value)
{
	struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
	struct json *again;

	json_print(&once, value);
	if (!utf8_valid(once.buf, once.len))
		BUG("printed invalid UTF-8");
	if (json_parse(&again, once.buf, once.len, "printed") < 0)
		BUG("%s", error_message());
	json_print(&twice, again);
	if (!str_eq(once.buf, twice.buf))
		BUG("printed '%s', then '%s'", once.buf, twice.buf);
	json_free(again);
	strbuf_release(&once);
	strbuf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct json *strict, *lenient;
	int rc = json_parse(&strict, (const char *)data, size, "strict");
	int rc2 = json_parse_lenient(&lenient, (const char *)data, size, "lenient");

	if (!rc && rc2)
		BUG("strict accepts what lenient refuses: %s", error_message());
	if (!rc)
		check_printed(strict);
	if (!rc2)
		check_printed(lenient);
	json_free(strict);
	json_free(lenient);
	return 0;
}
