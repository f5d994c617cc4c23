// SPDX-License-Identifier: BSD-2-Clause
/* Vital product data. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcibar/vpd.h>

#include "internal.h"

struct entry {
	struct entry *next;
	struct pcibar_vpd_field field;
	uint8_t data[];
};

struct list {
	struct entry *first, **end;
};

static int collect(void *data, const struct pcibar_vpd_field *field)
{
	struct entry *entry = malloc(sizeof(*entry) + field->length);
	struct list *list = data;

	if (!entry)
		return -ENOMEM;

	entry->next = NULL;
	entry->field = *field;
	entry->field.data = entry->data;
	memcpy(entry->data, field->data, field->length);
	*list->end = entry;
	list->end = &entry->next;
	return 0;
}

static int visit(const struct list *list, pcibar_vpd_fn fn, void *data)
{
	int ret = 0;

	for (const struct entry *entry = list->first; !ret && entry; entry = entry->next)
		ret = fn(data, &entry->field);
	return ret;
}

static void free_list(struct list *list)
{
	while (list->first) {
		struct entry *entry = list->first;

		list->first = entry->next;
		free(entry);
	}
}

/*
 * What a device that was lost half-way reads as is no error to a back end: the
 * fields are kept until the function has been found present after all of them.
 */
PCIBAR_API int pcibar_vpd_list(struct pcibar_device *dev, pcibar_vpd_fn fn, void *data)
{
	struct list list = { .end = &list.first };
	int ret = pcibar_device_result(dev, dev->ops->vpd_list(dev->be, collect, &list));

	if ((!ret || ret == -ENOMSG) && !pcibar_function_is_present(dev))
		ret = -ENODEV;
	else if (ret == -ENOMSG)
		ret = -ENOENT;
	if (!ret)
		ret = visit(&list, fn, data);
	free_list(&list);
	return ret;
}
