#ifndef BASE_JSONSCAN_H
#define BASE_JSONSCAN_H
/*
 * The strict reading of JSON (RFC 8259), done before cJSON sees the text:
 * grammar, UTF-8, depth, size of numbers. Used by json.c only.
 */
#include "base/compat.h"

#define JSON_DEPTH 128

struct json_scan {
	char *text;		/* `lenient` changes escapes in place */
	size_t len;
	bool lenient;		/* \u0000 and lone surrogates become \ufffd */
	size_t pos;		/* where it went wrong */
	const char *fault;	/* what is wrong there */
};

/* 0, or -1 with `pos` and `fault`. */
int json_scan(struct json_scan *s);
#endif
