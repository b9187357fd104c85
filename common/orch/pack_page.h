#ifndef ORCH_PACK_PAGE_H
#define ORCH_PACK_PAGE_H
/* What programs see of a pack, and people of its accounting (orch/pack.h). */
struct json;
struct output;
struct pack;
struct strbuf;

/* Its text (and beside it as base64 where JSON cannot say its bytes), its parts
 * and documents, what was left out. */
void pack_to_json(struct json *out, const struct pack *p, const char *actor);
/* Parts of that: "parts", "omitted"; "text" and, where it is needed, "base64". */
void pack_parts_to_json(struct json *out, const struct pack *p);
void pack_omitted_to_json(struct json *out, const struct pack *p);
void pack_text_to_json(struct json *out, const struct strbuf *text);
/* Where its tokens go, a line for each part and document; to be printed on
 * stderr: yours to free. */
char *pack_explain(const struct pack *p, const char *actor);
#endif
