// The C interface of libzmq, and eventfd, which the Glibc module leaves out.
#include <sys/eventfd.h>
#include <zmq.h>
