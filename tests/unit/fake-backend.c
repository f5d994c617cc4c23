// SPDX-License-Identifier: BSD-2-Clause
/* A fake back end: functions made of memory. */
#include "fake-backend.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"
#include "must.h"

#define COMMAND_DECODES	3	/* I/O and memory */

struct channel {
	struct fake *fake;
	unsigned int bar;
};

int fake_scan_error;
struct pcibar_backend_ops fake_ops;

static struct fake *fakes;
/* Covers the record and configuration space: the library may use several threads. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t in_page(const struct fake_bar *bar)
{
	return bar->res.start & ((uint64_t)sysconf(_SC_PAGESIZE) - 1);
}

struct fake *fake_add(const char *address)
{
	struct fake *fake = calloc(1, sizeof(*fake));
	int ret = pcibar_address_parse(address, &fake->addr);

	MUST(!ret);
	fake->id[PCIBAR_ID_VENDOR] = 0x1234;
	fake->id[PCIBAR_ID_DEVICE] = 0x11e8;
	fake->config_len = 256;
	for (size_t i = 0; i < PCIBAR_BAR_COUNT; i++)
		fake->bar[i].fd = -1;
	fake_set_config(fake, 0, 4, 0x11e81234);
	fake_set_config(fake, PCIR_COMMAND, 2, COMMAND_DECODES);

	/* In front, so that the order of a scan is not the order of addresses. */
	fake->next = fakes;
	fakes = fake;
	return fake;
}

void fake_add_bar(struct fake *fake, unsigned int index, uint32_t kind, uint64_t start,
		  uint64_t length)
{
	struct fake_bar *bar = &fake->bar[index];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	bool mappable = kind == PCIBAR_BAR_KIND_MEM32 || kind == PCIBAR_BAR_KIND_MEM64;
	int ret;

	bar->res = (struct pcibar_resource){
		.start = start, .length = length, .kind = kind,
		.flags = mappable ? PCIBAR_BAR_F_MAPPABLE : 0,
	};
	bar->image = length;
	if (index < PCIBAR_BAR_ROM)
		fake_set_config(fake, PCIR_BARS + 4 * index, 4, (uint32_t)start);
	if (kind == PCIBAR_BAR_KIND_MEM64)
		fake_set_config(fake, PCIR_BARS + 4 * index + 4, 4, (uint32_t)(start >> 32));
	bar->fd = memfd_create("fake-bar", MFD_CLOEXEC);
	MUST(bar->fd >= 0);
	ret = ftruncate(bar->fd, (off_t)((in_page(bar) + length + page - 1) & ~(page - 1)));
	MUST(!ret);
}

void fake_peek(const struct fake *fake, unsigned int bar, uint64_t off, void *buf, size_t len)
{
	ssize_t n = pread(fake->bar[bar].fd, buf, len, (off_t)(in_page(&fake->bar[bar]) + off));

	MUST(n == (ssize_t)len);
}

void fake_poke(const struct fake *fake, unsigned int bar, uint64_t off, const void *buf,
	       size_t len)
{
	ssize_t n = pwrite(fake->bar[bar].fd, buf, len, (off_t)(in_page(&fake->bar[bar]) + off));

	MUST(n == (ssize_t)len);
}

uint32_t fake_get_config(const struct fake *fake, unsigned int off, unsigned int width)
{
	uint32_t val = 0;

	while (width--)
		val = val << 8 | fake->config[off + width];
	return val;
}

void fake_set_config(struct fake *fake, unsigned int off, unsigned int width, uint32_t val)
{
	for (unsigned int i = 0; i < width; i++, val >>= 8) {
		unsigned char fixed = fake->config_fixed[off + i];

		fake->config[off + i] = (unsigned char)((fake->config[off + i] & fixed) |
							((unsigned char)val & ~fixed));
	}
}

void fake_forget(struct fake *fake)
{
	fake->count = 0;
}

unsigned int fake_count(const struct fake *fake, enum fake_op op)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < fake->count; i++)
		count += fake->events[i].op == op;
	return count;
}

const struct fake_event *fake_find(const struct fake *fake, enum fake_op op, unsigned int nth)
{
	for (unsigned int i = 0; i < fake->count; i++)
		if (fake->events[i].op == op && !nth--)
			return &fake->events[i];
	return NULL;
}

/* Records one operation and returns its scripted error. */
static int record(struct fake *fake, struct fake_event event)
{
	int ret;

	pthread_mutex_lock(&lock);
	if (fake->count < FAKE_EVENTS)
		fake->events[fake->count++] = event;
	ret = fake->error[event.op];
	pthread_mutex_unlock(&lock);
	if (fake->watch)
		fake->watch(&event);
	return ret;
}

static int fake_scan(const char *root, pcibar_visit_fn visit, void *data)
{
	int ret = fake_scan_error;

	(void)root;
	for (struct fake *fake = fakes; !ret && fake; fake = fake->next)
		ret = visit(data, &fake->addr);
	return ret;
}

static int fake_open(const char *root, const struct pcibar_address *addr, void **bep)
{
	struct fake *fake = fakes;
	int ret;

	(void)root;
	if (fake_scan_error)
		return fake_scan_error;

	while (fake && pcibar_address_compare(&fake->addr, addr))
		fake = fake->next;
	if (!fake)
		return -ENODEV;

	ret = record(fake, (struct fake_event){ .op = FAKE_OPEN });
	if (!ret) {
		fake->open++;
		*bep = fake;
	}
	return ret;
}

static void fake_close(void *be)
{
	struct fake *fake = be;

	MUST(fake->open);
	fake->open--;
}

static int fake_get_id(void *be, enum pcibar_id id, uint32_t *val)
{
	struct fake *fake = be;

	*val = fake->id[id];
	return record(fake, (struct fake_event){ .op = FAKE_GET_ID, .off = id });
}

static int fake_get_driver(void *be, char name[PCIBAR_NAME_LEN])
{
	struct fake *fake = be;

	strcpy(name, fake->driver);
	return record(fake, (struct fake_event){ .op = FAKE_GET_DRIVER });
}

static int fake_get_asleep(void *be, bool *asleep)
{
	struct fake *fake = be;

	*asleep = fake->asleep;
	return record(fake, (struct fake_event){ .op = FAKE_GET_ASLEEP });
}

static int fake_get_header(void *be, uint8_t *header, uint8_t *secondary)
{
	struct fake *fake = be;

	*header = fake->header;
	*secondary = fake->secondary;
	return record(fake, (struct fake_event){ .op = FAKE_GET_HEADER });
}

static int fake_get_place(void *be, int32_t *numa_node, int32_t *iommu_group)
{
	struct fake *fake = be;

	*numa_node = fake->numa_node;
	*iommu_group = fake->iommu_group;
	return record(fake, (struct fake_event){ .op = FAKE_GET_PLACE });
}

static int fake_get_resource(void *be, unsigned int bar, struct pcibar_resource *res)
{
	struct fake *fake = be;

	*res = fake->bar[bar].res;
	return record(fake, (struct fake_event){ .op = FAKE_GET_RESOURCE, .bar = bar });
}

static int fake_get_neighbour(void *be, unsigned int bar, uint64_t first, uint64_t last,
			      char name[PCIBAR_NAME_LEN])
{
	struct fake *fake = be;

	strcpy(name, fake->neighbour);
	return record(fake, (struct fake_event){ .op = FAKE_GET_NEIGHBOUR, .bar = bar,
						 .off = first, .len = last });
}

static int fake_get_virtual(void *be, bool *is_virtual, bool *decodes)
{
	struct fake *fake = be;

	*is_virtual = fake->is_virtual;
	*decodes = fake->vf_mse;
	return record(fake, (struct fake_event){ .op = FAKE_GET_VIRTUAL });
}

/* Room for a mapping with a page before and one behind it that cannot be touched. */
static void *fence(struct fake *fake, uint64_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = mmap(NULL, (size_t)length + 2 * page, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	MUST(room != MAP_FAILED);
	MUST(fake->fence_count + 2 <= sizeof(fake->fences) / sizeof(*fake->fences));
	fake->fences[fake->fence_count++] = room;
	fake->fences[fake->fence_count++] = room + page + length;
	return room + page;
}

static int fake_map(void *be, unsigned int bar, const struct pcibar_pages *pages,
		    struct pcibar_refuse_ctx *v, void **base, void **token)
{
	struct fake *fake = be;
	bool write = pages->flags & PCIBAR_MAP_WRITE;
	int prot = fake->sealed ? PROT_NONE : PROT_READ | (write ? PROT_WRITE : 0);
	int ret = record(fake, (struct fake_event){ .op = FAKE_MAP, .bar = bar,
						    .off = pages->offset, .len = pages->length,
						    .val = pages->attr });

	(void)token;
	if (ret)
		return pcibar_refuse(v, PCIBAR_REASON_CLAIMED, ret, "ask for less",
				     "the test forbids the mapping");
	*base = mmap(fake->fenced ? fence(fake, pages->length) : NULL, (size_t)pages->length, prot,
		     MAP_SHARED | (fake->fenced ? MAP_FIXED : 0), fake->bar[bar].fd,
		     (off_t)pages->offset);
	MUST(*base != MAP_FAILED);
	return 0;
}

static int fake_channel_open(void *be, unsigned int bar, uint32_t flags,
			     struct pcibar_refuse_ctx *v, uint64_t *length, void **chanp)
{
	struct fake *fake = be;
	struct channel *channel;
	int ret = record(fake, (struct fake_event){ .op = FAKE_CHANNEL_OPEN, .bar = bar,
						    .len = *length,
						    .val = flags & PCIBAR_MAP_WRITE });

	if (ret)
		return pcibar_refuse(v, PCIBAR_REASON_PERMISSION, ret, "ask for less",
				     "the test forbids the channel");
	channel = malloc(sizeof(*channel));
	if (!channel)
		return pcibar_refuse(v, PCIBAR_REASON_SYSTEM, -ENOMEM, "", "out of memory");

	*channel = (struct channel){ fake, bar };
	*length = fake->bar[bar].image;
	fake->channels++;
	*chanp = channel;
	return 0;
}

static int fake_channel_read(void *chan, uint64_t off, unsigned int width, uint64_t *val)
{
	struct channel *channel = chan;
	unsigned char bytes[8];

	if (width == 8)
		return -EOPNOTSUPP;
	fake_peek(channel->fake, channel->bar, off, bytes, width);
	*val = 0;
	for (unsigned int i = width; i--;)
		*val = *val << 8 | bytes[i];
	return record(channel->fake, (struct fake_event){ FAKE_CHANNEL_READ, channel->bar, off,
							  width, *val });
}

static int fake_channel_write(void *chan, uint64_t off, unsigned int width, uint64_t val)
{
	struct channel *channel = chan;
	unsigned char bytes[8];

	if (width == 8)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < width; i++)
		bytes[i] = (unsigned char)(val >> 8 * i);
	fake_poke(channel->fake, channel->bar, off, bytes, width);
	return record(channel->fake, (struct fake_event){ FAKE_CHANNEL_WRITE, channel->bar, off,
							  width, val });
}

static void fake_channel_close(void *chan)
{
	struct channel *channel = chan;

	MUST(channel->fake->channels);
	channel->fake->channels--;
	record(channel->fake, (struct fake_event){ .op = FAKE_CHANNEL_CLOSE,
						   .bar = channel->bar });
	free(channel);
}

static int fake_config_read(void *be, unsigned int off, unsigned int width, uint32_t *val)
{
	struct fake *fake = be;

	if (off >= fake->config_len)
		return -ERANGE;
	pthread_mutex_lock(&lock);
	*val = fake_get_config(fake, off, width);
	pthread_mutex_unlock(&lock);
	/* Let another thread in between a read and the write that follows from it. */
	sched_yield();
	return record(fake, (struct fake_event){ FAKE_CONFIG_READ, 0, off, width, *val });
}

static int fake_config_write(void *be, unsigned int off, unsigned int width, uint32_t val)
{
	struct fake *fake = be;
	int ret = record(fake, (struct fake_event){ FAKE_CONFIG_WRITE, 0, off, width, val });

	if (off >= fake->config_len)
		return -ERANGE;
	if (ret)
		return ret;
	pthread_mutex_lock(&lock);
	fake_set_config(fake, off, width, val);
	pthread_mutex_unlock(&lock);
	return 0;
}

static int fake_vpd_list(void *be, pcibar_vpd_fn fn, void *data)
{
	static const struct pcibar_vpd_field field = {
		.size = sizeof(field), .flags = PCIBAR_VPD_IDENT, .length = 4,
		.data = (const uint8_t *)"fake",
	};
	int ret = record(be, (struct fake_event){ .op = FAKE_VPD_LIST });

	return ret ? ret : fn(data, &field);
}

static const struct pcibar_query_ops fake_query = {
	.get_id = fake_get_id,
	.get_driver = fake_get_driver,
	.get_asleep = fake_get_asleep,
	.get_header = fake_get_header,
	.get_resource = fake_get_resource,
	.get_neighbour = fake_get_neighbour,
	.get_virtual = fake_get_virtual,
	.get_place = fake_get_place,
	.config_read = fake_config_read,
};

static const struct pcibar_backend_ops pristine = {
	.id = FAKE_BACKEND,
	.name = "fake",
	.caps = PCIBAR_CAP_MAP_WC | PCIBAR_CAP_EXCLUSIVE | PCIBAR_CAP_ACTIVATE,
	.scan = fake_scan,
	.open = fake_open,
	.close = fake_close,
	.query = &fake_query,
	.map = fake_map,
	.channel_open = fake_channel_open,
	.channel_read = fake_channel_read,
	.channel_write = fake_channel_write,
	.channel_close = fake_channel_close,
	.config_write = fake_config_write,
	.vpd_list = fake_vpd_list,
};

unsigned int fake_reset(void)
{
	unsigned int held = 0;

	while (fakes) {
		struct fake *fake = fakes;

		fakes = fake->next;
		for (size_t i = 0; i < PCIBAR_BAR_COUNT; i++)
			if (fake->bar[i].fd >= 0)
				close(fake->bar[i].fd);
		while (fake->fence_count)
			munmap(fake->fences[--fake->fence_count], (size_t)sysconf(_SC_PAGESIZE));
		held += fake->open + fake->channels;
		if (!fake->open && !fake->channels)
			free(fake);
	}
	fake_scan_error = 0;
	fake_ops = pristine;
	return held;
}
