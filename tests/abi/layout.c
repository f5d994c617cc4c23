// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sizes and offsets that programs are compiled with. A released one must not
 * change: a struct grows at its end only. Nothing here needs a C library.
 */
#include <pcibar/bar.h>
#include <pcibar/device.h>
#include <pcibar/driver.h>
#include <pcibar/explain.h>
#include <pcibar/irq.h>
#include <pcibar/selector.h>

/* With 64-bit pointers, and with 32-bit ones. */
#define EXPECT(what, on64, on32)						\
	_Static_assert((what) == (sizeof(void *) == 8 ? (on64) : (on32)), #what)
#define SIZE(type, on64, on32)	EXPECT(sizeof(struct type), on64, on32)
#define AT(type, member, on64, on32)	EXPECT(offsetof(struct type, member), on64, on32)

SIZE(pcibar_selector, 32, 32);
AT(pcibar_selector, size, 0, 0);
AT(pcibar_selector, fields, 4, 4);
AT(pcibar_selector, domain, 8, 8);
AT(pcibar_selector, bus, 12, 12);
AT(pcibar_selector, slot, 13, 13);
AT(pcibar_selector, func, 14, 14);
AT(pcibar_selector, reserved, 15, 15);
AT(pcibar_selector, vendor, 16, 16);
AT(pcibar_selector, device, 18, 18);
AT(pcibar_selector, index, 20, 20);
AT(pcibar_selector, class_code, 24, 24);
AT(pcibar_selector, class_mask, 28, 28);

SIZE(pcibar_open_opts, 48, 32);
AT(pcibar_open_opts, size, 0, 0);
AT(pcibar_open_opts, flags, 4, 4);
AT(pcibar_open_opts, backend, 8, 8);
AT(pcibar_open_opts, reserved, 12, 12);
AT(pcibar_open_opts, sysfs_root, 16, 16);
AT(pcibar_open_opts, log, 24, 20);
AT(pcibar_open_opts, log_data, 32, 24);
AT(pcibar_open_opts, why, 40, 28);

SIZE(pcibar_device_info, 48, 44);
AT(pcibar_device_info, size, 0, 0);
AT(pcibar_device_info, flags, 4, 4);
AT(pcibar_device_info, domain, 8, 8);
AT(pcibar_device_info, bus, 12, 12);
AT(pcibar_device_info, slot, 13, 13);
AT(pcibar_device_info, func, 14, 14);
AT(pcibar_device_info, revision, 15, 15);
AT(pcibar_device_info, vendor, 16, 16);
AT(pcibar_device_info, device, 18, 18);
AT(pcibar_device_info, subvendor, 20, 20);
AT(pcibar_device_info, subdevice, 22, 22);
AT(pcibar_device_info, class_code, 24, 24);
AT(pcibar_device_info, backend, 28, 28);
AT(pcibar_device_info, caps, 32, 32);
AT(pcibar_device_info, header, 36, 36);
AT(pcibar_device_info, secondary, 37, 37);
AT(pcibar_device_info, reserved, 38, 38);
AT(pcibar_device_info, driver, 40, 40);

SIZE(pcibar_bar_info, 48, 44);
AT(pcibar_bar_info, size, 0, 0);
AT(pcibar_bar_info, index, 4, 4);
AT(pcibar_bar_info, kind, 8, 8);
AT(pcibar_bar_info, flags, 12, 12);
AT(pcibar_bar_info, length, 16, 16);
AT(pcibar_bar_info, cpu_addr, 24, 24);
AT(pcibar_bar_info, bus_addr, 32, 32);
AT(pcibar_bar_info, holder, 40, 40);

SIZE(pcibar_map_opts, 40, 36);
AT(pcibar_map_opts, size, 0, 0);
AT(pcibar_map_opts, flags, 4, 4);
AT(pcibar_map_opts, attr, 8, 8);
AT(pcibar_map_opts, reserved, 12, 12);
AT(pcibar_map_opts, offset, 16, 16);
AT(pcibar_map_opts, length, 24, 24);
AT(pcibar_map_opts, why, 32, 32);

SIZE(pcibar_reason, 400, 400);
AT(pcibar_reason, code, 0, 0);
AT(pcibar_reason, backend, 4, 4);
AT(pcibar_reason, error, 8, 8);
AT(pcibar_reason, reserved, 12, 12);
AT(pcibar_reason, what, 16, 16);
AT(pcibar_reason, remedy, 208, 208);

SIZE(pcibar_refusal, 4824, 4824);
AT(pcibar_refusal, size, 0, 0);
AT(pcibar_refusal, reason_size, 4, 4);
AT(pcibar_refusal, count, 8, 8);
AT(pcibar_refusal, backends, 12, 12);
AT(pcibar_refusal, possible, 16, 16);
AT(pcibar_refusal, reserved, 20, 20);
AT(pcibar_refusal, reasons, 24, 24);

SIZE(pcibar_intent, 40, 36);
AT(pcibar_intent, size, 0, 0);
AT(pcibar_intent, bar, 4, 4);
AT(pcibar_intent, map_flags, 8, 8);
AT(pcibar_intent, attr, 12, 12);
AT(pcibar_intent, offset, 16, 16);
AT(pcibar_intent, length, 24, 24);
AT(pcibar_intent, irq, 32, 32);

SIZE(pcibar_irq_info, 24, 24);
AT(pcibar_irq_info, size, 0, 0);
AT(pcibar_irq_info, type, 4, 4);
AT(pcibar_irq_info, flags, 8, 8);
AT(pcibar_irq_info, count, 12, 12);
AT(pcibar_irq_info, open, 16, 16);
AT(pcibar_irq_info, reserved, 20, 20);

SIZE(pcibar_irq_opts, 40, 32);
AT(pcibar_irq_opts, size, 0, 0);
AT(pcibar_irq_opts, flags, 4, 4);
AT(pcibar_irq_opts, type, 8, 8);
AT(pcibar_irq_opts, first, 12, 12);
AT(pcibar_irq_opts, count, 16, 16);
AT(pcibar_irq_opts, reserve, 20, 20);
AT(pcibar_irq_opts, eventfds, 24, 24);
AT(pcibar_irq_opts, why, 32, 28);

SIZE(pcibar_irq_event, 24, 24);
AT(pcibar_irq_event, size, 0, 0);
AT(pcibar_irq_event, flags, 4, 4);
AT(pcibar_irq_event, count, 8, 8);
AT(pcibar_irq_event, time, 16, 16);

/* Values that programs carry compiled in. */
_Static_assert(PCIBAR_BACKEND_SYSFS == 1, "");
_Static_assert(PCIBAR_BAR_KIND_NONE == 0 && PCIBAR_BAR_KIND_MEM32 == 1, "");
_Static_assert(PCIBAR_BAR_KIND_MEM64 == 2, "");
_Static_assert(PCIBAR_BAR_KIND_IO == 3 && PCIBAR_BAR_KIND_ROM == 4, "");
_Static_assert(PCIBAR_ATTR_UC == 0 && PCIBAR_ATTR_WC == 1, "");
_Static_assert(PCIBAR_REASON_SELECTOR == 1 && PCIBAR_REASON_SYSTEM == 23 &&
	       PCIBAR_REASON_NO_RESPONSE == 25 && PCIBAR_REASON_TIMEOUT == 34, "");

SIZE(pcibar_bind_opts, 40, 28);
AT(pcibar_bind_opts, size, 0, 0);
AT(pcibar_bind_opts, flags, 4, 4);
AT(pcibar_bind_opts, timeout_ms, 8, 8);
AT(pcibar_bind_opts, reserved, 12, 12);
AT(pcibar_bind_opts, driver, 16, 16);
AT(pcibar_bind_opts, state_dir, 24, 20);
AT(pcibar_bind_opts, why, 32, 24);
_Static_assert(PCIBAR_IRQ_INTX == 1 && PCIBAR_IRQ_MSI == 2 && PCIBAR_IRQ_MSIX == 3, "");
