"""A filter of system calls on Linux: what a process that only computes has no use for is denied, for good."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 22, 38
_FILTER = 2
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _JUMP_BITS, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
# Offsets in what the kernel shows a filter: the call's number, its architecture, the low half of its first argument
_NUMBER, _ARCHITECTURE, _FIRST = 0, 4, 16
_X32 = 0x40000000
_CLONE_THREAD = 0x10000
# Of openat and open: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, and the bit of O_TMPFILE that is no O_DIRECTORY
_WRITING = 0o3 | 0o100 | 0o1000 | 0o2000 | 0o20000000

# Names of calls with their numbers on x86-64 and 64-bit ARM; -1 where there is none
_DENIED = {
    # the network, and other processes by it
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201),
    "accept": (43, 202), "accept4": (288, 242), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    # other programs and processes
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, -1), "vfork": (58, -1), "ptrace": (101, 117),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "kcmp": (312, 272),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "process_mrelease": (448, 448),
    # files
    "creat": (85, -1), "truncate": (76, 45), "ftruncate": (77, 46), "rename": (82, -1), "renameat": (264, 38),
    "renameat2": (316, 276), "link": (86, -1), "linkat": (265, 37), "symlink": (88, -1), "symlinkat": (266, 36),
    "unlink": (87, -1), "unlinkat": (263, 35), "mkdir": (83, -1), "mkdirat": (258, 34), "rmdir": (84, -1),
    "mknod": (133, -1), "mknodat": (259, 33), "chmod": (90, -1), "fchmod": (91, 52), "fchmodat": (268, 53),
    "fchmodat2": (452, 452), "chown": (92, -1), "fchown": (93, 55), "lchown": (94, -1), "fchownat": (260, 54),
    "utime": (132, -1), "utimes": (235, -1), "utimensat": (280, 88), "futimesat": (261, -1), "setxattr": (188, 5),
    "lsetxattr": (189, 6), "fsetxattr": (190, 7), "removexattr": (197, 14), "lremovexattr": (198, 15),
    "fremovexattr": (199, 16), "open_by_handle_at": (304, 265),
    # the system
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51), "setns": (308, 268),
    "unshare": (272, 97), "bpf": (321, 280), "perf_event_open": (298, 241), "keyctl": (250, 219),
    "add_key": (248, 217), "request_key": (249, 218), "userfaultfd": (323, 282), "open_tree": (428, 428),
    "move_mount": (429, 429), "fsopen": (430, 430), "fspick": (433, 433), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180),
}  # fmt: skip
# Those whose callers know another way if the kernel has none of them
_MISSING = {"openat2": (437, 437), "clone3": (435, 435), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426)}
# Which argument of a call holds the flags of opening
_OPENING = {"open": (2, -1, 1), "openat": (257, 56, 2)}
_CLONE = (56, 220)
# What may be done to the process itself and to no other: the first argument says to which
_OWN = {"prlimit64": (302, 261), "tgkill": (234, 131)}
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


def deny_calls() -> bool:
    """Deny this thread, and the threads it starts, network, programs, other processes and writing of files, for good.

    Such calls fail with ``PermissionError``. Returns False, having done nothing, where the system has no such filter.
    """
    if sys.platform != "linux" or platform.machine() not in _MACHINES or struct.calcsize("P") != 8:
        return False
    program = _program(*_MACHINES[platform.machine()])
    libc = ctypes.CDLL(None, use_errno=True)
    instructions = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(instructions)))
    zero = ctypes.c_ulong(0)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero) != 0:
        return False
    return bool(libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_FILTER), header, zero, zero) == 0)


def _program(architecture: int, column: int) -> bytes:
    """Put the filter together for a kind of processor."""
    code = [_step(_LOAD, _ARCHITECTURE), _step(_JUMP_EQUAL, architecture, 1, 0), _step(_RETURN, _KILL)]
    code.append(_step(_LOAD, _NUMBER))
    if column == 0:
        code += [_step(_JUMP_ABOVE, _X32, 0, 1), _step(_RETURN, _DENY | _ENOSYS)]
    for calls, error in ((_DENIED, _EPERM), (_MISSING, _ENOSYS)):
        for numbers in calls.values():
            code += _on(numbers[column], [_step(_RETURN, _DENY | error)])
    for opening in _OPENING.values():
        flags = _FIRST + 8 * opening[2]
        code += _on(opening[column], [_step(_LOAD, flags), _step(_JUMP_BITS, _WRITING, 0, 1), *_DENIED_OR_NOT])
    code += _on(_CLONE[column], [_step(_LOAD, _FIRST), _step(_JUMP_BITS, _CLONE_THREAD, 1, 0), *_DENIED_OR_NOT])
    for name, numbers in _OWN.items():
        # prlimit64 has 0 for the process itself
        own = 0 if name == "prlimit64" else os.getpid()
        code += _on(numbers[column], [_step(_LOAD, _FIRST), _step(_JUMP_EQUAL, own, 1, 0), *_DENIED_OR_NOT])
    return b"".join([*code, _step(_RETURN, _ALLOW)])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


_DENIED_OR_NOT = (_step(_RETURN, _DENY | _EPERM), _step(_RETURN, _ALLOW))


def _on(number: int, steps: list[bytes]) -> list[bytes]:
    """Steps for one call, which end with a return; others pass by."""
    return [_step(_JUMP_EQUAL, number, 0, len(steps)), *steps] if number >= 0 else []
