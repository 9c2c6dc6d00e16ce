/* Faults of the disk, and kills, at a chosen write or sync of a chosen file: loaded into a real server with LD_PRELOAD.
 *
 *   FAULT_FILE   what the path of the file ends with, such as calls.db-wal; "calls.db*" also takes what follows the name
 *   FAULT_ON     write, sync or any
 *   FAULT_AT     which of these, counted from 1
 *   FAULT_TIMES  how many in a row; 1 when absent
 *   FAULT_DO     kill: before it is done; killed: after; torn: after half of a write; eio, enospc: it fails
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long seen = 0;

static int matches(int fd) {
    const char *wanted = getenv("FAULT_FILE");
    char link[64], path[4096], name[256];
    if (!wanted) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    snprintf(name, sizeof name, "%s", wanted);
    size_t len = strlen(name);
    if (len && name[len - 1] == '*') {
        name[len - 1] = 0;
        return strncmp(base, name, len - 1) == 0;
    }
    return strcmp(base, name) == 0;
}

/* Which fault befalls this operation: 0 none, else a letter. */
static char fault(int fd, const char *kind) {
    const char *on = getenv("FAULT_ON"), *what = getenv("FAULT_DO"), *at = getenv("FAULT_AT"), *times = getenv("FAULT_TIMES");
    if (!on || !what || !at || (strcmp(on, "any") && strcmp(on, kind)) || !matches(fd)) return 0;
    long first = atol(at), last = first + (times ? atol(times) : 1);
    pthread_mutex_lock(&lock);
    long now = ++seen;
    pthread_mutex_unlock(&lock);
    if (now < first || now >= last) return 0;
    if (!strcmp(what, "kill")) kill(getpid(), SIGKILL);
    if (!strcmp(what, "killed")) return 'k';
    if (!strcmp(what, "torn")) return 't';
    return !strcmp(what, "enospc") ? 'f' : 'e';
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static ssize_t failed(char how) {
    errno = how == 'f' ? ENOSPC : EIO;
    return -1;
}

#define AROUND(kind, fd, half, whole)                                                                                  \
    char how = fault(fd, kind);                                                                                        \
    if (how == 'e' || how == 'f') return failed(how);                                                                  \
    if (how == 't') { (void)!(half); kill(getpid(), SIGKILL); }                                                        \
    __auto_type done = (whole);                                                                                        \
    if (how == 'k') kill(getpid(), SIGKILL);                                                                           \
    return done

ssize_t write(int fd, const void *bytes, size_t n) {
    AROUND("write", fd, REAL(write)(fd, bytes, n / 2), REAL(write)(fd, bytes, n));
}
ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at) {
    AROUND("write", fd, REAL(pwrite)(fd, bytes, n / 2, at), REAL(pwrite)(fd, bytes, n, at));
}
ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at) {
    AROUND("write", fd, REAL(pwrite64)(fd, bytes, n / 2, at), REAL(pwrite64)(fd, bytes, n, at));
}
int fsync(int fd) {
    AROUND("sync", fd, 0, REAL(fsync)(fd));
}
int fdatasync(int fd) {
    AROUND("sync", fd, 0, REAL(fdatasync)(fd));
}
