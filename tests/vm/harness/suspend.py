# SPDX-License-Identifier: BSD-2-Clause
"""A guest that is put to sleep and woken."""

SCRIPT = """until umount /host; do :; done
echo {host} >/sys/bus/pci/drivers/virtio-pci/unbind
{command}
status=$?
echo {host} >/sys/bus/pci/drivers/virtio-pci/bind
until mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /host; do :; done
cp /tmp/away.out /host/run/{number}.out
echo {number} $status >/agent-port
"""
# Where machine.py puts the shared folder's device.
HOST = "0000:00:02.0"


def away(vm, command):
    """Runs a command while the shared folder is away, because virtio-9p has no suspend: after
    one, the host would not reply to what the guest still requests. No file may be open there."""
    job = vm.agent.expect(command)
    script = SCRIPT.format(host=HOST, command=command, number=job.number)
    vm.check("cat >/tmp/away; setsid sh /tmp/away </dev/null >/tmp/away.out 2>&1 &",
             stdin=script.encode())
    return job.wait()
