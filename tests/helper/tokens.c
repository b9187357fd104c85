/*
 * Print the estimate for each file: for tests/bench/tokens.sh.
 */
#include "base/compat.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/tokens.h"

int main(int argc, char **argv)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	for (int i = 1; i < argc && rc == 0; i++) {
		strbuf_reset(&text);
		rc = file_read(&text, argv[i], 1 << 30, 0);
		if (rc == 0)
			printf("%" PRId64 "\n", tokens_of_text(text.buf, text.len));
	}
	strbuf_release(&text);
	return rc != 0;
}
