// SPDX-License-Identifier: BSD-2-Clause
/*
 * The states in which a BAR is not free to use: what detects each, its sentence and its
 * remedy. A remedy is a command that can be run as it is printed, or says "may".
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <pcibar/enable.h>

#include "internal.h"
#include "system.h"

#define MOVED			"the register of {moved} holds {held}, but the kernel assigned " \
				"{start}: it was reset or overwritten"
#define TURN_ON			"turn it on (pcibar enable {address}), or for as long as it is " \
				"mapped (pcibar --activate)"

/*
 * Where the address for the CPU is the one on the bus, registers hold it as it is. Elsewhere
 * any address of which the low bits agree may be the BAR's, 0 too.
 */
#if defined(__x86_64__) || defined(__i386__)
#define BUS_IS_CPU	true
#else
#define BUS_IS_CPU	false
#endif
/* Windows of host bridges, and so the differences of both addresses, are multiples of it. */
#define WINDOW_ALIGN	((uint64_t)1 << 20)

/* What is found out on the way, which later states and the sentences need. */
struct look {
	struct pcibar_map_request *req;
	struct pcibar_device *dev;
	bool blind;			/* configuration space cannot be read */
	uint32_t command;
	bool seen;			/* the BAR's register, which is @moved.held */
	struct pcibar_moved moved;
	char name[PCIBAR_NAME_LEN];	/* of a neighbour, or the physical function */
};

const char *pcibar_bar_name(unsigned int bar)
{
	static const char *const names[] = {
		"BAR 0", "BAR 1", "BAR 2", "BAR 3", "BAR 4", "BAR 5", "the expansion ROM",
	};

	return names[bar];
}

/* A register of configuration space as it is: all-ones may be its value. */
static int read_register(struct pcibar_device *dev, unsigned int bar, bool wide, uint64_t *val)
{
	const struct pcibar_query_ops *query = dev->query;
	unsigned int off = PCIR_BARS + 4 * bar;
	uint32_t words[2] = { 0 };
	int ret;

	if (wide && query->config_read_words) {
		ret = query->config_read_words(dev->query_data, off, words, 2);
	} else {
		ret = query->config_read(dev->query_data, off, 4, &words[0]);
		if (!ret && wide)
			ret = query->config_read(dev->query_data, off + 4, 4, &words[1]);
	}
	*val = (uint64_t)words[1] << 32 | words[0];
	return ret;
}

static bool holds(const struct pcibar_resource *res, uint64_t addr, uint64_t ones)
{
	if (BUS_IS_CPU)
		return addr == res->start;
	if (addr == ones)
		return false;
	return res->kind == PCIBAR_BAR_KIND_IO || !((addr ^ res->start) & (WINDOW_ALIGN - 1));
}

/* Whether the register of a BAR has an address that can be compared. */
static bool has_register(const struct pcibar_resource *res)
{
	/* The kernel writes the address of a ROM only when it enables the ROM. */
	return res->kind != PCIBAR_BAR_KIND_NONE && res->kind != PCIBAR_BAR_KIND_ROM &&
	       !res->fixed && !(res->flags & PCIBAR_BAR_F_UNASSIGNED);
}

/* @held: the register, of which the address is left */
static bool is_elsewhere(struct pcibar_device *dev, const struct pcibar_resource *res,
			 uint64_t *held)
{
	bool io = res->kind == PCIBAR_BAR_KIND_IO, wide = res->kind == PCIBAR_BAR_KIND_MEM64;
	uint64_t ones = wide ? UINT64_MAX : UINT32_MAX, low = io ? 3 : 0xf;
	bool decodes;

	*held &= ~low;
	if (holds(res, *held, ones & ~low))
		return false;

	/* The registers of a virtual function read as zero. */
	return *held || !pcibar_is_virtual(dev, &decodes);
}

bool pcibar_bar_moved(struct pcibar_device *dev, unsigned int bar,
		      const struct pcibar_resource *res, uint64_t *held)
{
	return has_register(res) &&
	       !read_register(dev, bar, res->kind == PCIBAR_BAR_KIND_MEM64, held) &&
	       is_elsewhere(dev, res, held);
}

bool pcibar_find_moved(struct pcibar_device *dev, struct pcibar_moved *moved)
{
	for (moved->bar = 0; moved->bar < PCIBAR_BAR_ROM; moved->bar++)
		if (!dev->query->get_resource(dev->query_data, moved->bar, &moved->res) &&
		    moved->res.kind != PCIBAR_BAR_KIND_IO &&
		    pcibar_bar_moved(dev, moved->bar, &moved->res, &moved->held))
			return true;
	return false;
}

bool pcibar_bar_hidden(struct pcibar_device *dev, unsigned int bar)
{
	struct pcibar_resource res;
	uint8_t header, secondary;
	uint64_t val;

	if (bar == PCIBAR_BAR_ROM ||
	    dev->query->get_header(dev->query_data, &header, &secondary) ||
	    !pcibar_header_bar(header, bar))
		return false;

	for (unsigned int i = 0; i <= bar; i++) {
		if (dev->query->get_resource(dev->query_data, i, &res))
			return false;
		if (res.kind == PCIBAR_BAR_KIND_NONE && read_register(dev, i, false, &val))
			return false;
		if (res.kind == PCIBAR_BAR_KIND_NONE && (val & 7) == PCIM_BAR_MEM_64) {
			if (i++ == bar)
				return true;
		} else if (res.kind == PCIBAR_BAR_KIND_MEM64) {
			i++;
		}
	}
	return false;
}

void pcibar_map_request_pages(const struct pcibar_map_request *req, struct pcibar_pages *pages)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t head = req->res.start & (page - 1);	/* of a BAR smaller than a page */
	uint64_t first = (head + req->offset) & ~(page - 1);
	uint64_t end = (head + req->offset + req->length + page - 1) & ~(page - 1);

	pages->offset = first;
	pages->cpu_addr = req->res.start - head + first;
	pages->length = end - first;
	pages->attr = req->attr;
	pages->flags = req->flags;
	pages->wc_exists = req->res.flags & PCIBAR_BAR_F_HAS_WC;
	pages->driver = req->driver_known ? req->driver : NULL;
}

static bool is_held(struct look *look)
{
	struct pcibar_map_request *req = look->req;

	if (req->flags & PCIBAR_MAP_SHARE_DRIVER || look->dev->ops->handed_over ||
	    look->dev->query->get_driver(look->dev->query_data, req->driver))
		return false;
	req->driver_known = true;
	return pcibar_device_has_owner(look->dev, req->driver);
}

static bool is_page_shared(struct look *look)
{
	const struct pcibar_query_ops *query = look->dev->query;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct pcibar_map_request *req = look->req;
	struct pcibar_pages pages;

	/* Sizes are powers of two and BARs lie at multiples of them: whole pages are its own. */
	if (req->flags & PCIBAR_MAP_SHARE_PAGE || !(req->res.flags & PCIBAR_BAR_F_MAPPABLE) ||
	    look->dev->ops->own_pages || !((req->res.start | req->res.length) & (page - 1)))
		return false;
	pcibar_map_request_pages(req, &pages);
	return !query->get_neighbour(look->dev->query_data, req->bar, pages.cpu_addr,
				     pages.cpu_addr + pages.length - 1, look->name) && *look->name;
}

static bool is_unassigned(struct look *look)
{
	return look->req->res.flags & PCIBAR_BAR_F_UNASSIGNED;
}

static bool is_asleep(struct look *look)
{
	const struct pcibar_backend_ops *ops = look->dev->ops;
	bool asleep = false;

	if (ops->keeps_awake && ops->keeps_awake(look->dev->be))
		return false;
	return !look->dev->query->get_asleep(look->dev->query_data, &asleep) && asleep;
}

/*
 * The command register and the BAR's, in one system call: all that a map reads of the device
 * where nothing is wrong. False: one by one.
 */
static bool read_together(struct look *look)
{
	enum { BARS = (PCIR_BARS - PCIR_COMMAND) / 4 };
	const struct pcibar_query_ops *query = look->dev->query;
	bool wide = look->req->res.kind == PCIBAR_BAR_KIND_MEM64;
	uint32_t words[BARS + PCIBAR_BAR_ROM + 1] = { 0 };
	unsigned int at = BARS + look->req->bar;

	if (!query->config_read_words || !has_register(&look->req->res) ||
	    query->config_read_words(look->dev->query_data, PCIR_COMMAND, words, at + 1 + wide))
		return false;
	look->command = words[0] & UINT16_MAX;
	look->moved.held = wide ? (uint64_t)words[at + 1] << 32 | words[at] : words[at];
	return look->command != UINT16_MAX;
}

/* The first that reads configuration space, unless the function sleeps. */
static bool is_silent(struct look *look)
{
	int ret = 0;
	uint32_t id;

	look->seen = read_together(look);
	if (!look->seen)
		ret = pcibar_config_read(look->dev, PCIR_COMMAND, 2, &look->command);
	look->blind = ret;
	if (ret != -ENODEV && (ret || look->command != UINT16_MAX))
		return false;
	look->blind = true;
	/* A function that was removed has no configuration space to read. */
	return !look->dev->query->config_read(look->dev->query_data, PCIR_VENDOR, 2, &id);
}

static bool is_gone(struct look *look)
{
	return look->blind && atomic_load(&look->dev->gone);
}

static bool has_moved(struct look *look)
{
	look->moved.bar = look->req->bar;
	look->moved.res = look->req->res;
	if (look->seen)
		return is_elsewhere(look->dev, &look->req->res, &look->moved.held);
	return !look->blind && pcibar_bar_moved(look->dev, look->req->bar, &look->req->res,
						&look->moved.held);
}

/* Turning the decoder on would have all memory BARs respond, where their registers say. */
static bool has_another_moved(struct look *look)
{
	return !look->blind && look->req->flags & PCIBAR_MAP_ACTIVATE &&
	       look->req->res.kind != PCIBAR_BAR_KIND_IO && !look->req->res.rom_copy &&
	       !(look->command & PCIBAR_DECODE_MEM) && pcibar_find_moved(look->dev, &look->moved);
}

static bool is_kind(const struct look *look, uint32_t kind)
{
	return !look->blind && look->req->res.kind == kind;
}

static bool is_io_off(struct look *look)
{
	return is_kind(look, PCIBAR_BAR_KIND_IO) && !(look->command & PCIBAR_DECODE_IO) &&
	       !(look->req->flags & PCIBAR_MAP_ACTIVATE);
}

/* Whether the memory decoder is off, and of a virtual function the one of all of them. */
static bool is_memory_off(struct look *look, bool *is_virtual)
{
	bool decodes = false;

	*is_virtual = false;
	if (look->blind || is_kind(look, PCIBAR_BAR_KIND_IO) || look->req->res.rom_copy ||
	    look->command & PCIBAR_DECODE_MEM)
		return false;
	*is_virtual = pcibar_is_virtual(look->dev, &decodes);
	return !decodes;
}

static bool is_virtual_off(struct look *look)
{
	bool is_virtual;

	if (!is_memory_off(look, &is_virtual) || !is_virtual)
		return false;
	if (!look->dev->query->get_physical ||
	    look->dev->query->get_physical(look->dev->query_data, look->name) || !*look->name)
		strcpy(look->name, "PF");
	return true;
}

static bool is_decode_off(struct look *look)
{
	bool is_virtual;

	return !(look->req->flags & PCIBAR_MAP_ACTIVATE) && is_memory_off(look, &is_virtual) &&
	       !is_virtual;
}

static bool is_rom_off(struct look *look)
{
	return is_kind(look, PCIBAR_BAR_KIND_ROM) && !look->req->res.rom_copy &&
	       look->command & PCIBAR_DECODE_MEM && !(look->req->flags & PCIBAR_MAP_ACTIVATE);
}

/* In the order in which they are reported. @final: later ones would be meaningless. */
static const struct state {
	uint32_t code;
	int error;
	bool final;
	bool (*is_in)(struct look *look);
	const char *what;
	const char *remedy;		/* NULL: the system's */
} states[] = {
	{ PCIBAR_REASON_DRIVER, -EBUSY, false, is_held,
	  "the kernel driver {driver} owns the function", NULL },
	{ PCIBAR_REASON_PAGE_SHARED, -EADDRINUSE, false, is_page_shared,
	  "{bar} is smaller than a page, and {name} is in the same page",
	  "share the page (pcibar --share-page) if the mapping may reach that too" },
	{ PCIBAR_REASON_UNASSIGNED, -ENXIO, true, is_unassigned,
	  "no address was assigned to {bar}", NULL },
	{ PCIBAR_REASON_ASLEEP, -ENXIO, true, is_asleep,
	  "the device is in a low-power state and does not respond",
	  "wake it: echo on >{sysfs}/power/control" },
	{ PCIBAR_REASON_NO_RESPONSE, -ENODEV, true, is_silent,
	  "the function does not respond: its configuration space reads as all-ones", NULL },
	{ PCIBAR_REASON_GONE, -ENODEV, true, is_gone, "the function is gone",
	  "'pcibar list' shows what is there now" },
	{ PCIBAR_REASON_MOVED, -ENXIO, true, has_moved, MOVED, NULL },
	{ PCIBAR_REASON_MOVED, -ENXIO, true, has_another_moved, MOVED, NULL },
	{ PCIBAR_REASON_DECODE_OFF, -ENXIO, false, is_virtual_off,
	  "memory decoding of the virtual functions is off",
	  "turn it on in the physical function: pcibar config write {name} ECAP_SRIOV+8.W 8:8" },
	{ PCIBAR_REASON_DECODE_OFF, -ENXIO, false, is_io_off, "I/O decoding is off",
	  TURN_ON },
	{ PCIBAR_REASON_DECODE_OFF, -ENXIO, false, is_decode_off, "memory decoding is off",
	  TURN_ON },
	{ PCIBAR_REASON_DECODE_OFF, -ENXIO, false, is_rom_off,
	  "the decoder of the expansion ROM is off",
	  "turn it on for as long as it is mapped (pcibar --activate)" },
};

#define N_STATES	(sizeof(states) / sizeof(*states))

/* Whether @word and the closing brace are @at. */
static bool is_word(const char *at, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(at, word, len) && at[len] == '}';
}

/* What a word in braces means; nothing if it is unknown. */
static void expand_word(const struct look *look, const char *at, char *out, size_t room)
{
	const char *root = look->dev->root;
	char address[PCIBAR_ADDRESS_STRLEN];

	*out = '\0';
	pcibar_address_format(&look->dev->addr, address);

	if (is_word(at, "bar"))
		snprintf(out, room, "%s", pcibar_bar_name(look->req->bar));
	else if (is_word(at, "address"))
		snprintf(out, room, "%s", address);
	else if (is_word(at, "root"))
		snprintf(out, room, "%s", root);
	else if (is_word(at, "sysfs"))
		snprintf(out, room, "%s/bus/pci/devices/%s", root, address);
	else if (is_word(at, "selector"))
		snprintf(out, room, "pci%" PRIu32 ":%u:%u:%u", look->dev->addr.domain,
			 look->dev->addr.bus, look->dev->addr.slot, look->dev->addr.func);
	else if (is_word(at, "driver"))
		snprintf(out, room, "%s", look->req->driver);
	else if (is_word(at, "name"))
		snprintf(out, room, "%s", look->name);
	else if (is_word(at, "moved"))
		snprintf(out, room, "%s", pcibar_bar_name(look->moved.bar));
	else if (is_word(at, "held"))
		snprintf(out, room, "0x%" PRIx64, look->moved.held);
	else if (is_word(at, "start"))
		snprintf(out, room, "0x%" PRIx64, look->moved.res.start);
}

/* What does not fit is cut off, as in all sentences. */
static void expand(const struct look *look, const char *text, char *out, size_t room)
{
	size_t len = 0;

	out[0] = '\0';
	while (*text && len + 1 < room) {
		const char *brace = strchrnul(text, '{');

		snprintf(out + len, room - len, "%.*s", (int)(brace - text), text);
		len += strlen(out + len);

		text = brace;
		if (!*brace)
			break;
		expand_word(look, brace + 1, out + len, room - len);
		len += strlen(out + len);
		text = strchr(brace, '}') + 1;
	}
}

static int refuse_state(const struct look *look, const struct state *state,
			struct pcibar_refuse_ctx *ctx)
{
	const char *remedy = state->remedy;
	struct pcibar_reason text;

	if (!remedy)
		remedy = pcibar_system()->text[state->code].remedy;
	expand(look, state->what, text.what, sizeof(text.what));
	expand(look, remedy, text.remedy, sizeof(text.remedy));
	return pcibar_refuse(ctx, state->code, state->error, text.remedy, "%s", text.what);
}

/* Those of @codes, bits 1 << enum pcibar_reason_code */
static int check(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx, uint32_t codes)
{
	struct look look = { .req = req, .dev = req->dev };

	for (size_t i = 0; i < N_STATES; i++) {
		if (!(codes & 1u << states[i].code) || !states[i].is_in(&look))
			continue;

		refuse_state(&look, &states[i], ctx);
		if (states[i].final || !ctx->all)
			return ctx->error;
	}
	return 0;
}

/* What taking the function does not change */
#define LASTING		(1u << PCIBAR_REASON_DRIVER | 1u << PCIBAR_REASON_PAGE_SHARED | \
			 1u << PCIBAR_REASON_UNASSIGNED)

int pcibar_check_states(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	int ret;

	if (req->dev->ops->take && !atomic_load(&req->dev->taken)) {
		ret = check(req, ctx, LASTING);
		if (!ret)
			ret = pcibar_device_take(req->dev, ctx);
		/* How the function is after that, an explanation cannot see. */
		if (ret || ctx->all)
			return ret;
	}
	return check(req, ctx, UINT32_MAX);
}

int pcibar_check_awake(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	return check(req, ctx, 1u << PCIBAR_REASON_ASLEEP | 1u << PCIBAR_REASON_NO_RESPONSE |
			       1u << PCIBAR_REASON_GONE);
}

int pcibar_check_response(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	struct look look = { .req = req, .dev = req->dev };

	if (is_asleep(&look))
		return 0;
	return check(req, ctx, 1u << PCIBAR_REASON_NO_RESPONSE | 1u << PCIBAR_REASON_GONE);
}

int pcibar_check_missing(struct pcibar_map_request *req, struct pcibar_refuse_ctx *ctx)
{
	struct look look = { .req = req, .dev = req->dev };

	if (is_asleep(&look))
		return 0;

	if (pcibar_bar_hidden(req->dev, req->bar))
		req->res.flags |= PCIBAR_BAR_F_UNASSIGNED;
	return check(req, ctx, 1u << PCIBAR_REASON_UNASSIGNED | 1u << PCIBAR_REASON_NO_RESPONSE);
}
