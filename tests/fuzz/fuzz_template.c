/* Any template over fixed data; an error leaves the output as it was. */
#include "base/json.h"
#include "base/strbuf.h"
#include "base/template.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char text[] =
		"{\"a\":\"x\",\"b\":{\"c\":1.5,\"a\":true},\"l\":[1,\"y\",{\"a\":2}],"
		"\"e\":[],\"n\":null,\"s\":\"\",\"m\":[[1,2],[]],\"f\":false}";
	static struct json *values;
	struct strbuf out = STRBUF_INIT;

	if (!values && json_parse(&values, text, sizeof(text) - 1, "data") < 0)
		BUG("bad data");
	strbuf_addstr(&out, "+");
	if (template_render(&out, (const char *)data, size, "t", values) < 0 &&
	    !str_eq(out.buf, "+"))
		BUG("an error left output behind");
	strbuf_release(&out);
	return 0;
}
