/*
 * What the focus needs of documents that do not fit whole.
 */
#include "orch/pack_internal.h"

int focus_find(struct focus *out, struct pack_work *w)
{
	(void)out, (void)w;
	return 0;
}

void focus_release(struct focus *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->v[i].why);
	free(f->v);
	*f = (struct focus)FOCUS_INIT;
}
