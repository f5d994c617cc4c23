// SPDX-License-Identifier: BSD-2-Clause
/* What is parsed is printed in a form that is parsed as the same; all else gets a reason. */
#include "fuzz.h"

#include <errno.h>

#include "internal.h"

static void check_round_trip(const struct pcibar_selector *sel)
{
	struct pcibar_selector again = { .size = sizeof(again) };
	char text[PCIBAR_SELECTOR_STRLEN];

	MUST(!pcibar_selector_check(sel));
	MUST(!pcibar_selector_format(sel, text, sizeof(text)));
	MUST(!pcibar_selector_parse(text, &again, NULL));
	MUST(!memcmp(&again, sel, sizeof(again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pcibar_selector sel = { .size = sizeof(sel) };
	struct pcibar_refusal why = PCIBAR_REFUSAL_INIT;
	char *text = fuzz_string(data, len);
	struct pcibar_address addr;
	int ret = pcibar_selector_parse(text, &sel, &why);

	if (ret) {
		MUST(ret == -EINVAL && why.count == 1);
		MUST(*why.reasons[0].what && *why.reasons[0].remedy);
	} else {
		MUST(!why.count);
		check_round_trip(&sel);
	}

	/* The name of a folder is a selector too, and never one of something else. */
	if (!pcibar_address_parse(text, &addr))
		MUST(!ret && sel.fields == PCIBAR_SEL_ADDRESS && sel.domain == addr.domain &&
		     sel.bus == addr.bus && sel.slot == addr.slot && sel.func == addr.func);
	free(text);
	return 0;
}
