// The C interface of libzmq, and what the Glibc module leaves out or Swift cannot call.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <zmq.h>

// Names the calling thread; prctl is variadic.
static inline void czeromq_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

// Opens or creates a file for the owner alone, closed on exec; open is variadic.
static inline int czeromq_open_private(const char *path) {
    return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}
