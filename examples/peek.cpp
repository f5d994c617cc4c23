// SPDX-License-Identifier: BSD-2-Clause
/*
 * Reads one 32-bit register, and gives everything back whichever way it ends.
 *
 *	c++ -std=c++17 peek.cpp -o peek $(pkg-config --cflags --libs libpcibar)
 *	./peek 0000:00:05.0 0 0x20
 */
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include <pcibar/pcibar.h>

namespace {

struct close_device {
	void operator()(pcibar_device *dev) const { pcibar_device_close(dev); }
};

struct release_map {
	void operator()(pcibar_map *map) const { pcibar_map_release(map); }
};

using device_ptr = std::unique_ptr<pcibar_device, close_device>;
using map_ptr = std::unique_ptr<pcibar_map, release_map>;

/* Every refusal of the library says why, and what can be done about it. */
class refusal {
public:
	pcibar_refusal *get() { return &why; }

	void check(int ret) const
	{
		if (!ret)
			return;
		if (!why.count)
			throw std::runtime_error("error " + std::to_string(-ret));
		throw std::runtime_error(std::string(why.reasons[0].what) + "; " +
					 why.reasons[0].remedy);
	}

private:
	pcibar_refusal why = PCIBAR_REFUSAL_INIT;
};

device_ptr open_device(const char *selector, const char *sysfs_root)
{
	refusal why;
	pcibar_device *dev = nullptr;
	pcibar_open_opts opts{};

	opts.size = sizeof(opts);
	opts.sysfs_root = sysfs_root;
	opts.why = why.get();
	why.check(pcibar_device_open(selector, &opts, &dev));
	return device_ptr(dev);
}

/* Read-only, and no more pages than the register needs. */
map_ptr map_register(pcibar_device *dev, unsigned int bar, std::uint64_t offset)
{
	refusal why;
	pcibar_map *map = nullptr;
	pcibar_map_opts opts{};

	opts.size = sizeof(opts);
	opts.offset = offset;
	opts.length = sizeof(std::uint32_t);
	opts.why = why.get();
	why.check(pcibar_bar_map(dev, bar, &opts, &map));
	return map_ptr(map);
}

} /* namespace */

int main(int argc, char **argv)
{
	if (argc < 4 || argc > 5) {
		std::fprintf(stderr, "usage: peek SELECTOR BAR OFFSET [SYSFS]\n");
		return 2;
	}
	try {
		const auto bar = static_cast<unsigned int>(std::stoul(argv[2]));
		const auto offset = std::stoull(argv[3], nullptr, 0);
		const device_ptr dev = open_device(argv[1], argc == 5 ? argv[4] : nullptr);
		const map_ptr map = map_register(dev.get(), bar, offset);
		std::uint64_t value;

		refusal().check(pcibar_map_read(map.get(), 0, sizeof(std::uint32_t), &value));
		std::printf("0x%08llx\n", static_cast<unsigned long long>(value));
	} catch (const std::exception &error) {
		std::fprintf(stderr, "peek: %s\n", error.what());
		return 1;
	}
	return 0;
}
