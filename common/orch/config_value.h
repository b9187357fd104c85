#ifndef ORCH_CONFIG_VALUE_H
#define ORCH_CONFIG_VALUE_H
/*
 * What the values of configuration keys look like, by type. Only config.c needs
 * this.
 */
#include "orch/config.h"

enum key_type {
	KEY_STRING, KEY_PATH, KEY_PATH_LIST, KEY_PATTERN, KEY_PATTERN_LIST,
	KEY_ACTORS, KEY_INT, KEY_SIZE, KEY_BOOL, KEY_DURATION, KEY_AGENT,
	KEY_COMMAND, KEY_PRICE
};
struct key {
	struct config_key public;
	enum key_type type;
};

/* NULL if the value is fine for the key, else what is wrong with it. */
const char *config_check_value(const struct key *key, const char *value);
/* 0 or ORCH_EINVALID; no message is stored. */
int config_parse_number(int64_t *out, const char *s, bool with_unit);
int config_parse_price(double *out, const char *s);	/* 0 to 1000: "0.1" */
int config_parse_bool(bool *out, const char *s);
#endif
