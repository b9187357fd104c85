/*
 * Any text: what is accepted stays within what the header promises, and is
 * valid JSON.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/yaml.h"

#include "fuzz.h"

static unsigned depth_of(const struct json *v)
{
	unsigned deepest = 0;

	for (const struct json *c = json_first(v); c; c = json_next(c)) {
		unsigned d = depth_of(c);

		if (d > deepest)
			deepest = d;
	}
	return deepest + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = STRBUF_INIT;
	struct json *value, *again;

	if (yaml_parse(&value, (const char *)data, size, "fuzz") < 0) {
		if (value || !*error_message())
			BUG("refused without saying why");
		return 0;
	}
	if (depth_of(value) > YAML_DEPTH)
		BUG("%u levels", depth_of(value));
	json_print(&text, value);
	if (text.len > YAML_COST * 8)
		BUG("%zu bytes", text.len);
	if (json_parse(&again, text.buf, text.len, "printed") < 0)
		BUG("%s", error_message());
	json_free(again);
	json_free(value);
	strbuf_release(&text);
	return 0;
}
