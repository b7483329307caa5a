// Starting, guarding and reaping child processes: what needs fork(), which Swift cannot call.
#pragma once

#include <stdint.h>
#include <sys/types.h>

/// A running child: its id and the parent's ends of its pipes (non-blocking, close-on-exec).
struct barid_child {
    pid_t pid;
    int output;
    int error;
    /// Becomes readable when the child ends; -1 where the system has no such descriptor.
    int end;
};

/// How a child ended: its exit code, or the signal (then `code` is -1).
struct barid_exit {
    int code;
    int signal;
};

/// Starts a program as the leader of a process group of its own.
///
/// Its standard input is `input`; it gets SIGTERM when the *thread* that called this ends, so the
/// caller is a thread that lives as long as the process. Nothing else is inherited. It may have
/// `files` files open, at most what this process may; 0 leaves that limit as it is.
/// Returns 0, or the errno of the step that failed (execve's too).
int barid_child_start(const char *path, char *const arguments[], char *const environment[],
                      const char *folder, int input, unsigned long files,
                      struct barid_child *child);

/// Reaps the child if it has ended: 1 and `*exit` when it has, else 0.
/// Whatever is left of its process group is killed first, while the group's id cannot be reused.
int barid_child_reap(pid_t pid, struct barid_exit *exit);

/// Kills every process of this user, and not this one, with an environment string that begins with
/// the `length` bytes of `mark`; with its final zero among them the string has to be just that.
/// So processes are found that left their group and lost their parent. What is ours is known by the
/// environment it was started with (/proc, so on Linux only). Returns the most it found at one look.
int barid_strays_kill(const char *mark, size_t length);

/// Starts the guard: a process that ends every process group it was told of once this process is
/// gone, however it went (SIGTERM first, SIGKILL after a second), then whatever has an environment
/// string that begins with `mark`.
/// Returns the descriptor to which process group ids are written as int32_t: to guard it, or,
/// negated, to forget it. Closing it with groups left ends them. -1 and errno on failure.
int barid_guard_start(const char *mark);

/// Starts this program anew in a session of its own, for `--detach`: standard output goes to
/// `output`, standard error and input are kept and /dev/null. Returns its id, or -1 and errno.
pid_t barid_detached_start(const char *path, char *const arguments[], int output);
