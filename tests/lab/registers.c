/*
 * Copyright (c) 2026, glusterfs.data_protection contributors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded into User-Mode Linux 6.1 where the processor has AMX. That kernel sets the registers of its
 * processes with an area that ends before those of AMX, 2696 bytes, and Linux takes the whole area of
 * the processor only (EFAULT otherwise): no guest gets as far as its init. So the rest is added here. It
 * is zero, as the registers of AMX are until a process asks Linux for them, which a guest cannot do.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

static char whole[1 << 16];
static size_t size;

long ptrace(enum __ptrace_request request, ...)
{
    static long (*next)(enum __ptrace_request, ...);
    struct iovec all = {whole, sizeof(whole)};
    va_list rest;
    va_start(rest, request);
    pid_t pid = va_arg(rest, pid_t);
    void *address = va_arg(rest, void *);
    void *data = va_arg(rest, void *);
    va_end(rest);
    if (!next)
        next = dlsym(RTLD_NEXT, "ptrace");
    if (request != PTRACE_SETREGSET || (long)address != NT_X86_XSTATE)
        return next(request, pid, address, data);
    if (!size) {
        if (next(PTRACE_GETREGSET, pid, address, &all))
            return -1;
        size = all.iov_len;
        memset(whole, 0, size);
    }
    const struct iovec *given = data;
    if (given->iov_len > size)
        return next(request, pid, address, data);
    memcpy(whole, given->iov_base, given->iov_len);
    all.iov_len = size;
    return next(request, pid, address, &all);
}
