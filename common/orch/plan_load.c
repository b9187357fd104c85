/*
 * The plan of a work tree or a commit: the document, each item's own files, and the focus
 * that was handed over in orch.input.
 */
#include "base/error.h"
#include "base/strbuf.h"
#include "orch/discover.h"
#include "orch/ledger.h"
#include "orch/ledgerid.h"
#include "orch/orch.h"
#include "orch/plan_internal.h"

#define PHASE_FILES 2000
#define FOCUS_LINES 200		/* of orch.input that are looked at */

/* --- patterns ------------------------------------------------------------ */

static int load_regex(struct regex *re, struct orch *o, const char *key,
		      unsigned flags)
{
	const char *pattern = config_get(o->config, key);
	int rc;

	if (!pattern || !*pattern)
		return 0;
	rc = regex_compile(re, pattern, flags | REGEX_UTF);
	return rc < 0 ? error_prefix(rc, "%s", key) : 0;
}

/* "plans/active/{id}/": one whole component is the id. */
static bool phases_valid(const char *pattern)
{
	const char *id = strstr(pattern, "{id}");

	return id && (id == pattern || id[-1] == '/') &&
	       (!id[4] || id[4] == '/') && !strstr(id + 4, "{id}");
}

int plan_patterns_load(struct plan_patterns *p, struct orch *o)
{
	const char *phases = config_get(o->config, "orch.planPhases");
	const char *priority = config_get(o->config, "orch.planPriority");
	int rc;

	if ((rc = load_regex(&p->item, o, "orch.planItem", REGEX_ANCHORED)) < 0 ||
	    (rc = load_regex(&p->done, o, "orch.planDone", REGEX_ICASE)) < 0 ||
	    (rc = load_regex(&p->active, o, "orch.planActive", REGEX_ICASE)) < 0 ||
	    (rc = load_regex(&p->blocked, o, "orch.planBlocked", REGEX_ICASE)) < 0 ||
	    (rc = load_regex(&p->depends, o, "orch.planDepends", REGEX_ICASE)) < 0)
		return rc;
	if (priority && *priority) {
		p->priority = xstrdup(priority);
		for (char *s = p->priority; *s; s++)
			if (*s >= 'A' && *s <= 'Z')
				*s = (char)(*s - 'A' + 'a');
	}
	if (!phases || !*phases)
		return 0;
	if (!phases_valid(phases))
		return error_set(ORCH_EINVALID, "orch.planPhases: '%s' has no {id} "
				 "between slashes", phases);
	p->phases = xstrdup(phases);
	return 0;
}

void plan_patterns_release(struct plan_patterns *p)
{
	static const struct plan_patterns none = PLAN_PATTERNS_INIT;

	regex_release(&p->item);
	regex_release(&p->done);
	regex_release(&p->active);
	regex_release(&p->blocked);
	regex_release(&p->depends);
	free(p->priority);
	free(p->phases);
	*p = none;
}

/* --- phase files --------------------------------------------------------- */

static void read_phases(struct plan_builder *b, struct orch *o,
			const struct oid *commit, uint32_t item,
			const char *directory, size_t *files)
{
	struct strvec names = STRVEC_INIT;
	struct strbuf text = STRBUF_INIT;

	ledger_list_at(&names, o, commit, directory);
	for (size_t i = 0; i < names.nr && *files < PHASE_FILES; i++) {
		char *path;

		if (!str_ends(names.v[i], ".md"))
			continue;
		path = xstrfmt("%s/%s", directory, names.v[i]);
		strbuf_reset(&text);
		if (ledger_read_at(&text, o, commit, path) == 0) {
			plan_scan_phase(b, text.buf, text.len, path, item);
			++*files;
		} else {
			warn_once("%s", error_message());
			error_clear();
		}
		free(path);
	}
	strvec_release(&names);
	strbuf_release(&text);
}

/* Directories are listed, not tried: 120,000 items may have three of them. */
static void find_phases(struct plan_builder *b, struct orch *o,
			const struct oid *commit)
{
	const char *pattern = b->patterns->phases, *id;
	struct strvec names = STRVEC_INIT;
	size_t files = 0;
	char *parent;

	if (!pattern || !(id = strstr(pattern, "{id}")))
		return;
	parent = xstrndup(pattern, (size_t)(id - pattern));
	while (*parent && str_ends(parent, "/"))
		parent[strlen(parent) - 1] = '\0';
	ledger_list_at(&names, o, commit, *parent ? parent : ".");
	for (size_t i = 0; i < names.nr; i++) {
		uint32_t item = plan_index_of(b->p, names.v[i], false);
		char *path;

		if (item == PLAN_NO_ITEM)
			continue;
		path = xstrfmt("%s%s%s%s", parent, *parent ? "/" : "", names.v[i], id + 4);
		while (str_ends(path, "/"))
			path[strlen(path) - 1] = '\0';
		read_phases(b, o, commit, item, path, &files);
		free(path);
	}
	strvec_release(&names);
	free(parent);
}

/* --- focus --------------------------------------------------------------- */

static void read_focus(struct plan_builder *b, struct orch *o,
		       const struct oid *commit)
{
	const char *path = config_get(o->config, "orch.input");
	struct strbuf text = STRBUF_INIT;
	struct md_slice id, title;
	struct md_scan scan;
	struct md_field f;
	struct md_line l;
	const char *name;

	if (ledger_read_at(&text, o, commit, path) < 0) {
		error_clear();
		goto out;
	}
	for (md_scan_init(&scan, text.buf, text.len);
	     md_scan_next(&scan, &l) && l.number <= FOCUS_LINES;) {
		if ((l.kind != LINE_TEXT && l.kind != LINE_ASIDE) ||
		    !md_field(&f, l.text, l.len) || !md_key_is(f.key, "focus"))
			continue;
		if (!ledger_split(&id, &title, f.value, plan_item_pattern(b))) {
			id = f.value;
			for (id.len = 0; id.len < f.value.len &&
					 f.value.text[id.len] != ' '; id.len++)
				;
		}
		name = arena_strn(&b->p->memory, id.text, id.len);
		/* "Focus: none" leaves the plan's own. */
		if (plan_index_of(b->p, name, true) != PLAN_NO_ITEM)
			b->p->focus = name;
		break;
	}
out:
	strbuf_release(&text);
}

/* --- the whole ----------------------------------------------------------- */

static int read_plan(struct strbuf *text, struct orch *o, const struct oid *commit,
		     const char **path)
{
	const char *wanted = *path ? *path : config_get(o->config, "orch.plan");
	int rc = ledger_read_at(text, o, commit, wanted);

	if (rc != ORCH_ENOTFOUND || *path)
		goto out;
	if (config_level_of(o->config, "orch.plan") == CONFIG_DEFAULT)
		for (const char *const *name = discovery_plan_names; *name; name++) {
			if (ledger_read_at(text, o, commit, *name) != 0)
				continue;
			error_clear();
			*path = *name;
			return 0;
		}
	rc = error_set(ORCH_ENOTFOUND, "there is no plan '%s': write one, or name yours "
		       "with --plan or git config orch.plan <path>", wanted);
out:
	*path = wanted;
	return rc;
}

int plan_load(struct plan *p, struct orch *o, const char *path)
{
	return plan_load_at(p, o, path, NULL);
}

int plan_load_at(struct plan *p, struct orch *o, const char *path,
		 const struct oid *commit)
{
	struct plan_patterns patterns = PLAN_PATTERNS_INIT;
	struct strbuf text = STRBUF_INIT;
	struct plan_builder b;
	int rc;

	plan_release(p);
	if ((rc = plan_patterns_load(&patterns, o)) < 0 ||
	    (rc = read_plan(&text, o, commit, &path)) < 0)
		goto out;
	plan_builder_init(&b, p, &patterns);
	plan_scan(&b, text.buf, text.len, path);
	plan_builder_merge(&b);
	find_phases(&b, o, commit);
	read_focus(&b, o, commit);
	plan_builder_finish(&b);
	strbuf_release(&p->text);
	p->text = text;
	strbuf_init(&text);
out:
	strbuf_release(&text);
	plan_patterns_release(&patterns);
	return rc;
}
