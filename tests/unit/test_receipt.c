/* Receipts: kept, found again, and never in the way of a turn. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strvec.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/orch.h"
#include "orch/prompt.h"
#include "orch/receipt.h"

static struct orch o = ORCH_INIT;

static void sh(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

static int setup(void **state UNUSED)
{
	sh("rm -rf r && git init -q -b main r && cd r && echo one >a && "
	   "git add a && git commit -q -m one && git config orch.keepTurns 2");
	if (chdir("r") || orch_open(&o, 0) < 0)
		return -1;
	return 0;
}

static int teardown(void **state UNUSED)
{
	orch_release(&o);
	error_clear();
	return chdir(unit_dir);
}

/* A held turn, as turn_acquire() would give it. */
static void begin(struct receipt *r, int64_t iteration, const char *actor,
		  int64_t ordinal)
{
	struct turn t;

	turn_init(&t);
	t.generation = 10 * iteration + ordinal;
	t.iteration = iteration;
	t.step = 1;
	t.status = TURN_RUNNING;
	t.holder.actor = xstrdup(actor);
	t.holder.host = xstrdup("desk");
	t.holder.since_ms = time_now_ms() - 1500;
	t.holder.attempt = t.holder.ordinal = ordinal;
	t.holder.waited_ms = 7;
	assert_int_equal(repo_head(o.repo, &t.holder.head, NULL), 0);
	assert_int_equal(receipt_begin(r, &o, &t), 0);
	turn_release_memory(&t);
}

static void play(int64_t iteration, const char *actor, int64_t ordinal,
		 enum turn_status status)
{
	struct receipt r;

	begin(&r, iteration, actor, ordinal);
	assert_int_equal(receipt_end(&r, &o, status), 0);
	assert_int_equal(receipt_write(&o, &r), 0);
	receipt_release(&r);
}

static char *store(void)
{
	return xstrfmt("%s/receipts.jsonl", o.dir);
}

static void test_round_trip(void **state UNUSED)
{
	struct receipt r, back;
	char *path = store();
	struct stat st;
	size_t i;
	bool has_bad = false;

	begin(&r, 17, "ralph", 2);
	assert_string_equal(r.id, "17/ralph.2");
	sh("echo two >b && git add b && git commit -q -m two && "
	   "echo 3 >a && git commit -q -a -m three && "
	   "echo 4 >a && printf x >\"$(printf 'bad\\377name')\"");
	r.reason = xstrdup("why \xff not");
	r.has_agent = true;
	r.agent = AGENT_CODEX;
	r.exit_code = 143;
	r.log = xstrdup("logs/main/17-ralph.2.log");
	assert_int_equal(receipt_end(&r, &o, TURN_FAILED), 0);
	assert_int_equal(receipt_write(&o, &r), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	assert_int_equal(receipt_find(&back, &o, "17/ralph.2"), 0);
	assert_int_equal(back.status, TURN_FAILED);
	assert_int_equal(back.generation, 172);
	assert_int_equal(back.waited_ms, 7);
	assert_int_equal(back.ended_ms - back.started_ms, r.ended_ms - r.started_ms);
	assert_true(back.ended_ms - back.started_ms >= 1500);
	assert_string_equal(back.host, "desk");
	assert_int_equal(back.agent, AGENT_CODEX);
	assert_int_equal(back.exit_code, 143);
	assert_string_equal(back.reason, "why \xef\xbf\xbd not");
	assert_int_equal(back.nr_commits, 2);
	assert_true(oid_eq(&back.commits[0], &back.head_after));
	assert_true(oid_eq(&back.head_before, &r.head_before));
	assert_int_equal(back.files_changed, 2);
	assert_int_equal(back.uncommitted, 2);
	assert_int_equal(back.nr_files, 3);	/* a, b, and not a again */
	for (i = 0; i < back.nr_files; i++)
		has_bad |= str_eq(back.files[i], "bad\xef\xbf\xbdname");
	assert_true(has_bad);
	assert_false(back.usage.has_tokens);
	assert_null(back.prompt);
	receipt_release(&back);
	receipt_release(&r);
	free(path);
}

/* An unborn branch before, a bare repository after: still a receipt. */
static void test_end_never_fails(void **state UNUSED)
{
	struct receipt r;

	begin(&r, 1, "galph", 1);
	memset(&r.head_before, 0, sizeof(r.head_before));
	assert_int_equal(receipt_end(&r, &o, TURN_OK), 0);
	assert_int_equal(r.nr_commits, 1);
	assert_int_equal(r.files_changed, 1);
	receipt_release(&r);

	begin(&r, 1, "galph", 1);
	memset(&r.head_before, 0x11, sizeof(r.head_before));	/* not here */
	sh("rm -rf .git/objects && mkdir .git/objects && rm .git/index && mkdir .git/index");
	assert_int_equal(receipt_end(&r, &o, TURN_OK), 0);
	assert_int_equal(receipt_write(&o, &r), 0);
	receipt_release(&r);
}

static void test_list(void **state UNUSED)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	char *path = store(), *other;

	assert_int_equal(receipt_list(&list, &o, 0), 0);
	assert_int_equal(list.nr, 0);
	play(1, "galph", 1, TURN_OK);
	play(1, "ralph", 1, TURN_FAILED);
	assert_int_equal(file_append(path, "not json\n{\"version\":1}\n"
				     "{\"version\":2,\"id\":\"9/x\"}\n\n", 46, 0600), 0);
	other = o.loop;
	o.loop = xstrdup("elsewhere");
	play(1, "galph", 1, TURN_OK);
	free(o.loop);
	o.loop = other;
	play(1, "ralph", 2, TURN_OK);
	assert_int_equal(receipt_list(&list, &o, 0), 0);
	assert_int_equal(list.nr, 3);
	assert_int_equal(list.broken, 3);
	assert_string_equal(list.v[0].id, "1/galph");
	assert_string_equal(list.v[2].id, "1/ralph.2");
	receipt_list_release(&list);
	assert_int_equal(receipt_list(&list, &o, 1), 0);
	assert_int_equal(list.nr, 1);
	assert_int_equal(list.broken, 0);
	assert_string_equal(list.v[0].id, "1/ralph.2");
	receipt_list_release(&list);
	assert_int_equal(receipt_list_actor(&list, &o, "galph", 5), 0);
	assert_int_equal(list.nr, 1);
	receipt_list_release(&list);
	free(path);
}

static int64_t bytes_read(void)
{
	char line[64];
	long long n = -1;
	FILE *f = fopen("/proc/self/io", "r");

	if (f && fgets(line, sizeof(line), f))
		sscanf(line, "rchar: %lld", &n);
	if (f)
		fclose(f);
	return n;
}

/* A store of gigabytes: its end is found at once, a line without end is one
 * broken line. */
static void test_large(void **state UNUSED)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	char *path = store();
	int64_t before;
	int fd;

	play(1, "galph", 1, TURN_OK);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0 && lseek(fd, 40 << 20, SEEK_END) > 0);
	assert_int_equal(write(fd, "\n", 1), 1);
	play(2, "galph", 1, TURN_OK);
	assert_int_equal(receipt_list(&list, &o, 0), 0);
	assert_int_equal(list.nr, 2);
	assert_int_equal(list.broken, 1);
	receipt_list_release(&list);

	assert_true(lseek(fd, (off_t)8 << 30, SEEK_END) > 0);
	assert_int_equal(write(fd, "\n", 1), 1);
	close(fd);
	play(3, "galph", 1, TURN_OK);
	before = bytes_read();
	if (before < 0)
		skip();
	assert_int_equal(receipt_list(&list, &o, 1), 0);
	assert_string_equal(list.v[0].id, "3/galph");
	assert_true(bytes_read() - before < 1 << 20);
	receipt_list_release(&list);
	free(path);
}

static void expect_no(const char *id, const char *message)
{
	struct receipt r;

	assert_int_equal(receipt_find(&r, &o, id), ORCH_ENO);
	assert_non_null(strstr(error_message(), message));
	receipt_release(&r);
}

static void test_find(void **state UNUSED)
{
	struct receipt r;

	expect_no("1/galph", "no turns yet on loop main");
	play(1, "galph", 1, TURN_OK);
	play(2, "ralph", 1, TURN_FAILED);
	play(2, "ralph", 2, TURN_OK);
	assert_int_equal(receipt_find(&r, &o, "2/ralph.1"), 0);
	assert_int_equal(r.status, TURN_FAILED);
	receipt_release(&r);
	expect_no("2/galph", "2/ralph");
	expect_no("7/galph", "the last is 2/ralph.2");
	expect_no("17", "not the id of a turn");
	expect_no("/ralph", "not the id of a turn");
	expect_no("1/ralph.", "not the id of a turn");
	expect_no("1/../../x", "not the id of a turn");
	expect_no("", "not the id of a turn");
}

static void test_hostile(void **state UNUSED)
{
	static const char *const lines[] = {
		"{\"id\":5}", "[]", "7", "null", "{",
		/* each of these in an otherwise good receipt */
		"\"iteration\":-1", "\"iteration\":1.5", "\"iteration\":1e300",
		"\"status\":\"great\"", "\"status\":null", "\"started_at\":\"yesterday\"",
		"\"commits\":[\"zz\"]", "\"commits\":[7]", "\"files\":[{}]",
		"\"head_before\":\"123\"", "\"agent\":{\"kind\":\"x\",\"exit_code\":999}",
		"\"version\":\"1\"", "\"version\":0", "\"loop\":[]"
	};
	struct receipt_list list = RECEIPT_LIST_INIT;
	char *path = store();
	size_t i;

	assert_int_equal(dir_make(o.dir), 0);
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		char *line = lines[i][0] != '"' ? xstrfmt("%s\n", lines[i]) :
			xstrfmt("{%s,\"id\":\"1/x\",\"actor\":\"x\"%s%s%s%s}\n", lines[i],
				str_starts(lines[i], "\"loop") ? "" : ",\"loop\":\"main\"",
				str_starts(lines[i], "\"status") ? "" :
				",\"status\":\"ok\"",
				str_starts(lines[i], "\"started") ? "" :
				",\"started_at\":\"2026-01-01T00:00:00Z\"",
				",\"ended_at\":\"2026-01-01T00:00:05Z\"");

		assert_int_equal(file_append(path, line, strlen(line), 0600), 0);
		free(line);
	}
	assert_int_equal(receipt_list(&list, &o, 0), 0);
	assert_int_equal(list.nr, 0);
	assert_int_equal(list.broken, ARRAY_SIZE(lines));
	receipt_list_release(&list);
	free(path);
}

static void report(struct receipt *r, int64_t iteration, const char *session,
		   int64_t uncached, int64_t cached, bool partial)
{
	struct usage u = USAGE_INIT;

	begin(r, iteration, "ralph", 1);
	u.has_tokens = u.has_cost = true;
	u.uncached = uncached;
	u.cache_read = cached;
	u.output = uncached;
	u.cost_usd = (double)uncached / 1000;
	u.partial = partial;
	u.session = xstrdup(session);
	receipt_set_usage(r, &o, &u);
	assert_int_equal(receipt_end(r, &o, TURN_OK), 0);
	assert_int_equal(receipt_write(&o, r), 0);
	usage_release(&u);
}

/* Resumed totals are not counted twice, whatever lies between. */
static void test_resumed(void **state UNUSED)
{
	struct receipt r;

	report(&r, 1, "s1", 100, 1000, false);
	assert_int_equal(r.usage.uncached, 100);
	receipt_release(&r);
	report(&r, 2, "s2", 9, 9, false);
	receipt_release(&r);
	play(3, "ralph", 1, TURN_LOST);
	report(&r, 4, "s1", 150, 1800, false);
	assert_int_equal(r.usage.uncached, 50);
	assert_int_equal(r.usage.cache_read, 800);
	assert_int_equal(r.total.cache_read, 1800);
	assert_true(r.usage.cost_usd == 0.05);
	receipt_release(&r);
	/* Cut: its own messages only. The next total contains them. */
	report(&r, 5, "s1", 10, 100, true);
	assert_int_equal(r.usage.uncached, 10);
	receipt_release(&r);
	report(&r, 6, "s1", 165, 2000, false);
	assert_int_equal(r.usage.uncached, 5);
	assert_int_equal(r.usage.cache_read, 100);
	receipt_release(&r);
	/* Less than before: no total, so as reported. */
	report(&r, 7, "s1", 20, 2100, false);
	assert_int_equal(r.usage.uncached, 20);
	assert_int_equal(r.usage.cache_read, 2100);
	receipt_release(&r);
}

static void keep_prompt(struct receipt *r, const char *text)
{
	struct prompt p = PROMPT_INIT;

	strbuf_addstr(&p.text, text);
	p.static_len = 3;
	p.tokens = 5;
	ALLOC_GROW(p.parts, 1, p.alloc);
	memset(&p.parts[0], 0, sizeof(p.parts[0]));
	p.parts[0].kind = "core";
	p.parts[0].name = xstrdup("prompts/main.md");
	p.parts[0].len = 3;
	p.parts[0].is_static = true;
	p.nr = 1;
	p.pack.id = xstrdup("pack-1");
	assert_int_equal(receipt_keep_prompt(r, &o, &p), 0);
	prompt_release(&p);
}

static void test_prompt(void **state UNUSED)
{
	struct strbuf text = STRBUF_INIT;
	struct receipt r, back;
	struct oid tree, blob, named;
	const struct json *part;
	int64_t n;

	begin(&r, 3, "ralph", 1);
	keep_prompt(&r, "do\nthis");
	receipt_release(&r);
	begin(&r, 3, "ralph", 2);
	keep_prompt(&r, "do\nthat");
	assert_string_equal(r.pack, "pack-1");
	assert_int_equal(receipt_end(&r, &o, TURN_OK), 0);
	assert_int_equal(receipt_write(&o, &r), 0);
	receipt_release(&r);

	assert_int_equal(receipt_find(&back, &o, "3/ralph.2"), 0);
	assert_int_equal(oid_parse(&blob, json_get_string(back.prompt, "blob")), 0);
	assert_int_equal(json_get_int(back.prompt, "static_bytes", &n), 0);
	assert_int_equal(n, 3);
	part = json_first(json_get(back.prompt, "parts"));
	assert_string_equal(json_get_string(part, "name"), "prompts/main.md");
	assert_true(json_get_bool(part, "static", false));
	assert_int_equal(ref_read(o.repo, "refs/orch/main/prompts", &tree), 0);
	assert_int_equal(tree_lookup(o.repo, &tree, "3-ralph.2", &named, NULL), 0);
	assert_true(oid_eq(&blob, &named));
	assert_int_equal(tree_lookup(o.repo, &tree, "3-ralph", &named, NULL), 0);
	assert_int_equal(blob_read(o.repo, &named, 100, &text), 0);
	assert_string_equal(text.buf, "do\nthis");
	strbuf_release(&text);
	receipt_release(&back);
}

static size_t count_lines(const char *command)
{
	FILE *f = popen(command, "r");
	size_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	pclose(f);
	return n;
}

static void test_prune(void **state UNUSED)
{
	int64_t i;

	assert_int_equal(receipt_prune(&o), 0);		/* nothing there at all */
	for (i = 1; i <= 5; i++) {
		struct receipt r;
		char *log;

		begin(&r, i, "ralph", 1);
		keep_prompt(&r, "x");
		log = xstrfmt("%s/logs/main/%" PRId64 "-ralph.log", o.dir, i);
		assert_int_equal(dir_make_parent(log), 0);
		assert_int_equal(file_append(log, "x\n", 2, 0600), 0);
		free(log);
		assert_int_equal(receipt_end(&r, &o, TURN_OK), 0);
		assert_int_equal(receipt_write(&o, &r), 0);
		receipt_release(&r);
	}
	/* Logs that are not old stay even without a receipt. */
	sh("touch -d 2020-01-01 .git/orch/logs/main/[123]-ralph.log && "
	   "echo x >.git/orch/logs/main/6-galph.log && "
	   "echo x >.git/orch/logs/main/notes");
	assert_int_equal(receipt_prune(&o), 0);
	assert_int_equal(count_lines("git ls-tree refs/orch/main/prompts"), 2);
	assert_int_equal(count_lines("git ls-tree refs/orch/main/prompts | "
				     "grep -E '[45]-ralph$'"), 2);
	assert_int_equal(count_lines("ls .git/orch/logs/main"), 4);
	sh("cd .git/orch/logs/main && ls 4-ralph.log 5-ralph.log 6-galph.log notes "
	   ">/dev/null");
	assert_int_equal(receipt_prune(&o), 0);
	assert_int_equal(count_lines("git ls-tree refs/orch/main/prompts"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_never_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_large, setup, teardown),
		cmocka_unit_test_setup_teardown(test_find, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prompt, setup, teardown),
		cmocka_unit_test_setup_teardown(test_prune, setup, teardown)
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
