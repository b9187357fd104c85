#ifndef ORCH_PROMPTSCAN_H
#define ORCH_PROMPTSCAN_H
/*
 * What a text for agents says by its words alone: which files it names, where
 * it tells an agent to pull or push, how many items a plan has. Guesses for
 * `init` and `doctor`, in time linear in the text; nothing here opens a file.
 */
#include "base/compat.h"
#include "base/strvec.h"

/*
 * Append the paths that `text` names (back-quoted, linked or bare words that
 * end in .md, .txt, .rst, .yaml or .yml), each once, in order, at most
 * PROMPTSCAN_PATHS. They are safe below a root by their text; whether they
 * exist is not asked. `dir` ("prompts/" or "") is where the text lies: links
 * that begin with ./ or ../ are meant from there.
 */
#define PROMPTSCAN_PATHS 1000
void promptscan_paths(struct strvec *out, const char *text, size_t len,
		      const char *dir);

/* Lines that tell the reader to run `git pull` or `git push`; "do not" and
 * "never" before it make it harmless. `what` is "pulls" or "pushes". */
typedef void promptscan_hint(int line, const char *what, void *data);
void promptscan_network(const char *text, size_t len, promptscan_hint *hint,
			void *data);

#endif
