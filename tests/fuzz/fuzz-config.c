// SPDX-License-Identifier: BSD-2-Clause
/* Walking any configuration space ends, after few reads, inside of it. */
#include "fuzz.h"

#include <errno.h>

#include "fake-backend.h"
#include "internal.h"

#include <pcibar/pcibar.h>

#define FUNCTION	"0000:03:00.0"
#define CAPABILITIES	48	/* that 256 bytes have room for, each of 4 or more */
#define EXTENDED	960

/* For each register of all-ones two more, which show whether there is a function. */
#define PRESENCE	2

static struct fake *fake;
static struct pcibar_device *dev;

/* Only the vendor of a virtual function reads as all-ones, and the fake is a physical one. */
static bool is_absent(void)
{
	return fake_get_config(fake, 0, 2) == UINT16_MAX;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct pcibar_open_opts opts = { .size = sizeof(opts), .backend = FAKE_BACKEND };

	(void)argc;
	(void)argv;
	fake_reset();
	fake = fake_add(FUNCTION);
	fake_add_bar(fake, 0, PCIBAR_BAR_KIND_MEM64, 0xfd000000, 0x1000);
	fake_add_bar(fake, PCIBAR_BAR_ROM, PCIBAR_BAR_KIND_ROM, 0xfe000000, 0x1000);
	MUST(!pcibar_device_open(FUNCTION, &opts, &dev));
	return 0;
}

static void check_capability(unsigned int id)
{
	unsigned int off = 0;
	int ret;

	fake_forget(fake);
	ret = pcibar_config_find_capability(dev, id, &off);
	MUST(fake->count <= (CAPABILITIES + 2) * (1 + PRESENCE));
	if (!ret)
		MUST(off >= 0x40 && off <= 0xfc && !(off & 3) && fake->config[off] == id);
	else
		MUST((ret == -ENOENT || (ret == -ENODEV && is_absent())) && !off);
}

static void check_extended(unsigned int id)
{
	unsigned int off = 0;
	int ret;

	fake_forget(fake);
	ret = pcibar_config_find_extended(dev, id, &off);
	MUST(fake->count <= EXTENDED + PRESENCE);
	if (!ret)
		MUST(off >= 0x100 && off <= 0xffc && !(off & 3) &&
		     fake_get_config(fake, off, 2) == id);
	else
		MUST((ret == -ENOENT || (ret == -ENODEV && is_absent())) && !off);
}

/* Only the headers of types 0 and 1 have a register for the ROM; bit 7 is no part of the type. */
static bool has_register(unsigned int bar)
{
	return bar != PCIBAR_BAR_ROM || (fake_get_config(fake, 0x0e, 1) & 0x7f) <= 1;
}

static void check_bar(unsigned int bar)
{
	struct pcibar_bar_info info = { .size = sizeof(info) };

	fake_forget(fake);
	MUST(!pcibar_bar_get_info(dev, bar, PCIBAR_BAR_INFO_CONFIG, &info));
	MUST(info.flags & PCIBAR_BAR_F_CONFIG_SEEN || is_absent() || !has_register(bar));
	MUST(!(info.bus_addr & 0xf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	memset(fake->config, 0, sizeof(fake->config));
	memcpy(fake->config, data, len < sizeof(fake->config) ? len : sizeof(fake->config));
	fake->config_len = len > 256 ? 4096 : 256;
	for (unsigned int id = 1; id < 256; id += 3)
		check_capability(id);
	for (unsigned int id = 1; id < 0x40; id += 5)
		check_extended(id);
	check_extended(0xffff);
	check_bar(0);
	check_bar(PCIBAR_BAR_ROM);
	return 0;
}
