#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

// Between fork() and execve() only async-signal-safe functions are called: other threads of the
// parent may have held any lock at the moment of the fork.

static void close_all_from(int first) {
#if defined(__linux__) && defined(SYS_close_range)
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    if (most < 0 || most > 65536) most = 65536;
    for (int descriptor = first; descriptor < most; descriptor++) close(descriptor);
}

static void default_signals(void) {
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int close_on_exec(int descriptor) {
    int flags = fcntl(descriptor, F_GETFD);
    return flags < 0 ? -1 : fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
}

static int make_pipe(int ends[2]) {
    if (pipe(ends) != 0) return -1;
    close_on_exec(ends[0]);
    close_on_exec(ends[1]);
    return 0;
}

static void shut(int ends[2]) {
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0) close(ends[i]);
}

// Moves a descriptor out of the way of 0, 1 and 2.
static int lifted(int descriptor) { return descriptor > 2 ? descriptor : fcntl(descriptor, F_DUPFD, 3); }

int barid_child_start(const char *path, char *const arguments[], char *const environment[],
                      const char *folder, int input, unsigned long files,
                      struct barid_child *child) {
    int output[2] = {-1, -1}, error[2] = {-1, -1}, report[2] = {-1, -1};
    int failure = 0;
    if (make_pipe(output) || make_pipe(error) || make_pipe(report)) {
        failure = errno;
        shut(output), shut(error), shut(report);
        return failure;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        failure = errno;
        shut(output), shut(error), shut(report);
        return failure;
    }
    if (pid == 0) {
        setpgid(0, 0);
        default_signals();
#ifdef __linux__
        // The parent may have died before this took hold.
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent) _exit(127);
#else
        (void)parent;
#endif
        int in = lifted(input), out = lifted(output[1]), err = lifted(error[1]);
        int tell = lifted(report[1]);
        if (in < 0 || out < 0 || err < 0 || tell < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 ||
            dup2(err, 2) < 0 || (folder && chdir(folder) != 0))
            goto failed;
        if (files > 0) {
            // Never above what we may: setrlimit() would refuse that.
            struct rlimit limit;
            if (getrlimit(RLIMIT_NOFILE, &limit) != 0) goto failed;
            if (limit.rlim_max == RLIM_INFINITY || files < limit.rlim_max) limit.rlim_max = files;
            limit.rlim_cur = limit.rlim_max;
            if (setrlimit(RLIMIT_NOFILE, &limit) != 0) goto failed;
        }
        // The report pipe stays as descriptor 3 until execve() closes it.
        if (tell != 3 && dup2(tell, 3) < 0) goto failed;
        tell = 3;
        close_on_exec(3);
        close_all_from(4);
        execve(path, arguments, environment);
    failed:
        failure = errno;
        (void)!write(tell, &failure, sizeof failure);
        _exit(127);
    }
    setpgid(pid, pid);  // Whichever of the two comes first.
    close(output[1]), close(error[1]), close(report[1]);
    ssize_t got;
    do got = read(report[0], &failure, sizeof failure);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == sizeof failure) {
        waitpid(pid, NULL, 0);
        close(output[0]), close(error[0]);
        return failure ? failure : ECHILD;
    }
    fcntl(output[0], F_SETFL, fcntl(output[0], F_GETFL) | O_NONBLOCK);
    fcntl(error[0], F_SETFL, fcntl(error[0], F_GETFL) | O_NONBLOCK);
    child->pid = pid;
    child->output = output[0];
    child->error = error[0];
    child->end = -1;
#if defined(__linux__) && defined(SYS_pidfd_open)
    child->end = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
    return 0;
}

int barid_child_reap(pid_t pid, struct barid_exit *exit) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid)
        return 0;
    killpg(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    exit->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    exit->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return 1;
}

#ifdef __linux__
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

// 0 for what is no process id.
static pid_t process_named(const char *name) {
    pid_t pid = 0;
    for (; *name; name++) {
        if (*name < '0' || *name > '9' || pid > 100 * 1000 * 1000) return 0;
        pid = pid * 10 + (*name - '0');
    }
    return pid;
}

// Whether one of a process's environment strings begins with these bytes. `folder` is /proc.
static int is_marked(int folder, const char *process, const char *mark, size_t length) {
    char path[32];
    size_t end = strlen(process);
    if (end + sizeof "/environ" > sizeof path) return 0;
    memcpy(path, process, end);
    memcpy(path + end, "/environ", sizeof "/environ");
    int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;  // Gone, or somebody else's.
    char bytes[4096];
    size_t matched = 0;
    int is_open = 1, is_found = 0;
    ssize_t got;
    while (!is_found && (got = read(file, bytes, sizeof bytes)) > 0) {
        for (ssize_t i = 0; i < got && !is_found; i++) {
            if (is_open && bytes[i] == mark[matched])
                is_found = ++matched == length;
            else
                is_open = 0;
            if (bytes[i] == 0) matched = 0, is_open = 1;
        }
    }
    close(file);
    return is_found;
}

static int kill_marked(int folder, const char *name, const char *mark, size_t length) {
    pid_t pid = process_named(name);
    if (pid <= 1 || pid == getpid() || !is_marked(folder, name, mark, length)) return 0;
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_send_signal)
    int process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (process >= 0) {
        // Looked at again: from here on the id cannot be somebody else's.
        int is_killed = is_marked(folder, name, mark, length) &&
                        syscall(SYS_pidfd_send_signal, process, SIGKILL, NULL, 0) == 0;
        close(process);
        return is_killed;
    }
    if (errno != ENOSYS) return 0;
#endif
    return kill(pid, SIGKILL) == 0;
}

int barid_strays_kill(const char *mark, size_t length) {
    int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || length == 0) return 0;
    int most = 0;
    // Again until there is none: one may have forked meanwhile, and who dies is still seen for a moment.
    for (int turn = 0, found = 1; turn < 8 && found > 0; turn++) {
        _Alignas(8) char entries[4096];
        long got;
        found = 0;
        lseek(folder, 0, SEEK_SET);
        while ((got = syscall(SYS_getdents64, folder, entries, sizeof entries)) > 0) {
            for (long at = 0; at < got;) {
                const struct entry *entry = (const struct entry *)(entries + at);
                found += kill_marked(folder, entry->name, mark, length);
                at += entry->length;
            }
        }
        if (found > most) most = found;
    }
    close(folder);
    return most;
}
#else
int barid_strays_kill(const char *mark, size_t length) {
    (void)mark, (void)length;
    return 0;
}
#endif

enum { maximum_groups = 1024 };

static void guard(int orders, const char *mark) {
    static int32_t groups[maximum_groups];
    int count = 0;
    for (int number = 1; number < 32; number++) signal(number, SIG_IGN);
    for (;;) {
        int32_t group = 0;
        ssize_t got = read(orders, &group, sizeof group);
        if (got < 0 && errno == EINTR) continue;
        if (got != sizeof group) break;
        if (group > 1 && count < maximum_groups) {
            groups[count++] = group;
        } else if (group < -1) {
            for (int i = 0; i < count; i++)
                if (groups[i] == -group) groups[i--] = groups[--count];
        }
    }
    for (int i = 0; i < count; i++) killpg(groups[i], SIGTERM);
    for (int turn = 0; turn < 20 && count > 0; turn++) {
        struct timespec moment = {0, 50 * 1000 * 1000};
        nanosleep(&moment, NULL);
        for (int i = 0; i < count; i++)
            if (killpg(groups[i], 0) != 0) groups[i--] = groups[--count];
    }
    for (int i = 0; i < count; i++) killpg(groups[i], SIGKILL);
    barid_strays_kill(mark, strlen(mark));
    _exit(0);
}

int barid_guard_start(const char *mark) {
    int orders[2];
    if (make_pipe(orders) != 0) return -1;
    pid_t pid = fork();
    if (pid < 0) {
        shut(orders);
        return -1;
    }
    if (pid == 0) {
        // Forked twice, so that init and not this program's parent has to reap it.
        if (fork() != 0) _exit(0);
        setsid();
#ifdef __linux__
        prctl(PR_SET_NAME, "barid-guard");
#endif
        if (dup2(orders[0], 0) < 0) _exit(127);
        close_all_from(1);
        guard(0, mark);
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    close(orders[0]);
    return orders[1];
}

extern char **environ;

pid_t barid_detached_start(const char *path, char *const arguments[], int output) {
    pid_t pid = fork();
    if (pid != 0) return pid;
    setsid();
    default_signals();
    int out = lifted(output), nothing = open("/dev/null", O_RDONLY);
    if (out < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(out, 1) < 0) _exit(71);
    close_all_from(3);
    execve(path, arguments, environ);
    _exit(71);
}
