#define _GNU_SOURCE

#include "CStorage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

// The polynomial 0x1EDC6F41, bits reversed, as the algorithm shifts right.
static const uint32_t polynomial = 0x82F63B78u;

static uint32_t table[256];

// Runs before main, so that no thread ever sees the table half built.
__attribute__((constructor)) static void build_table(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? polynomial : 0);
        table[i] = crc;
    }
}

uint32_t barid_crc32c_table(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    crc = ~crc;
    while (count-- > 0) crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t crc, const void *bytes,
                                                                 size_t count) {
    const uint8_t *next = bytes;
    uint64_t state = (uint32_t)~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = _mm_crc32_u64(state, word);
    }
    uint32_t rest = (uint32_t)state;
    while (count-- > 0) rest = _mm_crc32_u8(rest, *next++);
    return ~rest;
}

int barid_crc32c_is_hardware(void) { return __builtin_cpu_supports("sse4.2") ? 1 : 0; }

#elif defined(__aarch64__)

#if defined(__clang__)
__attribute__((target("crc")))
#else
__attribute__((target("+crc")))
#endif
static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint32_t state = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        state = __crc32cd(state, word);
    }
    while (count-- > 0) state = __crc32cb(state, *next++);
    return ~state;
}

int barid_crc32c_is_hardware(void) {
#if defined(__linux__)
    // HWCAP_CRC32 of the kernel's interface.
    return (getauxval(AT_HWCAP) & (1UL << 7)) ? 1 : 0;
#else
    return 1;
#endif
}

#else

static uint32_t by_instruction(uint32_t crc, const void *bytes, size_t count) {
    return barid_crc32c_table(crc, bytes, count);
}

int barid_crc32c_is_hardware(void) { return 0; }

#endif

uint32_t barid_crc32c(uint32_t crc, const void *bytes, size_t count) {
    if (barid_crc32c_is_hardware()) return by_instruction(crc, bytes, count);
    return barid_crc32c_table(crc, bytes, count);
}

size_t barid_find_word(const void *bytes, size_t count, size_t from, size_t remainder,
                       uint32_t word) {
    const uint8_t *start = bytes;
    size_t at = from / 8 * 8 + remainder % 8;
    if (at < from) at += 8;
    for (; count >= 4 && at <= count - 4; at += 8) {
        uint32_t found;
        memcpy(&found, start + at, 4);
        if (found == word) return at;
    }
    return count;
}

int barid_is_zero(const void *bytes, size_t count) {
    const uint8_t *start = bytes;
    if (count == 0) return 1;
    // Each byte equals the one before it, and the first is zero.
    return start[0] == 0 && memcmp(start, start + 1, count - 1) == 0;
}

#ifdef O_DIRECT

enum { alignment = 4096 };

// Pages that are never written: all of them are the system's one page of zeros.
static char zeros[1 << 20] __attribute__((aligned(4096)));

int barid_write_zeros(int descriptor, size_t offset, size_t count) {
    if (offset % alignment != 0 || count % alignment != 0) return 0;
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int direct = open(path, O_WRONLY | O_CLOEXEC | O_DIRECT);
    if (direct < 0) return 0;
    int result = 1;
    while (count > 0) {
        size_t part = count < sizeof zeros ? count : sizeof zeros;
        ssize_t written = pwrite(direct, zeros, part, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < alignment) {
            // A file system may take the flag and refuse the write; less than a page is no error.
            result = written >= 0 || errno == EINVAL ? 0 : -1;
            break;
        }
        // What a short write leaves out of alignment is written again.
        size_t whole = (size_t)written / alignment * alignment;
        offset += whole;
        count -= whole;
    }
    int error = errno;
    close(direct);
    errno = error;
    return result;
}

#else

int barid_write_zeros(int descriptor, size_t offset, size_t count) {
    (void)descriptor, (void)offset, (void)count;
    return 0;
}

#endif
