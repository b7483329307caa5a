// A broker that acknowledges before it stores: writes reach the file 200 ms after the broker was
// told that they had, and flushing does nothing. For LD_PRELOAD, by tests that must fail with it:
// a kill -9 within that time loses what was acknowledged.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

struct late {
    struct late *next;
    int file;
    off_t offset;
    size_t size;
    struct timespec since;
    char bytes[];
};

static struct late *first;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_pread)(int, void *, size_t, off_t);
static int (*real_close)(int);
static int broken;

// Writes what waits for a file (-1: for any) and is older than so many milliseconds.
static void store(int file, long older) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&lock);
    for (struct late **place = &first; *place;) {
        struct late *late = *place;
        long age = (now.tv_sec - late->since.tv_sec) * 1000 +
                   (now.tv_nsec - late->since.tv_nsec) / 1000000;
        if ((file != -1 && late->file != file) || age < older) {
            place = &late->next;
            continue;
        }
        real_pwrite(late->file, late->bytes, late->size, late->offset);
        *place = late->next;
        free(late);
    }
    pthread_mutex_unlock(&lock);
}

static void *keep_storing(void *nothing) {
    for (;;) {
        usleep(20 * 1000);
        store(-1, 200);
    }
    return nothing;
}

__attribute__((constructor)) static void begin(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite");
    real_pread = dlsym(RTLD_NEXT, "pread");
    real_close = dlsym(RTLD_NEXT, "close");
    broken = strcmp(program_invocation_short_name, "barid-broker") == 0;
    pthread_t thread;
    if (broken) pthread_create(&thread, NULL, keep_storing, NULL);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t offset) {
    struct late *late = broken ? malloc(sizeof *late + size) : NULL;
    if (!late) return real_pwrite(file, bytes, size, offset);
    *late = (struct late){.file = file, .offset = offset, .size = size};
    clock_gettime(CLOCK_MONOTONIC, &late->since);
    memcpy(late->bytes, bytes, size);
    pthread_mutex_lock(&lock);
    struct late **end = &first;
    while (*end) end = &(*end)->next;
    *end = late;
    pthread_mutex_unlock(&lock);
    return (ssize_t)size;
}

// The broker reads what it believes it wrote.
ssize_t pread(int file, void *bytes, size_t size, off_t offset) {
    ssize_t got = real_pread(file, bytes, size, offset);
    if (!broken || got < 0) return got;
    pthread_mutex_lock(&lock);
    for (struct late *late = first; late; late = late->next) {
        if (late->file != file || late->offset >= offset + got ||
            late->offset + (off_t)late->size <= offset)
            continue;
        off_t from = late->offset > offset ? late->offset : offset;
        off_t end = late->offset + (off_t)late->size;
        if (end > offset + got) end = offset + got;
        memcpy((char *)bytes + (from - offset), late->bytes + (from - late->offset),
               (size_t)(end - from));
    }
    pthread_mutex_unlock(&lock);
    return got;
}

int close(int file) {
    if (broken) store(file, 0);
    return real_close(file);
}

int fdatasync(int file) { return (void)file, 0; }
int fsync(int file) { return (void)file, 0; }

__attribute__((destructor)) static void end(void) {
    if (broken) store(-1, 0);
}
