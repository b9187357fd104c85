/*
 * What the remote of a storm on several machines must hold afterwards: one
 * chain of states, of which no link that was ever published is missing, with
 * one holder for each generation.
 */
#include "base/json.h"
#include "base/strbuf.h"
#include "base/strvec.h"
#include "storm.h"

#define REF "refs/orch/main/turn"

static int faults;

#define FAULT(...) \
	(faults++ < 20 ? fprintf(stderr, "chain: " __VA_ARGS__), fputc('\n', stderr) : 0)

/* The output of git in the bare repository; "" if it fails. Yours to free. */
static char *ask(const char *bare, const char *what, const char *arg1,
		 const char *arg2)
{
	const char *argv[] = { "git", "-C", bare, what, arg1, arg2, NULL };
	char *out = NULL;

	if (run_program(&out, argv)) {
		free(out);
		return xstrdup("");
	}
	return out;
}

static struct json *state_of(const char *bare, const char *commit)
{
	char *name = xstrfmt("%s:turn.json", commit), *text;
	struct json *in = NULL;

	text = ask(bare, "cat-file", "blob", name);
	if (json_parse(&in, text, strlen(text), "state") < 0)
		in = NULL;
	free(text);
	free(name);
	return in;
}

struct link {			/* what one commit says */
	int64_t generation;
	char holder[256];	/* "": nobody */
	char nonce[64];
};

static bool read_link(struct link *l, const char *bare, const char *commit)
{
	struct json *in = state_of(bare, commit);
	const struct json *h = json_get(in, "holder");
	const char *nonce = json_get_string(in, "nonce");
	const char *actor = json_get_string(h, "actor");
	const char *clone = json_get_string(h, "clone");
	int64_t pid = 0, start = 0;
	bool ok = json_get_int(in, "generation", &l->generation) == 0;

	snprintf(l->nonce, sizeof(l->nonce), "%s", nonce ? nonce : "");
	l->holder[0] = '\0';
	if (actor) {
		json_get_int(h, "pid", &pid);
		json_get_int(h, "start", &start);
		snprintf(l->holder, sizeof(l->holder), "%s %" PRId64 " %" PRId64 " %s",
			 actor, pid, start, clone ? clone : "-");
	}
	json_free(in);
	return ok;
}

/* Each commit has one parent, and generations and holders are in order. */
static void check_links(const char *bare, const struct strvec *commits)
{
	struct link before = { 0 }, l;
	char holder[256] = "";		/* of the generation at hand */

	for (size_t i = 0; i < commits->nr; i++) {
		const char *hash = commits->v[i];

		if (!read_link(&l, bare, hash)) {
			FAULT("%.10s holds no state", hash);
			continue;
		}
		if (!l.nonce[0])
			FAULT("%.10s has no nonce", hash);
		else if (str_eq(l.nonce, before.nonce))
			FAULT("%.10s has the nonce of its parent", hash);
		if (l.generation < before.generation)
			FAULT("%.10s goes back from generation %" PRId64 " to %" PRId64,
			      hash, before.generation, l.generation);
		if (l.generation != before.generation)
			holder[0] = '\0';
		if (l.holder[0] && holder[0] && !str_eq(l.holder, holder))
			FAULT("generation %" PRId64 " has two holders: %s and %s",
			      l.generation, holder, l.holder);
		if (l.holder[0])
			snprintf(holder, sizeof(holder), "%s", l.holder);
		before = l;
	}
}

/* What the remote's own hook has seen published is in the chain. */
static void check_updates(const char *path, const struct strvec *commits)
{
	char line[512], old[80], new[80], ref[256];
	FILE *f = fopen(path, "r");
	long n = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%79s %79s %255s", old, new, ref) != 3 ||
		    !str_eq(ref, REF))
			continue;
		n++;
		if (!strvec_has(commits, new))
			FAULT("%.10s was published and is not in the chain", new);
	}
	if (f)
		fclose(f);
	if (!n)
		FAULT("nothing was ever published");
}

int check_chain(struct event *final, const char *bare, const char *updates)
{
	char *list = ask(bare, "rev-list", "--parents", REF), *p = list, *nl;
	struct strvec newest = STRVEC_INIT, commits = STRVEC_INIT;
	struct json *tip;

	faults = 0;
	for (; (nl = strchr(p, '\n')); p = nl + 1) {
		*nl = '\0';
		if (strlen(p) > 82)
			FAULT("%.10s has several parents", p);
		p[strcspn(p, " ")] = '\0';
		strvec_push(&newest, p);
	}
	for (size_t i = newest.nr; i-- > 0;)
		strvec_push(&commits, newest.v[i]);
	check_links(bare, &commits);
	check_updates(updates, &commits);
	*final = (struct event){ .kind = 'F', .time = storm_now(), .actor = -1 };
	tip = state_of(bare, REF);
	if (!state_event(final, tip))
		FAULT("the last state cannot be read");
	printf("chain: %zu published states; %d faults\n", commits.nr, faults);
	json_free(tip);
	strvec_release(&newest);
	strvec_release(&commits);
	free(list);
	return faults;
}

int check_branch(const char *repo, long want)
{
	char *list = ask(repo, "log", "--format=%s", "main"), *p = list, *nl;
	int foreign = 0, bad = 0;
	long runs = 0;

	for (; (nl = strchr(p, '\n')); p = nl + 1) {
		if (str_starts(p, "run "))
			runs++;
		else
			foreign += !str_starts(p, "storm");
	}
	if (p == list || foreign) {
		fprintf(stderr, "chain: %d commits on main of %s are not the players'%s\n",
			foreign, repo, p == list ? ", nor is there one" : "");
		bad++;
	}
	if (want >= 0 && runs != want) {
		fprintf(stderr, "chain: the players made %ld commits, and main of %s "
			"has %ld\n", want, repo, runs);
		bad++;
	}
	free(list);
	return bad;
}
