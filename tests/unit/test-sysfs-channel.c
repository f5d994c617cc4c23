// SPDX-License-Identifier: BSD-2-Clause
/* The sysfs back end's I/O BARs, expansion ROM and configuration space. */
#include "unit.h"

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inject.h"
#include "internal.h"
#include "fake-sysfs.h"

#define FUNCTION	"0000:03:00.0"

static struct tree tree;
static struct pcibar_device *dev;
static struct pcibar_refusal why;
static struct pcibar_map *map;

static int setup(void **state)
{
	struct pcibar_open_opts opts = {
		.size = sizeof(opts), .flags = PCIBAR_OPEN_WRITE, .sysfs_root = tree.root,
		.backend = PCIBAR_BACKEND_SYSFS,
	};
	int ret = unit_setup(state);

	why = (struct pcibar_refusal)PCIBAR_REFUSAL_INIT;
	tree_create(&tree);
	tree_add(&tree, FUNCTION);
	tree_poke(&tree, FUNCTION, "config", PCIR_COMMAND, "\x03", 1);
	tree_bar(&tree, FUNCTION, 4, 0xc000, 0x20, TREE_IO);
	tree_bar(&tree, FUNCTION, 6, 0xfc000000, 0x10000, TREE_ROM);
	assert_int_equal(pcibar_device_open(FUNCTION, &opts, &dev), 0);
	return ret;
}

static int teardown(void **state)
{
	pcibar_map_release(map);
	map = NULL;
	pcibar_device_close(dev);
	dev = NULL;
	tree_remove(&tree);
	return unit_teardown(state);
}

#define CHANNEL_TEST(fn)	cmocka_unit_test_setup_teardown(fn, setup, teardown)

static int try_map(unsigned int bar, uint32_t flags)
{
	struct pcibar_map_opts opts = {
		.size = sizeof(opts), .flags = flags | PCIBAR_MAP_INDIRECT, .why = &why,
	};

	pcibar_map_release(map);
	map = NULL;
	return pcibar_bar_map(dev, bar, &opts, &map);
}

static int open_function_dir(void)
{
	char path[PATH_MAX + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/bus/pci/devices/" FUNCTION, tree.root);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* The kernel's file of an I/O BAR holds numbers of the host's byte order. */
static void reads_ports(void **state)
{
	const uint8_t byte = 0xef;
	const uint16_t word = 0xcdef;
	const uint32_t dword = 0x89abcdef;
	uint64_t val;

	(void)state;
	assert_int_equal(try_map(4, 0), 0);
	assert_null(pcibar_map_addr(map));

	tree_poke(&tree, FUNCTION, "resource4", 0x1c, &byte, sizeof(byte));
	assert_int_equal(pcibar_map_read(map, 0x1c, 1, &val), 0);
	assert_int_equal(val, byte);

	tree_poke(&tree, FUNCTION, "resource4", 0x1c, &word, sizeof(word));
	assert_int_equal(pcibar_map_read(map, 0x1c, 2, &val), 0);
	assert_int_equal(val, word);

	tree_poke(&tree, FUNCTION, "resource4", 0x1c, &dword, sizeof(dword));
	assert_int_equal(pcibar_map_read(map, 0x1c, 4, &val), 0);
	assert_int_equal(val, dword);

	assert_int_equal(pcibar_map_read(map, 0x18, 8, &val), -EOPNOTSUPP);
	assert_int_equal(pcibar_map_read(map, 0x20, 1, &val), -ERANGE);
	assert_int_equal(pcibar_map_write(map, 0, 1, 1), -EACCES);
}

/* A map of a disk, if root has unpacked one, would be written to. */
static void takes_only_regular_files(void **state)
{
	static const struct {
		unsigned int bar;
		const char *file;
		uint32_t flags;
	} cases[] = {
		{ 0, "resource0", 0 }, { 4, "resource4", PCIBAR_MAP_INDIRECT },
		{ 6, "rom", PCIBAR_MAP_INDIRECT | PCIBAR_MAP_ACTIVATE },
	};
	struct pcibar_map_opts opts = { .size = sizeof(opts), .why = &why };
	int dir = open_function_dir();

	(void)state;
	alarm(60);
	tree_bar(&tree, FUNCTION, 0, 0xfd000000, 0x1000, TREE_MEM32);
	for (unsigned int i = 0; i < 3; i++) {
		opts.flags = cases[i].flags;
		assert_int_equal(unlinkat(dir, cases[i].file, 0), 0);
		assert_int_equal(mkfifoat(dir, cases[i].file, 0600), 0);
		assert_int_equal(pcibar_bar_map(dev, cases[i].bar, &opts, &map), -EIO);
		assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
		assert_int_equal(unlinkat(dir, cases[i].file, 0), 0);
		assert_int_equal(symlinkat("/dev/zero", dir, cases[i].file), 0);
		assert_int_equal(pcibar_bar_map(dev, cases[i].bar, &opts, &map), -EIO);
		assert_refused(&why, PCIBAR_REASON_SYSTEM, -EIO);
	}

	alarm(0);
	close(dir);
}

static void waits_for_no_configuration_space(void **state)
{
	int dir = open_function_dir();
	uint16_t id;

	(void)state;
	alarm(60);
	tree_unset(&tree, FUNCTION, "config");
	assert_int_equal(mkfifoat(dir, "config", 0600), 0);
	assert_int_equal(pcibar_config_write16(dev, 0, 1), -EIO);
	assert_int_equal(pcibar_config_read16(dev, 0, &id), -EIO);
	alarm(0);
	close(dir);
}

static void writes_ports(void **state)
{
	struct {
		uint8_t byte, untouched;
		uint16_t word;
		uint32_t dword;
	} got;

	(void)state;
	assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), 0);
	assert_int_equal(pcibar_map_write(map, 0, 1, 0x11), 0);
	assert_int_equal(pcibar_map_write(map, 2, 2, 0x3322), 0);
	assert_int_equal(pcibar_map_write(map, 4, 4, 0x77665544), 0);
	assert_int_equal(pcibar_map_write(map, 8, 8, 0), -EOPNOTSUPP);
	tree_peek(&tree, FUNCTION, "resource4", 0, &got, sizeof(got));
	assert_int_equal(got.byte, 0x11);
	assert_int_equal(got.untouched, 0);
	assert_int_equal(got.word, 0x3322);
	assert_int_equal(got.dword, 0x77665544);
}

/* One system call of the exact width is one access of the device. */
static void a_port_access_is_one_call(void **state)
{
	unsigned char buf[16];
	uint64_t val;

	(void)state;
	assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), 0);
	inject_reset();
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	assert_int_equal(inject_calls(INJECT_PREAD), 1);
	assert_int_equal(pcibar_map_write(map, 0, 4, 1), 0);
	assert_int_equal(inject_calls(INJECT_PWRITE), 1);
	assert_int_equal(pcibar_map_copy_from(map, 0, buf, 16, 2, 0), 0);
	assert_int_equal(inject_calls(INJECT_PREAD), 9);
	assert_int_equal(pcibar_map_copy_to(map, 0, buf, 16, 4, 0), 0);
	assert_int_equal(inject_calls(INJECT_PWRITE), 5);
}

static void passes_errors_of_ports_on(void **state)
{
	static const int errors[] = { EIO, EPERM, ENODEV };
	uint64_t val;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
		assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), 0);
		inject(INJECT_PREAD, 1, errors[i]);
		assert_int_equal(pcibar_map_read(map, 0, 4, &val), -errors[i]);
		assert_int_equal(pcibar_map_is_lost(map), errors[i] == ENODEV);
		assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), 0);
		inject(INJECT_PWRITE, 1, errors[i]);
		assert_int_equal(pcibar_map_write(map, 0, 4, 0), -errors[i]);
		assert_int_equal(pcibar_map_is_lost(map), errors[i] == ENODEV);
	}
	assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), 0);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -EIO);
	inject(INJECT_PWRITE, 1, 0);
	assert_int_equal(pcibar_map_write(map, 0, 4, 0), -EIO);
}

static void lockdown_forbids_writing_ports(void **state)
{
	(void)state;
	tree_set(&tree, NULL, "kernel/security/lockdown", "none [integrity] confidentiality\n");
	assert_int_equal(try_map(4, PCIBAR_MAP_WRITE), -EPERM);
	assert_refused(&why, PCIBAR_REASON_LOCKDOWN, -EPERM);
	assert_int_equal(try_map(4, 0), 0);
}

static void refuses_a_port_file_it_may_not_open(void **state)
{
	unsigned int opens;

	(void)state;
	assert_int_equal(try_map(4, 0), 0);
	inject_reset();
	assert_int_equal(try_map(4, 0), 0);
	opens = inject_calls(INJECT_OPEN);
	inject(INJECT_OPEN, opens, EACCES);
	assert_int_equal(try_map(4, 0), -EACCES);
	assert_refused(&why, PCIBAR_REASON_PERMISSION, -EACCES);
	assert_non_null(strstr(why.reasons[0].what, "resource4"));
}

/* The image may be shorter than the BAR; the kernel shows it only by where reading ends. */
static void finds_the_image_of_the_rom(void **state)
{
	static const off_t lengths[] = { 1, 2, 511, 512, 0x9600, 0xffff, 0x10000 };
	unsigned char bytes[4];
	uint64_t val;

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		tree_truncate(&tree, FUNCTION, "rom", 0);
		tree_truncate(&tree, FUNCTION, "rom", lengths[i]);
		assert_int_equal(try_map(6, PCIBAR_MAP_ACTIVATE), 0);
		assert_int_equal(pcibar_map_length(map), lengths[i]);
		assert_int_equal(pcibar_map_read(map, (uint64_t)lengths[i], 1, &val), -ERANGE);
	}
	tree_poke(&tree, FUNCTION, "rom", 0x100, "\xff\x55\xaa\x01", 4);
	assert_int_equal(pcibar_map_read(map, 0x100, 4, &val), 0);
	assert_int_equal(val, 0x01aa55ff);
	assert_int_equal(pcibar_map_copy_from(map, 0x100, bytes, 4, 2, 0), 0);
	assert_memory_equal(bytes, "\xff\x55\xaa\x01", 4);
	assert_int_equal(pcibar_map_write(map, 0, 1, 0), -EACCES);
}

/* The kernel maps the ROM again for each read of the file: units must not cost one each. */
static void reads_the_rom_by_blocks(void **state)
{
	static unsigned char bytes[0x3000], image[0x3000];
	uint64_t val;

	(void)state;
	for (size_t i = 0; i < sizeof(image); i++)
		image[i] = (unsigned char)(i * 31 ^ i >> 8);
	assert_int_equal(try_map(6, PCIBAR_MAP_ACTIVATE), 0);
	tree_poke(&tree, FUNCTION, "rom", 0, image, sizeof(image));
	inject_reset();
	for (unsigned int width = 1; width <= 8; width *= 2) {
		assert_int_equal(pcibar_map_copy_from(map, 0, bytes, sizeof(bytes), width, 0), 0);
		assert_memory_equal(bytes, image, sizeof(image));
	}

	assert_true(inject_calls(INJECT_PREAD) <= 4 * 3);
	for (uint64_t off = 0; off < sizeof(image); off = (off + 0x1ffc) % 0x3004) {
		assert_int_equal(pcibar_map_read(map, off, 4, &val), 0);
		val = htole64(val);
		assert_memory_equal(&val, image + off, 4);
	}
	inject(INJECT_PREAD, 1, EIO);
	assert_int_equal(pcibar_map_read(map, 0x8000, 4, &val), -EIO);
	assert_int_equal(pcibar_map_read(map, 0x8000, 4, &val), 0);
}

/* What was read once must not hide that. */
static void notices_that_the_rom_is_gone(void **state)
{
	uint64_t val = 42;

	(void)state;
	assert_int_equal(try_map(6, PCIBAR_MAP_ACTIVATE), 0);
	assert_int_equal(pcibar_map_read(map, 0x800, 4, &val), 0);
	tree_truncate(&tree, FUNCTION, "rom", 0x1400);
	val = 42;
	assert_int_equal(pcibar_map_read(map, 0x13fc, 4, &val), 0);
	assert_int_equal(val, 0);
	val = 42;
	assert_int_equal(pcibar_map_read(map, 0x1400, 4, &val), -EIO);
	assert_int_equal(pcibar_map_read(map, 0x1800, 4, &val), -EIO);
	assert_int_equal(val, 42);

	assert_int_equal(pcibar_map_read(map, 0, 4, &val), 0);
	inject(INJECT_PREAD, 1, ENODEV);
	assert_int_equal(pcibar_map_read(map, 0, 4, &val), -ENODEV);
	assert_true(pcibar_map_is_lost(map));
}

/* The kernel lets the file be read after a "1"; another reader may still need it at the end. */
static void turns_the_rom_file_on(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(try_map(6, PCIBAR_MAP_ACTIVATE), 0);
	tree_peek(&tree, FUNCTION, "rom", 0, &byte, 1);
	assert_int_equal(byte, '1');
	pcibar_map_release(map);
	map = NULL;
	tree_peek(&tree, FUNCTION, "rom", 0, &byte, 1);
	assert_int_equal(byte, '1');
}

static void says_when_there_is_no_image(void **state)
{
	unsigned int nth = 0, roms = 0;

	(void)state;
	inject(INJECT_PWRITE, 1, EINVAL);
	assert_int_equal(try_map(6, PCIBAR_MAP_ACTIVATE), -EIO);
	assert_refused(&why, PCIBAR_REASON_ROM, -EIO);
	assert_non_null(strstr(why.reasons[0].what, "image"));

	/* Each read may fail, among them those that look for the end of the image. */
	do {
		inject(INJECT_PREAD, ++nth, EIO);
		if (try_map(6, PCIBAR_MAP_ACTIVATE)) {
			assert_int_equal(why.reasons[0].error, -EIO);
			roms += why.reasons[0].code == PCIBAR_REASON_ROM;
		}
	} while (inject_happened(INJECT_PREAD));
	assert_true(roms > 8);
}

static void keeps_to_configuration_space(void **state)
{
	uint32_t u32;
	uint8_t u8;

	(void)state;
	assert_int_equal(pcibar_config_read32(dev, 0, &u32), 0);
	assert_int_equal(u32, 0x11e81234);
	assert_int_equal(pcibar_config_read32(dev, 252, &u32), 0);
	assert_int_equal(pcibar_config_read8(dev, 256, &u8), -ERANGE);
	assert_int_equal(pcibar_config_write8(dev, 256, 0), -ERANGE);
	assert_int_equal(pcibar_config_read32(dev, UINT32_MAX - 3, &u32), -ERANGE);
	assert_int_equal(pcibar_config_write32(dev, UINT32_MAX - 3, 0), -ERANGE);
	tree_truncate(&tree, FUNCTION, "config", 4096);
	assert_int_equal(pcibar_config_write32(dev, 4092, 0x89abcdef), 0);
	assert_int_equal(pcibar_config_read8(dev, 4095, &u8), 0);
	assert_int_equal(u8, 0x89);
	assert_int_equal(pcibar_config_read32(dev, 4096, &u32), -ERANGE);
	assert_int_equal(pcibar_config_write32(dev, 4096, 0), -ERANGE);
}

/* An ordinary user's reads end at byte 64, although the file is longer. */
static void distinguishes_hidden_from_absent_registers(void **state)
{
	uint32_t u32;

	(void)state;
	assert_int_equal(pcibar_config_read32(dev, 0, &u32), 0);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read32(dev, 64, &u32), -EACCES);
	inject(INJECT_PREAD, 1, 0);
	assert_int_equal(pcibar_config_read32(dev, 256, &u32), -ERANGE);
}

static void passes_errors_of_configuration_space_on(void **state)
{
	uint32_t u32;

	(void)state;
	inject(INJECT_OPEN, 1, EACCES);
	assert_int_equal(pcibar_config_read32(dev, 0, &u32), -EACCES);
	inject(INJECT_OPEN, 1, EACCES);
	assert_int_equal(pcibar_config_write32(dev, 0x40, 0), -EACCES);
	inject(INJECT_OPEN, 1, ENOENT);
	assert_int_equal(pcibar_config_read32(dev, 0, &u32), -ENODEV);
	inject(INJECT_PREAD, 1, ENODEV);
	assert_int_equal(pcibar_config_read32(dev, 0, &u32), -ENODEV);
	inject(INJECT_PWRITE, 1, EPERM);
	assert_int_equal(pcibar_config_write32(dev, 0x40, 0), -EPERM);
	inject(INJECT_PWRITE, 1, 0);
	assert_int_equal(pcibar_config_write32(dev, 0x40, 0), -EIO);
}

static void opens_configuration_space_once(void **state)
{
	uint32_t u32;

	(void)state;
	inject_reset();
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(pcibar_config_read32(dev, 4 * i, &u32), 0);
		assert_int_equal(pcibar_config_write32(dev, 0x40, i), 0);
	}
	assert_int_equal(inject_calls(INJECT_OPEN), 2);
	assert_int_equal(inject_calls(INJECT_PREAD), 10);
	assert_int_equal(inject_calls(INJECT_PWRITE), 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		CHANNEL_TEST(reads_ports),
		CHANNEL_TEST(takes_only_regular_files),
		CHANNEL_TEST(waits_for_no_configuration_space),
		CHANNEL_TEST(writes_ports),
		CHANNEL_TEST(a_port_access_is_one_call),
		CHANNEL_TEST(passes_errors_of_ports_on),
		CHANNEL_TEST(lockdown_forbids_writing_ports),
		CHANNEL_TEST(refuses_a_port_file_it_may_not_open),
		CHANNEL_TEST(finds_the_image_of_the_rom),
		CHANNEL_TEST(reads_the_rom_by_blocks),
		CHANNEL_TEST(notices_that_the_rom_is_gone),
		CHANNEL_TEST(turns_the_rom_file_on),
		CHANNEL_TEST(says_when_there_is_no_image),
		CHANNEL_TEST(keeps_to_configuration_space),
		CHANNEL_TEST(distinguishes_hidden_from_absent_registers),
		CHANNEL_TEST(passes_errors_of_configuration_space_on),
		CHANNEL_TEST(opens_configuration_space_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
