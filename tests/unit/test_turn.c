/*
 * The turn: the state's validation, the ring, holders, fencing, waiting. What
 * needs a command line is in tests/cmd/turn.bats.
 */
#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "orch/orch.h"
#include "orch/receipt.h"
#include "orch/turn.h"
#include "orch/turn_internal.h"

static struct orch o;

/* A fresh repository and loop for each test; `ring` as in orch.workflow. */
static void start_loop(const char *ring)
{
	static int n;
	char *cmd, *dir = xstrfmt("%s/%d", unit_dir, ++n);

	cmd = xstrfmt("git init -q -b main %s && cd %s && "
		      "git commit -q --allow-empty -m one && "
		      "git config orch.workflow '%s'", dir, dir, ring);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(chdir(dir), 0);
	free(cmd);
	free(dir);
	assert_int_equal(orch_open(&o, 0), 0);
}

static void set_ring(const char *ring)
{
	char *cmd = xstrfmt("git config orch.workflow '%s'", ring);

	assert_int_equal(system(cmd), 0);
	free(cmd);
	orch_release(&o);
	assert_int_equal(orch_open(&o, 0), 0);
}

static int teardown(void **state UNUSED)
{
	orch_release(&o);
	error_clear();
	return 0;
}

static int acquire(struct turn *t, const char *actor, pid_t pid)
{
	struct turn_request req = TURN_REQUEST_INIT;

	req.actor = actor;
	req.pid = pid;
	req.timeout = 0;
	return turn_acquire(t, &o, &req);
}

static void acquire_ok(const char *actor, int64_t generation)
{
	struct turn t;

	assert_int_equal(acquire(&t, actor, getpid()), 0);
	assert_int_equal(t.generation, generation);
	assert_string_equal(t.holder.actor, actor);
	turn_release_memory(&t);
}

static int give_back(int64_t generation, enum turn_status status, const char *next)
{
	struct turn_end end = { .generation = generation, .status = status,
				.next = next };

	return turn_release(NULL, &o, &end);
}

/* Whose turn it is: "iteration/step actor status". */
static void expect(const char *want)
{
	struct turn t;
	char *got;

	assert_int_equal(turn_read(&t, &o), 0);
	got = xstrfmt("%" PRId64 "/%" PRId64 " %s %s", t.iteration, t.step,
		      t.expected, turn_status_name(t.status));
	assert_string_equal(got, want);
	free(got);
	turn_release_memory(&t);
}

/* ---- the ring ---- */

static void reading_writes_nothing(void **state UNUSED)
{
	struct stat st;

	start_loop("galph ralph");
	expect("1/0 galph idle");
	assert_int_equal(stat(o.dir, &st), -1);
}

static void ok_goes_round(void **state UNUSED)
{
	start_loop("galph ralph galph");
	acquire_ok("galph", 1);
	expect("1/0 galph running");
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	expect("1/1 ralph ok");
	acquire_ok("ralph", 2);
	assert_int_equal(give_back(2, TURN_OK, NULL), 0);
	acquire_ok("galph", 3);
	assert_int_equal(give_back(3, TURN_OK, NULL), 0);
	expect("2/0 galph ok");
}

static void other_ends_keep_the_actor(void **state UNUSED)
{
	struct turn t;
	char *id;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(give_back(1, TURN_FAILED, NULL), 0);
	expect("1/0 galph failed");
	acquire_ok("galph", 2);
	assert_int_equal(give_back(2, TURN_INTERRUPTED, NULL), 0);
	expect("1/0 galph interrupted");
	assert_int_equal(acquire(&t, "galph", getpid()), 0);
	assert_int_equal(t.holder.attempt, 3);
	assert_int_equal(t.holder.ordinal, 3);
	id = turn_id(&t);
	assert_string_equal(id, "1/galph.3");
	free(id);
	turn_release_memory(&t);
	assert_int_equal(give_back(3, TURN_OK, NULL), 0);
	assert_int_equal(acquire(&t, "ralph", getpid()), 0);
	assert_int_equal(t.holder.attempt, 1);
	id = turn_id(&t);
	assert_string_equal(id, "1/ralph");
	free(id);
	turn_release_memory(&t);
}

static void next_goes_to_the_next_place(void **state UNUSED)
{
	start_loop("galph ralph galph reviewer");
	acquire_ok("galph", 1);
	assert_int_equal(give_back(1, TURN_OK, "reviewer"), 0);
	expect("1/3 reviewer ok");
	acquire_ok("reviewer", 2);
	assert_int_equal(give_back(2, TURN_OK, "ralph"), 0);
	expect("2/1 ralph ok");
	acquire_ok("ralph", 3);
	assert_int_equal(give_back(3, TURN_OK, "ralph"), 0);
	expect("3/1 ralph ok");
	acquire_ok("ralph", 4);
	assert_int_equal(give_back(4, TURN_OK, "nobody"), ORCH_EINVALID);
	expect("3/1 ralph running");
}

static void the_ring_may_change(void **state UNUSED)
{
	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	set_ring("x ralph galph ralph");
	expect("1/1 ralph ok");
	set_ring("ralph x x x ralph");
	expect("1/0 ralph ok");		/* nearest; the first of two equals */
	set_ring("x y");
	expect("1/0 x ok");
	acquire_ok("x", 2);
	set_ring("galph ralph");	/* held: the turn ends under its ring */
	expect("1/0 x running");
	assert_int_equal(give_back(2, TURN_FAILED, NULL), 0);
	expect("1/0 galph failed");
}

/* ---- fencing ---- */

static void an_old_generation_changes_nothing(void **state UNUSED)
{
	struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;
	struct turn t;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	assert_int_equal(acquire(&t, "ralph", getpid()), 0);
	turn_release_memory(&t);
	assert_int_equal(file_read(&before, turn_path(&o), 1 << 20, 0), 0);
	assert_int_equal(give_back(1, TURN_OK, NULL), ORCH_ENO);
	assert_non_null(strstr(error_message(), "ralph holds it"));
	assert_int_equal(turn_renew(&o, 1), ORCH_ENO);
	assert_int_equal(turn_set_child(&o, 1, getpid()), ORCH_ENO);
	assert_int_equal(turn_next_attempt(NULL, &o, 1), ORCH_ENO);
	assert_int_equal(file_read(&after, turn_path(&o), 1 << 20, 0), 0);
	assert_string_equal(before.buf, after.buf);
	assert_int_equal(give_back(2, TURN_OK, NULL), 0);
	assert_int_equal(give_back(2, TURN_OK, NULL), ORCH_ENO);
	strbuf_release(&before);
	strbuf_release(&after);
}

static void renewing_keeps_the_generation(void **state UNUSED)
{
	struct turn a, b;

	start_loop("galph ralph");
	assert_int_equal(acquire(&a, "galph", getpid()), 0);
	assert_int_equal(turn_renew(&o, 1), 0);
	assert_int_equal(turn_read(&b, &o), 0);
	assert_int_equal(b.generation, 1);
	assert_true(b.lease_boot_ms >= a.lease_boot_ms);
	assert_int_equal(b.lease_seconds, 1800);
	turn_release_memory(&a);
	turn_release_memory(&b);
	assert_int_equal(turn_next_attempt(&b, &o, 1), 0);
	assert_int_equal(b.generation, 1);
	assert_int_equal(b.holder.attempt, 2);
	assert_int_equal(b.holder.ordinal, 2);
	turn_release_memory(&b);
}

static void the_same_holder_gets_the_same_turn(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	struct turn t;
	bool inside;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	acquire_ok("galph", 1);
	assert_int_equal(acquire(&t, "ralph", getpid()), ORCH_EBUSY);
	assert_int_equal(acquire(&t, "galph", getppid()), ORCH_EBUSY);
	/* A caller inside the turn: the holder is its ancestor (itself). */
	req.actor = "galph";
	req.pid = getppid();
	req.timeout = 0;
	req.generation = 1;
	req.inside = &inside;
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	assert_true(inside);
	assert_int_equal(t.generation, 1);
	turn_release_memory(&t);
	req.generation = 2;
	assert_int_equal(turn_acquire(&t, &o, &req), ORCH_EBUSY);
	assert_int_equal(acquire(&t, "nobody", getpid()), ORCH_EINVALID);
}

/* ---- holders ---- */

static pid_t sleeper(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		for (;;)
			pause();
	}
	return pid;
}

static void a_dead_holder_is_replaced(void **state UNUSED)
{
	struct receipt_list list = RECEIPT_LIST_INIT;
	pid_t pid = sleeper();
	struct turn t;
	siginfo_t info;

	start_loop("galph ralph");
	assert_int_equal(acquire(&t, "galph", pid), 0);
	turn_release_memory(&t);
	assert_int_equal(acquire(&t, "galph", getpid()), ORCH_EBUSY);
	kill(pid, SIGKILL);
	/* A zombie already counts as gone. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(turn_read(&t, &o), 0);
	assert_false(turn_holder_alive(&t));
	turn_release_memory(&t);
	assert_int_equal(acquire(&t, "ralph", getpid()), ORCH_EBUSY);
	assert_int_equal(acquire(&t, "galph", getpid()), 0);
	assert_int_equal(t.generation, 2);
	assert_int_equal(t.holder.attempt, 2);
	turn_release_memory(&t);
	waitpid(pid, NULL, 0);
	assert_int_equal(receipt_list(&list, &o, 0), 0);
	assert_int_equal(list.nr, 1);
	assert_int_equal(list.v[0].status, TURN_LOST);
	assert_string_equal(list.v[0].id, "1/galph");
	receipt_list_release(&list);
}

static void the_child_holds_it_too(void **state UNUSED)
{
	pid_t wrapper = sleeper(), child = sleeper();
	struct turn t;

	start_loop("galph ralph");
	assert_int_equal(acquire(&t, "galph", wrapper), 0);
	turn_release_memory(&t);
	assert_int_equal(turn_set_child(&o, 1, child), 0);
	kill(wrapper, SIGKILL);
	waitpid(wrapper, NULL, 0);
	assert_int_equal(acquire(&t, "galph", getpid()), ORCH_EBUSY);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(acquire(&t, "galph", getpid()), 0);
	turn_release_memory(&t);
}

static void a_pid_alone_proves_nothing(void **state UNUSED)
{
	struct process_id id;
	struct turn t;

	assert_int_equal(process_identify(&id, getpid()), 0);
	assert_false(process_gone(&id));
	id.start++;
	assert_true(process_gone(&id));
	assert_int_equal(process_identify(&id, -1), ORCH_ENOTFOUND);

	start_loop("galph ralph");
	assert_int_equal(acquire(&t, "galph", getpid()), 0);
	assert_true(turn_holder_alive(&t));
	/* The machine was started again. */
	free(t.holder.boot_id);
	t.holder.boot_id = xstrdup("another");
	assert_false(turn_holder_alive(&t));
	t.recorded_here = false;	/* ... or it is another machine */
	assert_true(turn_holder_alive(&t));
	t.lease_ms = 1;			/* whose clock says nothing to us */
	assert_true(turn_holder_alive(&t));
	t.seen_until_ms = time_boot_ms() - 1;
	assert_false(turn_holder_alive(&t));
	turn_release_memory(&t);
	/* Another container on this machine: its lease decides, by a clock
	 * that nobody can set. */
	assert_int_equal(turn_read(&t, &o), 0);
	free(t.holder.pid_ns);
	t.holder.pid_ns = xstrdup("pid:[1]");
	t.lease_ms = 1;
	assert_true(turn_holder_alive(&t));
	t.lease_boot_ms = 1;
	assert_false(turn_holder_alive(&t));
	turn_release_memory(&t);
	/* Renaming the host changes nothing. */
	assert_int_equal(turn_read(&t, &o), 0);
	free(t.holder.host);
	t.holder.host = xstrdup("renamed");
	t.lease_ms = t.lease_boot_ms = 1;
	assert_true(turn_holder_alive(&t));
	turn_release_memory(&t);
}

static void a_lease_alone_runs_out(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	struct turn t;

	start_loop("galph ralph");
	assert_int_equal(acquire(&t, "galph", 0), 0);
	assert_int_equal(t.lease_seconds, 7200);
	assert_true(turn_holder_alive(&t));
	t.lease_boot_ms = time_boot_ms();
	assert_false(turn_holder_alive(&t));
	turn_release_memory(&t);
	assert_int_equal(acquire(&t, "galph", 0), ORCH_EBUSY);
	assert_int_equal(turn_own_generation(&(int64_t){ 0 }, &o), ORCH_ENO);
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	/* One second later it is free, without anybody's doing. */
	req.actor = "ralph";
	req.lease = 1;
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	turn_release_memory(&t);
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	assert_int_equal(t.generation, 3);
	turn_release_memory(&t);
}

/* ---- waiting ---- */

static void a_waiter_wakes_at_the_release(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	int go[2], status;
	struct turn t;
	pid_t pid;
	char c;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid) {
		/* Waits until the other is about to wait, too. */
		if (read(go[0], &c, 1) != 1)
			_exit(2);
		_exit(give_back(1, TURN_OK, NULL) == 0 ? 0 : 3);
	}
	req.actor = "ralph";
	req.pid = getpid();
	req.timeout = 60;
	assert_int_equal(write(go[1], "x", 1), 1);
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	assert_int_equal(t.generation, 2);
	turn_release_memory(&t);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	close(go[0]);
	close(go[1]);
}

static void kill_it(const struct turn *t, void *data)
{
	assert_string_equal(t->holder.actor, "galph");
	kill(*(pid_t *)data, SIGKILL);
}

static void a_waiter_wakes_at_a_death(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	pid_t pid = sleeper();
	struct turn t;

	start_loop("galph ralph");
	assert_int_equal(acquire(&t, "galph", pid), 0);
	turn_release_memory(&t);
	req.actor = "galph";
	req.pid = getpid();
	req.timeout = 60;
	req.waiting = kill_it;
	req.data = &pid;
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	assert_int_equal(t.generation, 2);
	turn_release_memory(&t);
	waitpid(pid, NULL, 0);
}

static void take_away(const struct turn *t UNUSED, void *data UNUSED)
{
	char *cmd = xstrfmt("rm -rf '%s'", o.dir);

	assert_int_equal(system(cmd), 0);
	free(cmd);
}

static void a_waiter_survives_its_directory(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	struct turn t;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	req.actor = "galph";
	req.timeout = 60;
	req.waiting = take_away;	/* and with it the holder */
	assert_int_equal(turn_acquire(&t, &o, &req), 0);
	assert_int_equal(t.generation, 1);
	turn_release_memory(&t);
}

static void waiting_can_be_interrupted(void **state UNUSED)
{
	struct turn_request req = TURN_REQUEST_INIT;
	struct turn t;
	int fds[2];

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	req.actor = "ralph";
	req.pid = getpid();
	req.interrupt_fd = fds[0];
	assert_int_equal(turn_acquire(&t, &o, &req), ORCH_EINTERRUPTED);
	close(fds[0]);
	close(fds[1]);
}

/* ---- the state ---- */

#define STATE(generation, step, ring, expected, status, holder)               \
	"{\"version\":1,\"generation\":" generation ",\"iteration\":1,\"step\":" \
	step ",\"attempts\":0,\"workflow\":" ring ",\"expected_actor\":" expected \
	",\"status\":" status ",\"holder\":" holder ",\"head\":null,\"last\":{}," \
	"\"count\":{}}"
#define RING "[\"galph\",\"ralph\"]"

static void nonsense_is_refused(void **state UNUSED)
{
	static const struct {
		const char *text, *complaint;
	} bad[] = {
		{ "", "state" },
		{ "[]", "object" },
		{ "{\"version\":1}", "'generation' is missing" },
		{ "{}", "'version' is missing" },
		{ STATE("-1", "0", RING, "\"galph\"", "\"ok\"", "null"),
		  "'generation' is out of range" },
		{ STATE("1e300", "0", RING, "\"galph\"", "\"ok\"", "null"),
		  "'generation' is no whole number" },
		{ STATE("\"5\"", "0", RING, "\"galph\"", "\"ok\"", "null"),
		  "'generation' is no whole number" },
		{ STATE("1", "2", RING, "\"galph\"", "\"ok\"", "null"),
		  "step 2 is outside" },
		{ STATE("1", "1", RING, "\"galph\"", "\"ok\"", "null"),
		  "step 1 is ralph's" },
		{ STATE("1", "0", RING, "\"x\"", "\"ok\"", "null"),
		  "not in the ring" },
		{ STATE("1", "0", RING, "\"../x\"", "\"ok\"", "null"),
		  "no actor's name" },
		{ STATE("1", "0", "[]", "\"galph\"", "\"ok\"", "null"),
		  "'workflow'" },
		{ STATE("1", "0", "[\"galph\",7]", "\"galph\"", "\"ok\"", "null"),
		  "'workflow'" },
		{ STATE("1", "0", RING, "\"galph\"", "\"blocked\"", "null"),
		  "'status'" },
		{ STATE("1", "0", RING, "\"galph\"", "\"running\"", "null"),
		  "without a holder" },
		{ STATE("1", "0", RING, "\"galph\"", "\"running\"",
			"{\"actor\":\"galph\",\"pid\":-4}"), "'pid' is out of range" },
		{ STATE("1", "0", RING, "\"galph\"", "\"ok\"", "null") "x", "" },
	};
	struct turn t;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(file_replace(turn_path(&o), bad[i].text,
					      strlen(bad[i].text), 0644), 0);
		assert_int_equal(turn_read(&t, &o), ORCH_EINVALID);
		if (!strstr(error_message(), bad[i].complaint))
			fail_msg("%zu: '%s' not in '%s'", i, bad[i].complaint,
				 error_message());
		assert_non_null(strstr(error_message(), "turn.json"));
		assert_non_null(strstr(error_message(), "git orch turn repair"));
		assert_int_equal(acquire(&t, "galph", getpid()), ORCH_EINVALID);
		assert_int_equal(give_back(1, TURN_OK, NULL), ORCH_EINVALID);
	}
	assert_int_equal(file_replace(turn_path(&o), "{\"version\":7}", 13, 0644), 0);
	assert_int_equal(turn_read(&t, &o), ORCH_EUNSUPPORTED);
	assert_non_null(strstr(error_message(), "newer git-orch (version 7)"));
}

static void repair_knows_who_lives(void **state UNUSED)
{
	char *kept = NULL;
	struct turn t;
	struct stat st;
	pid_t pid;

	start_loop("galph ralph");
	assert_int_equal(turn_repair(&t, &o, &kept), ORCH_ENO);
	acquire_ok("galph", 1);
	assert_int_equal(file_replace(turn_path(&o), "x", 1, 0644), 0);
	assert_int_equal(turn_repair(&t, &o, &kept), 0);
	assert_int_equal(t.generation, 1);	/* we live: it stays ours */
	assert_string_equal(t.holder.actor, "galph");
	turn_release_memory(&t);
	assert_int_equal(stat(kept, &st), 0);
	assert_int_equal(st.st_size, 1);
	free(kept);
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);

	pid = sleeper();
	assert_int_equal(acquire(&t, "ralph", pid), 0);
	turn_release_memory(&t);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(unlink(turn_path(&o)), 0);	/* gone is broken, too */
	assert_int_equal(turn_read(&t, &o), ORCH_EINVALID);
	assert_int_equal(turn_repair(&t, &o, &kept), 0);
	assert_null(kept);
	assert_int_equal(t.generation, 3);
	assert_int_equal(t.status, TURN_LOST);
	assert_string_equal(t.expected, "ralph");
	turn_release_memory(&t);
	expect("1/1 ralph lost");
}

static void the_state_survives_a_round_trip(void **state UNUSED)
{
	struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct json *json;
	struct turn t, u;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	acquire_ok("ralph", 2);
	assert_int_equal(turn_set_child(&o, 2, getppid()), 0);
	assert_int_equal(turn_load(&t, &o), 0);
	assert_non_null(turn_last_of(&t, "galph"));
	assert_null(turn_last_of(&t, "ralph"));
	json = turn_state_json(&t, false);
	json_print(&first, json);
	assert_int_equal(turn_from_json(&u, json), 0);
	json_free(json);
	json = turn_state_json(&u, false);
	json_print(&second, json);
	json_free(json);
	assert_string_equal(first.buf, second.buf);
	turn_release_memory(&t);
	turn_release_memory(&u);
	strbuf_release(&first);
	strbuf_release(&second);
}

static void the_log_knows_releases_and_is_cut(void **state UNUSED)
{
	struct strbuf line = STRBUF_INIT;
	struct stat st;
	char *path;

	start_loop("galph ralph");
	acquire_ok("galph", 1);
	assert_false(turn_was_released(&o, 1));
	assert_int_equal(give_back(1, TURN_OK, NULL), 0);
	assert_true(turn_was_released(&o, 1));
	path = xstrfmt("%s/turn-log.jsonl", o.loop_dir);
	strbuf_addchars(&line, 'x', 4095);
	strbuf_addch(&line, '\n');
	for (int i = 0; i < 600; i++)
		assert_int_equal(file_append(path, line.buf, line.len, 0644), 0);
	acquire_ok("ralph", 2);
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 1 << 19, 1 << 20);
	assert_false(turn_was_released(&o, 2));
	assert_int_equal(give_back(2, TURN_OK, NULL), 0);
	assert_true(turn_was_released(&o, 2));
	free(path);
	strbuf_release(&line);
}

static void names_become_file_names(void **state UNUSED)
{
	static const char *const pairs[][2] = {
		{ "main", "main" }, { "feature/x", "feature%2Fx" },
		{ ".x", "%2Ex" }, { "a.b", "a.b" }, { "50%", "50%25" },
		{ "\xc3\xa9", "%C3%A9" },
	};
	char long_name[400], *a, *b;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		a = orch_encode_name(pairs[i][0]);
		assert_string_equal(a, pairs[i][1]);
		free(a);
	}
	memset(long_name, 'x', sizeof(long_name));
	long_name[399] = '\0';
	a = orch_encode_name(long_name);
	long_name[398] = 'y';
	b = orch_encode_name(long_name);
	assert_in_range(strlen(a), 1, 220);
	assert_string_not_equal(a, b);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_teardown(f, teardown)
		TEST(reading_writes_nothing),
		TEST(ok_goes_round),
		TEST(other_ends_keep_the_actor),
		TEST(next_goes_to_the_next_place),
		TEST(the_ring_may_change),
		TEST(an_old_generation_changes_nothing),
		TEST(renewing_keeps_the_generation),
		TEST(the_same_holder_gets_the_same_turn),
		TEST(a_dead_holder_is_replaced),
		TEST(the_child_holds_it_too),
		TEST(a_pid_alone_proves_nothing),
		TEST(a_lease_alone_runs_out),
		TEST(a_waiter_wakes_at_the_release),
		TEST(a_waiter_wakes_at_a_death),
		TEST(a_waiter_survives_its_directory),
		TEST(waiting_can_be_interrupted),
		TEST(nonsense_is_refused),
		TEST(repair_knows_who_lives),
		TEST(the_state_survives_a_round_trip),
		TEST(the_log_knows_releases_and_is_cut),
		TEST(names_become_file_names),
	};

	return cmocka_run_group_tests(tests, unit_enter, unit_leave);
}
