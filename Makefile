# SPDX-License-Identifier: BSD-2-Clause
# The front door: each target calls the tool that does the work.

PREFIX ?= /usr/local
VM ?= yes

all:
	@scripts/setup build
	@[ -e build/release/build.ninja ] || \
		meson setup --prefix=$(PREFIX) -Dtests=false build/release
	@meson configure --prefix=$(PREFIX) build/release
	meson compile -C build/release

# Boot a real kernel with emulated devices and show the command at work.
demo:
	@scripts/setup build vm
	@scripts/demo

# The tests of every change. VM=no leaves the ones out that need QEMU, and says so.
check:
	@scripts/setup build vm check deb
	@scripts/check --vm=$(VM)

# All tests: also what takes long and rarely fails.
check-all:
	@scripts/setup build vm check check-all deb
	@scripts/check --all --vm=$(VM)

# The tests that take less than three minutes.
check-fast:
	@scripts/setup build vm check
	@scripts/check --fast --vm=$(VM)

# The module on a kernel that finds faults: KASAN, lockdep, kmemleak, failing allocations. The first
# time it builds that kernel, which took 14 minutes on two cores.
check-debug-kernel:
	@scripts/setup build vm debug-kernel
	@scripts/check --debug-kernel

# Speed against other tools, as ratios from one run.
bench:
	@scripts/setup build vm bench
	@bench/run

install: all
	meson install --no-rebuild -C build/release $(if $(DESTDIR),--destdir=$(abspath $(DESTDIR)))

# Of the same PREFIX and DESTDIR; what others have put there stays.
uninstall:
	@scripts/uninstall build/release $(if $(DESTDIR),"$(abspath $(DESTDIR))")

# The Debian packages, in build/deb
deb:
	@scripts/setup build deb
	@scripts/deb
	@ls build/deb/*.deb

clean:
	rm -rf build

.PHONY: all demo check check-all check-fast check-debug-kernel bench install uninstall deb clean
