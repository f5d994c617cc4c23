// SPDX-License-Identifier: BSD-2-Clause
/*
 * pciio-fuzz [-f] SECONDS SEED [ro:]FUNCTION...: random requests to /dev/pci,
 * plausible enough to get far. With -f allocations fail in the kernel in the meantime.
 * Only the functions named are written to, and none of those marked "ro:".
 */
#define _GNU_SOURCE
#include "pciio-random.h"

enum kind {
	READ, WRITE, ATTACHED, GETCONF, GETCONF_15, GETBAR, LISTVPD, BARMMAP, BARIO, BAROPEN,
	INTROPEN, FUNCOPEN, RESET, MODIFY, NEARBY, MMAP, TOUCH, KINDS
};

static const char *const names[KINDS] = {
	"PCIOCREAD", "PCIOCWRITE", "PCIOCATTACHED", "PCIOCGETCONF", "PCIOCGETCONF of FreeBSD 15",
	"PCIOCGETBAR", "PCIOCLISTVPD", "PCIOCBARMMAP", "PCIOCBARIO", "PCIOCBAROPEN",
	"PCIOCINTROPEN", "PCIOCFUNCOPEN", "PCIOCRESET", "PCIOCMODIFY", "numbers nearby", "mmap",
	"touch",
};

static const unsigned long numbers[] = {
	PCIOCREAD, PCIOCWRITE, PCIOCATTACHED, PCIOCGETCONF, _IOWR('p', 10, struct pci_conf_io),
	PCIOCGETBAR, PCIOCLISTVPD, PCIOCBARMMAP, PCIOCBARIO, PCIOCBAROPEN, PCIOCINTROPEN,
	PCIOCFUNCOPEN, PCIOCRESET, PCIOCMODIFY,
};

union request {
	struct pci_io io;
	struct pci_conf_io conf;
	struct pci_bar_io bar;
	struct pci_list_vpd_io vpd;
	struct pci_bar_mmap map;
	struct pci_bar_ioreq access;
	struct pci_bar_open open;
	struct pci_intr_open vectors;
	struct pci_func_open function;
	struct pci_reset reset;
	struct pci_modify modify;
	unsigned char bytes[256];
};

#define COMMAND	4
#define MASTER	4		/* in COMMAND */

static int ro, bar = -1;
static int function_fd = -1;	/* of a function that may be disturbed, or read-only */

/*
 * Where mappings at fixed addresses may fall without harm: twice what any BAR
 * here needs, because one may begin at the end of the first half.
 */
#define HALF	(sizeof(long) == 8 ? (size_t)32ULL << 30 : (size_t)256 << 20)
static char *arena;

/* A page, the same page read-only, and nothing after either. */
static char *page, *page_ro;
static char buffer[1 << 14];

struct map {
	char *base;
	size_t len;
	bool writable;
};

static struct map maps[16];

static void drop(struct map *map)
{
	if (map->base >= arena && map->base < arena + 2 * HALF)
		MUST(mmap(map->base, map->len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			  MAP_NORESERVE | MAP_FIXED, -1, 0));
	else if (map->base)
		MUST(munmap(map->base, map->len));
	map->base = NULL;
}

/* In place of an older one, which it may have replaced already. */
static void keep(struct map new)
{
	struct map *old = &maps[below(ARRAY_SIZE(maps))];

	if (old->base != new.base)
		drop(old);
	*old = new;
}

/* Beyond the first words some devices raise interrupts, which no driver handles. */
static void touch_one(void)
{
	struct map *map = &maps[below(ARRAY_SIZE(maps))];
	unsigned int val = 0;
	bool ok;

	if (!map->base)
		return;

	fail_begin();
	if (map->writable && one_in(2))
		ok = store(map->base + 4 * below(2), (unsigned int)rnd());
	else
		ok = touch(map->base + (rnd() % map->len & ~3UL), &val);
	errno = EFAULT;
	fail_end();
	counted(TOUCH, ok ? 0 : -1);
}

static struct pcisel random_sel(struct target **target)
{
	struct pcisel sel;

	*target = NULL;
	if (!one_in(4)) {
		*target = random_target();
		return (*target)->sel;
	}
	sel = (struct pcisel){ .pc_bus = (u_int8_t)below(9), .pc_dev = (u_int8_t)below(34),
			       .pc_func = (u_int8_t)below(9) };
	if (one_in(2))
		sel.pc_domain = (u_int32_t)rnd();

	return sel;
}

static int random_reg(const struct target *target)
{
	switch (below(16)) {
	case 0:
		return (int)rnd();
	case 1:
		return ROM;
	case 2:
		return (int)below(256);
	case 3:
		return BAR((int)below(6));
	default:
		return target ? random_bar(target) : BAR(0);
	}
}

/* Mostly of the few that are known, sometimes a bit beside them. */
static u_int32_t random_flags(u_int32_t known, u_int32_t likely)
{
	if (one_in(16))
		return (u_int32_t)rnd();
	return ((u_int32_t)rnd() & (u_int32_t)rnd() & known) | (one_in(4) ? 0 : likely);
}

static int random_memattr(void)
{
	return one_in(8) ? (int)below(12) - 2 : (int)below(2);
}

/*
 * Where a pointer of a request, or the request itself, may point: never to
 * where this program lives.
 */
static void *bad_pointer(void)
{
	switch (below(5)) {
	case 0:
		return NULL;
	case 1:
		return arena + below(1 << 20);
	case 2:		/* of the kernel, or not canonical */
		return (void *)(uintptr_t)(sizeof(long) == 8 ? rnd() | 1ULL << 47
							     : 0xffff8000 | below(1 << 15));
	case 3:
		return page_ro;
	default:
		return page + PAGE - 1 - below(40);
	}
}

static void *random_pointer(void)
{
	return one_in(4) ? bad_pointer() : buffer;
}

static void make_getconf(struct pci_conf_io *conf)
{
	unsigned int n = one_in(2) ? 0 : below(5);

	conf->num_patterns = one_in(16) ? (u_int32_t)rnd() : n;
	conf->pat_buf_len = one_in(16) ? (u_int32_t)rnd()
				       : n * (u_int32_t)sizeof(struct pci_match_conf);
	conf->patterns = random_pointer();
	conf->match_buf_len = one_in(4) ? (u_int32_t)rnd() : below(sizeof(buffer));
	if (conf->match_buf_len > sizeof(buffer))
		conf->match_buf_len = sizeof(buffer);
	conf->matches = random_pointer();
	conf->offset = one_in(2) ? 0 : below(20);

	/* What the last result has left in the buffer serves as patterns. */
	conf->generation = one_in(4) ? (u_int32_t)rnd() : conf->generation;
}

static void *random_base(void *request)
{
	switch (below(8)) {
	case 0:
		return (void *)((uintptr_t)request & ~(PAGE - 1));
	case 1:
		return arena + below(1 << 20);
	case 2:
		return (void *)(~0UL & ~(PAGE - 1));
	case 3:
		return (void *)(uintptr_t)(1ULL << (sizeof(long) == 8 ? 47 : 31));
	default:
		return arena + (rnd() % HALF & ~(one_in(2) ? PMD_BYTES - 1 : PAGE - 1));
	}
}

/* Registers that decide where a BAR is: only off, or as it was. Never bus mastering. */
static void tame_write(struct pci_io *io, const struct target *target)
{
	int64_t first = io->pi_reg, last = first + io->pi_width;

	if (first <= COMMAND && last > COMMAND)
		io->pi_data &= ~(u_int32_t)(MASTER << 8 * (COMMAND - first));
	if (first >= ROM + 4 || last <= BAR(0))
		return;
	io->pi_data = one_in(2) ? 0 : ~0U;
	if (one_in(2) && last <= HEADER && io->pi_width > 0 && io->pi_width <= 4)
		memcpy(&io->pi_data, target->header + first, (size_t)io->pi_width);
}

static bool make_conf(struct pci_io *io, bool write)
{
	static const int regs[] = { 0, COMMAND, COMMAND, COMMAND, 0xc, 0x3c, 0x40, 0x54, 0xcc };
	struct target *target;

	io->pi_sel = random_sel(&target);
	io->pi_width = one_in(8) ? (int)rnd() : 1 << below(3);
	io->pi_reg = one_in(2) ? random_reg(target) : regs[below(ARRAY_SIZE(regs))];
	io->pi_data = (u_int32_t)rnd();
	if (one_in(2))
		io->pi_reg &= ~3;
	if (!write)
		return true;
	if (!target || !target->writable)
		return false;
	if (io->pi_width >= 0 && io->pi_width <= 4)
		tame_write(io, target);

	return true;
}

static u_int32_t random_size(size_t size)
{
	return one_in(8) ? (u_int32_t)rnd() : (u_int32_t)size;
}

/* Registers that decide where a BAR is are changed as a whole, as tame_write() has it. */
static bool make_modify(struct pci_modify *modify)
{
	struct pci_io io = { 0 };
	bool whole;

	if (!make_conf(&io, true))
		return false;

	whole = one_in(4) || (io.pi_reg > BAR(0) - 4 && io.pi_reg < ROM + 4);
	*modify = (struct pci_modify){
		.pmo_size = random_size(sizeof(*modify)), .pmo_sel = io.pi_sel,
		.pmo_reg = io.pi_reg, .pmo_width = io.pi_width,
		.pmo_mask = whole ? ~0u : (u_int32_t)rnd(), .pmo_value = io.pi_data,
	};
	if (io.pi_width > 0 && io.pi_width < 4)
		modify->pmo_mask &= (1u << 8 * io.pi_width) - 1;
	if (!one_in(16))
		modify->pmo_value &= modify->pmo_mask;

	return true;
}

static bool make_reset(struct pci_reset *reset)
{
	struct target *target;

	reset->prs_size = random_size(sizeof(*reset));
	reset->prs_sel = random_sel(&target);
	reset->prs_flags = one_in(8) ? (u_int32_t)rnd() : 0;
	return target && target->writable;
}

/* Mostly without a count, which asks only. Never bus mastering. */
static bool make_vectors(struct pci_intr_open *vectors)
{
	struct target *target;

	*vectors = (struct pci_intr_open){
		.pin_size = random_size(sizeof(*vectors)), .pin_sel = random_sel(&target),
		.pin_type = one_in(8) ? (u_int32_t)rnd() : 1 + below(3),
		.pin_first = one_in(8) ? (u_int32_t)rnd() : below(4),
		.pin_count = one_in(16) ? (u_int32_t)rnd() : one_in(4) ? below(4) : 0,
		.pin_reserve = one_in(4) ? (u_int32_t)rnd() : 0,
		.pin_flags = random_flags(PCIIO_INTR_OPEN_MASKED | PCIIO_INTR_OPEN_EVENTFD, 0) &
			     ~(u_int32_t)PCIIO_INTR_OPEN_MASTER,
		.pin_fds = (uintptr_t)random_pointer(),
		.pin_eventfds = one_in(2) ? 0 : (uintptr_t)random_pointer(),
	};
	vectors->pin_reserved[below(4)] = one_in(16);
	return !vectors->pin_count || (target && target->writable);
}

static bool make_function(struct pci_func_open *function)
{
	struct target *target;

	function->pfo_size = random_size(sizeof(*function));
	function->pfo_sel = random_sel(&target);
	function->pfo_flags = random_flags(PCIIO_FUNC_OPEN_RW, PCIIO_FUNC_OPEN_RW);
	function->pfo_reserved[below(3)] = one_in(16);
	return !(function->pfo_flags & PCIIO_FUNC_OPEN_RW) || (target && target->writable);
}

static bool make_access(struct pci_bar_ioreq *access)
{
	struct target *target;

	access->pbi_sel = random_sel(&target);
	access->pbi_op = one_in(8) ? (int)rnd() : PCIBARIO_READ;
	access->pbi_bar = one_in(8) ? (u_int32_t)rnd()
				    : (u_int32_t)(random_reg(target) - BAR(0)) / 4;
	access->pbi_offset = one_in(8) ? (u_int32_t)rnd() : below(1 << below(18));
	access->pbi_width = one_in(8) ? (u_int32_t)rnd() : 1U << below(4);
	access->pbi_value = (u_int32_t)rnd();
	if (!one_in(8))
		access->pbi_offset &= ~7U;
	if (target && target->writable && one_in(2)) {
		access->pbi_op = PCIBARIO_WRITE;
		access->pbi_offset &= 7;
	}

	/* Only the functions named may be disturbed at all, and that only so. */
	return target && (target->writable || access->pbi_op != PCIBARIO_WRITE);
}

/* Fills @req; false when it would do harm. @target is the function named, or NULL. */
static bool make(enum kind kind, union request *req, void *at, struct target **target)
{
	struct target *unused;

	*target = NULL;
	switch (kind) {
	case READ:
	case WRITE:
		return make_conf(&req->io, kind == WRITE);
	case ATTACHED:
		req->io.pi_sel = random_sel(&unused);
		return true;
	case GETCONF:
	case GETCONF_15:
		make_getconf(&req->conf);
		return true;
	case GETBAR:
		req->bar.pbi_sel = random_sel(target);
		req->bar.pbi_reg = random_reg(*target);
		return true;
	case LISTVPD:
		req->vpd.plvi_sel = random_sel(&unused);
		req->vpd.plvi_len = one_in(2) ? 0 : below(sizeof(buffer));
		req->vpd.plvi_data = random_pointer();
		return true;
	case BARMMAP:
		req->map.pbm_sel = random_sel(target);
		req->map.pbm_reg = random_reg(*target);
		req->map.pbm_flags = (int)random_flags(0xf, PCIIO_BAR_MMAP_ACTIVATE);
		req->map.pbm_memattr = random_memattr();
		req->map.pbm_map_base = random_base(at);
		return true;
	case BARIO:
		return make_access(&req->access);
	case BAROPEN:
		req->open.pbo_size = random_size(sizeof(req->open));
		req->open.pbo_sel = random_sel(target);
		req->open.pbo_reg = random_reg(*target);
		req->open.pbo_flags = random_flags(0x7f, PCIIO_BAR_OPEN_ACTIVATE);
		req->open.pbo_memattr = (u_int32_t)random_memattr();
		req->open.pbo_reserved[0] = one_in(32);
		req->open.pbo_reserved[1] = one_in(32);
		return true;
	case INTROPEN:
		return make_vectors(&req->vectors);
	case FUNCOPEN:
		return make_function(&req->function);
	case RESET:
		return make_reset(&req->reset);
	case MODIFY:
		return make_modify(&req->modify);
	default:
		return true;
	}
}

/* Where the request is, good or bad, and where it can be written. */
static void *place(size_t size, char **writable)
{
	char *at;

	*writable = page;
	switch (below(12)) {
	case 0:
		at = bad_pointer();
		/* What is left there of another request might do harm as this one. */
		if (at >= page && at < page + PAGE)
			*writable = at;
		return at;
	case 1:		/* reaches beyond the end of the page, or just not */
		*writable = page + PAGE - below((unsigned int)size + 1);
		return *writable;
	case 2:		/* can be read, but the result cannot be written */
		return page_ro;
	case 3:
		*writable = page + 1 + below(64);
		return *writable;
	default:
		return page;
	}
}

static unsigned long nearby(void)
{
	unsigned int nr = one_in(2) ? below(16) : 0xc0 + below(6);

	return _IOC(below(4), one_in(8) ? below(256) : 'p', nr, below(1 << 8));
}

static void mapped(const struct pci_bar_mmap *io, const struct target *target)
{
	struct map map = { io->pbm_map_base, io->pbm_map_length,
			   target && target->writable && io->pbm_flags & PCIIO_BAR_MMAP_RW };

	if (target)
		keep(map);
	else
		drop(&map);
}

static void opened(const struct pci_bar_open *io, const struct target *target)
{
	bool write = io->pbo_flags & PCIIO_BAR_OPEN_RW;
	size_t len = (size_t)io->pbo_map_length, off = 0;
	char *base;

	if (one_in(4)) {
		off = below(1 << below(16)) * PAGE;
		len = below(1 << 20);
	}
	fail_begin();
	base = mmap(NULL, len, PROT_READ | (write ? PROT_WRITE : 0),
		    one_in(16) ? MAP_PRIVATE : MAP_SHARED, io->pbo_fd, (off_t)off);
	fail_end();
	counted(MMAP, base == MAP_FAILED ? -1 : 0);
	if (base != MAP_FAILED) {
		struct map map = { base, (len + PAGE - 1) & ~(PAGE - 1),
				   write && target && target->writable && !off };

		if (target)
			keep(map);
		else
			drop(&map);
	}
	if (bar >= 0)
		close(bar);
	bar = io->pbo_fd;
}

static void function_opened(const struct pci_func_open *io)
{
	if (function_fd >= 0)
		close(function_fd);
	function_fd = io->pfo_fd;
}

static void vectors_opened(const struct pci_intr_open *io)
{
	const int *fds = (const int *)(uintptr_t)io->pin_fds;

	for (u_int32_t i = 0; i < io->pin_count; i++)
		close(fds[i]);
}

static int random_fd(enum kind kind)
{
	bool function = kind == RESET || kind == MODIFY ? !one_in(16) : one_in(8);

	return one_in(16) ? ro : one_in(16) ? bar : function ? function_fd : rw;
}

static void ask(enum kind kind)
{
	union request req = { 0 };
	struct target *target;
	char *writable, *at;
	size_t len;
	long ret;

	at = place(sizeof(req.open), &writable);
	if (!make(kind, &req, at, &target))
		return;

	len = (size_t)(page + PAGE - writable);
	memcpy(writable, &req, len < sizeof(req) ? len : sizeof(req));
	fail_begin();
	ret = ioctl(random_fd(kind), kind == NEARBY ? nearby() : numbers[kind], at);
	fail_end();
	if (counted(kind, ret))
		return;

	/* A request that succeeded can be read as a whole. */
	if (kind == BARMMAP)
		mapped(memcpy(&req, at, sizeof(req.map)), target);
	else if (kind == BAROPEN)
		opened(memcpy(&req, at, sizeof(req.open)), target);
	else if (kind == INTROPEN)
		vectors_opened(memcpy(&req, at, sizeof(req.vectors)));
	else if (kind == FUNCOPEN)
		function_opened(memcpy(&req, at, sizeof(req.function)));
}

static void step(void)
{
	enum kind kind = one_in(3) ? TOUCH : below(KINDS);

	if (kind == TOUCH)
		touch_one();
	else if (kind == MMAP)
		drop(&maps[below(ARRAY_SIZE(maps))]);
	else
		ask(kind);
}

/* A page with nothing after it, and another view of it that cannot be written. */
static void make_pages(void)
{
	int fd = (int)MUST(memfd_create("pciio-fuzz", MFD_CLOEXEC));

	MUST(ftruncate(fd, PAGE));
	page = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	page_ro = page + 2 * PAGE;
	MUST(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0));
	MUST(mmap(page_ro, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0));
	arena = mmap(NULL, 2 * HALF, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(arena == MAP_FAILED ? -1 : 0);
}

int main(int argc, char **argv)
{
	bool fail;

	reseed(begin(argc, argv, KINDS, &fail), 0);
	ro = node(O_RDONLY);
	make_pages();
	if (fail)
		fail_open();
	while (time_left())
		step();
	tally_print(names, KINDS);
	return verdict();
}
