// The C interface of libzmq, and what the Glibc module leaves out or Swift cannot call.
#include <malloc.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <zmq.h>

// Names the calling thread; prctl is variadic.
static inline void czeromq_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

// Gives each piece of memory from so many bytes on back to the system as soon as it is free.
static inline void czeromq_return_large(int bytes) {
    mallopt(M_MMAP_THRESHOLD, bytes);
}

// Gives free memory of every arena back to the system.
static inline void czeromq_trim(void) {
    malloc_trim(0);
}
