// A disk that has little room and reads slowly: free space is the number in the file named by
// BARID_ROOM_FILE, and each read at an offset takes the milliseconds in the file named by
// BARID_SLOW_READS_FILE, both as long as that file is there. For LD_PRELOAD, by tests that wait for
// what a broker says of such a disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long number(const char *variable) {
    const char *path = getenv(variable);
    char text[32] = {0};
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return -1;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    return got > 0 ? atol(text) : -1;
}

int statvfs(const char *path, struct statvfs *status) {
    int (*real)(const char *, struct statvfs *) = dlsym(RTLD_NEXT, "statvfs");
    int result = real(path, status);
    long room = number("BARID_ROOM_FILE");
    if (result == 0 && room >= 0) status->f_bavail = room / (long)status->f_frsize;
    return result;
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
    long wait = number("BARID_SLOW_READS_FILE");
    if (wait > 0) {
        struct timespec time = {wait / 1000, wait % 1000 * 1000000};
        nanosleep(&time, NULL);
    }
    return syscall(SYS_pread64, file, bytes, count, offset);
}
