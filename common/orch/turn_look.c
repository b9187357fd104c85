/*
 * Looking at a remote without joining it: for init, which tells of a turn that
 * is played there, and for doctor, which wants to know whether one could be.
 */
#include <time.h>
#include "orch/turn_remote.h"
#include "base/error.h"
#include "base/strvec.h"
#include "base/text.h"
#include "git/object.h"
#include "git/refs.h"
#include "orch/config.h"
#include "orch/orch.h"

#define LOOK_SECONDS 10		/* without a sign of life */

const char *turn_likely_remote(struct orch *o)
{
	const char *name = config_get(o->config, "orch.remote");
	struct strvec names = STRVEC_INIT;

	if (!name && remote_names(o->repo, &names) < 0)
		error_clear();
	if (!name && strvec_has(&names, "origin"))
		name = "origin";
	strvec_release(&names);
	return name && *name ? name : NULL;
}

static int open_net(struct turn_net *n, struct orch *o, const char *remote)
{
	int rc = turn_net_open(n, o, remote);

	if (n->remote.stall > LOOK_SECONDS)
		n->remote.stall = LOOK_SECONDS;
	return rc;
}

/* Under a name that only this process uses, for as long as it reads. */
static char *private_ref(struct orch *o, const char *what)
{
	struct turn t;
	char *ref;

	turn_init(&t);
	turn_stamp(&t);
	ref = orch_ref(o, "%s-%s", what, t.nonce);
	turn_release_memory(&t);
	return ref;
}

int turn_look_published(struct turn *out, struct orch *o, const char *remote)
{
	struct turn_net n = TURN_NET_INIT;
	char *here = private_ref(o, "look");
	struct remote_ref there;
	struct remote_fetch get;
	int rc;

	turn_init(out);
	if ((rc = open_net(&n, o, remote)) < 0)
		goto out;
	there = (struct remote_ref){ n.ref, OID_ZERO };
	get = (struct remote_fetch){ n.ref, here, OID_ZERO };
	if ((rc = remote_ls(&n.remote, &there, 1)) < 0)
		goto out;
	if (oid_is_zero(&there.oid)) {
		rc = error_set(ORCH_ENO, "%s has no turn of loop %s", remote, o->loop);
		goto out;
	}
	if (!object_exists(o->repo, &there.oid) &&
	    (rc = remote_fetch(&n.remote, &get, 1)) < 0)
		goto out;
	if ((rc = turn_read_published(out, o, &there.oid)) < 0)
		rc = turn_blame_published(rc, &n);
	if (!oid_is_zero(&get.oid) && ref_delete(o->repo, here, &get.oid) < 0)
		warn("%s", error_message());
out:
	turn_net_close(&n);
	free(here);
	return rc;
}

int turn_read_base(struct turn *out, struct orch *o, const struct turn *t)
{
	turn_init(out);
	if (oid_is_zero(&t->sync.base))
		return error_set(ORCH_ENO, "nothing is published");
	return turn_read_published(out, o, &t->sync.base);
}

int turn_probe_remote(struct orch *o, const char *remote)
{
	struct turn_net n = TURN_NET_INIT;
	char *ref = private_ref(o, "probe");
	const struct oid none = OID_ZERO;
	struct remote_push push = { .ref = ref, .expected = &none };
	struct oid tree, commit;
	int rc;

	if ((rc = open_net(&n, o, remote)) < 0 ||
	    (rc = tree_write(o->repo, NULL, NULL, 0, &tree)) < 0 ||
	    (rc = commit_write(o->repo, &tree, NULL, 0, "probe\n", time(NULL),
			       &commit)) < 0)
		goto out;
	push.oid = commit;
	rc = remote_push(&n.remote, &push, 1, 0);
	if (rc == ORCH_ENO)
		error_set(rc, "%s refuses %s: %s", remote, ref,
			  push.reason ? push.reason : "no reason given");
	if (rc == 0) {
		remote_push_release(&push, 1);
		push = (struct remote_push){ .ref = ref, .expected = &commit };
		if (remote_push(&n.remote, &push, 1, 0) < 0) {
			warn("%s stays at %s: %s", ref, remote, error_message());
			error_clear();
		}
	}
	remote_push_release(&push, 1);
out:
	turn_net_close(&n);
	free(ref);
	return rc;
}
