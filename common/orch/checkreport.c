/*
 * What checks found, for people and programs.
 */
#include "base/json.h"
#include "base/output.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/check.h"

/* "docs/plan.md:12: what is wrong (commit 1234567)" */
static void add_finding_text(struct strbuf *out, const struct check_finding *f)
{
	if (f->path) {
		text_add_quoted_path(out, f->path, strlen(f->path));
		if (f->line)
			strbuf_addf(out, ":%u", f->line);
		strbuf_addstr(out, ": ");
	}
	strbuf_addstr(out, f->message);
	if (!oid_is_zero(&f->commit))
		strbuf_addf(out, " (commit %s)", oid_short(&f->commit));
}

static void add_exception_text(struct strbuf *out, const struct check_exception *e)
{
	if (e->skipped)
		strbuf_addstr(out, "by GIT_ORCH_SKIP");
	else
		strbuf_addf(out, "%zu finding%s, by commit %s: %s", e->findings,
			    e->findings == 1 ? "" : "s", oid_short(&e->commit), e->reason);
}

static const char *exception_name(const struct check_exception *e)
{
	return e->skipped ? "skipped" : "allowed";
}

void check_finding_line(struct strbuf *out, const struct check_finding *f)
{
	strbuf_addf(out, "%s %s: ", check_level_name(f->level), f->rule);
	add_finding_text(out, f);
}

void check_exception_line(struct strbuf *out, const struct check_exception *e)
{
	strbuf_addf(out, "%s %s: ", exception_name(e), e->rule);
	add_exception_text(out, e);
}

/* --- page --------------------------------------------------------------------------- */

static enum output_color color_of(enum check_level level)
{
	return level == CHECK_ERROR ? OUTPUT_RED :
	       level == CHECK_WARN ? OUTPUT_YELLOW : OUTPUT_DIM;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

void check_report_page(struct output *o, const struct check_report *r,
		       enum check_stage stage)
{
	struct strbuf line = STRBUF_INIT;

	output_table_begin(o, "llw");
	for (size_t i = 0; i < r->nr; i++) {
		strbuf_reset(&line);
		add_finding_text(&line, &r->v[i]);
		output_cell_color(o, color_of(r->v[i].level), "%s",
				  check_level_name(r->v[i].level));
		output_cell(o, "%s", r->v[i].rule);
		output_cell(o, "%s", line.buf);
		output_row_end(o);
	}
	for (size_t i = 0; i < r->nr_exceptions; i++) {
		strbuf_reset(&line);
		add_exception_text(&line, &r->exceptions[i]);
		output_cell(o, "%s", exception_name(&r->exceptions[i]));
		output_cell(o, "%s", r->exceptions[i].rule);
		output_cell(o, "%s", line.buf);
		output_row_end(o);
	}
	strbuf_reset(&line);
	output_table_end(o);
	strbuf_addf(&line, "%s: %zu rule%s, ", check_stage_name(stage), r->rules,
		    plural(r->rules));
	if (r->nr)
		strbuf_addf(&line, "%zu error%s, %zu warning%s", r->errors, plural(r->errors),
			    r->warnings, plural(r->warnings));
	else
		strbuf_addstr(&line, "nothing found");
	if (r->allowed)
		strbuf_addf(&line, ", %zu allowed", r->allowed);
	if (r->skipped)
		strbuf_addf(&line, ", %zu skipped", r->skipped);
	output_line(o, "%s", line.buf);
	strbuf_release(&line);
}

/* --- JSON ---------------------------------------------------------------------------- */

static void add_bytes(struct json *out, const char *key, const char *s)
{
	if (s)
		json_add_bytes(out, key, s, strlen(s));
	else
		json_add_null(out, key);
}

static void add_commit(struct json *out, const struct oid *commit)
{
	json_add_string(out, "commit", oid_is_zero(commit) ? NULL : oid_hex(commit));
}

static void add_count(struct json *out, const char *key, size_t n)
{
	json_add_int(out, key, (int64_t)n);
}

void check_report_to_json(struct json *out, const struct check_report *r, size_t max)
{
	struct json *list = json_add_array(out, "findings"), *x;

	for (size_t i = 0; i < r->nr && (!max || i < max); i++) {
		const struct check_finding *f = &r->v[i];

		x = json_add_object(list, NULL);
		json_add_string(x, "rule", f->rule);
		json_add_string(x, "level", check_level_name(f->level));
		json_add_string(x, "stage", check_stage_name(f->stage));
		json_add_string(x, "message", f->message);
		add_bytes(x, "path", f->path);
		if (f->line)
			json_add_int(x, "line", f->line);
		else
			json_add_null(x, "line");
		add_commit(x, &f->commit);
	}
	add_count(out, "errors", r->errors);
	add_count(out, "warnings", r->warnings);
	add_count(out, "allowed", r->allowed);
	add_count(out, "skipped", r->skipped);
	add_count(out, "rules", r->rules);
	list = json_add_array(out, "exceptions");
	for (size_t i = 0; i < r->nr_exceptions; i++) {
		const struct check_exception *e = &r->exceptions[i];

		x = json_add_object(list, NULL);
		json_add_string(x, "rule", e->rule);
		json_add_string(x, "by", e->skipped ? "GIT_ORCH_SKIP" : "Orch-Allow");
		json_add_string(x, "reason", e->skipped ? NULL : e->reason);
		add_count(x, "findings", e->findings);
		add_commit(x, &e->commit);
	}
}

/* --- SARIF --------------------------------------------------------------------------- */

static const char *sarif_level(enum check_level level)
{
	static const char *const names[] = { "none", "note", "warning", "error" };

	return names[level];
}

/* A relative URI reference: everything that is not plain is a %XX. */
static char *uri_of(const char *path)
{
	struct strbuf out = STRBUF_INIT;

	for (const char *p = path; *p; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("-._~/", *p))
			strbuf_addch(&out, *p);
		else
			strbuf_addf(&out, "%%%02X", (unsigned char)*p);
	}
	return strbuf_detach(&out, NULL);
}

static void add_text(struct json *out, const char *key, const char *text)
{
	json_add_string(json_add_object(out, key), "text", text);
}

/* GitHub takes no log in which a result has no place: of a message, say, it is where
 * the rules stand. */
static void add_location(struct json *result, const struct check_finding *f)
{
	struct json *place, *list = json_add_array(result, "locations");
	char *uri = uri_of(f->path ? f->path : ".orchconfig");

	place = json_add_object(json_add_object(list, NULL), "physicalLocation");
	json_add_string(json_add_object(place, "artifactLocation"), "uri", uri);
	if (f->line)
		json_add_int(json_add_object(place, "region"), "startLine", f->line);
	free(uri);
}

/* The rules that were broken or excepted, each once: its place in the list. */
static int64_t rule_index(struct json *list, const char *name)
{
	int64_t at = 0;

	for (const struct json *x = json_first(list); x; x = json_next(x), at++)
		if (str_eq(json_get_string(x, "id"), name))
			return at;
	return -1;
}

static void add_rule(struct json *list, const struct check_rule *rule)
{
	struct json *x = json_add_object(list, NULL);
	char *text = xstrfmt("%s (kind %s)", rule->message ? rule->message : rule->name,
			     check_kind_name(rule->kind));

	json_add_string(x, "id", rule->name);
	add_text(x, "shortDescription", text);
	json_add_string(json_add_object(x, "defaultConfiguration"), "level",
			sarif_level(rule->level));
	free(text);
}

void check_report_to_sarif(struct json *out, const struct check_report *r,
			   const struct check_rules *rules)
{
	struct json *run, *driver, *list, *results;

	json_add_string(out, "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/"
			"errata01/os/schemas/sarif-schema-2.1.0.json");
	json_add_string(out, "version", "2.1.0");
	run = json_add_object(json_add_array(out, "runs"), NULL);
	driver = json_add_object(json_add_object(run, "tool"), "driver");
	json_add_string(driver, "name", "git-orch");
	json_add_string(driver, "version", ORCH_VERSION);
	list = json_add_array(driver, "rules");
	for (size_t i = 0; i < rules->nr; i++)
		add_rule(list, &rules->v[i]);
	json_add_string(run, "columnKind", "utf16CodeUnits");
	results = json_add_array(run, "results");
	for (size_t i = 0; i < r->nr; i++) {
		const struct check_finding *f = &r->v[i];
		struct json *x = json_add_object(results, NULL);
		int64_t at = rule_index(list, f->rule);
		struct json *more;

		json_add_string(x, "ruleId", f->rule);
		/* Not of a rule that only the remote of a push has. */
		if (at >= 0)
			json_add_int(x, "ruleIndex", at);
		json_add_string(x, "level", sarif_level(f->level));
		add_text(x, "message", f->message);
		add_location(x, f);
		more = json_add_object(x, "properties");
		json_add_string(more, "stage", check_stage_name(f->stage));
		add_commit(more, &f->commit);
	}
}
