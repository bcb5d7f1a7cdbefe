// Writes down what a process does to files below one folder, in order, so that a loss of power at any
// moment can be made up afterwards. Loaded before the C library (LD_PRELOAD); the calls go through.
//
// RECORD_FOLDER  what is watched; an absolute path without symbolic links
// RECORD_TRACE   where the record goes
//
// A record: kind, length of path, of second path, of data, offset, then the three.
//
//   C create   W write at offset   T truncate to offset   S sync   R rename path to second
//   U unlink   D make a folder     X something that this does not model: the trace is worth nothing
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS_MAX 4096
#define REAL(name) ((__typeof__(&name))real(#name))

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char *paths[FDS_MAX];
static const char *folder;
static int trace = -1;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void begin(void) {
    pthread_mutex_lock(&turn);
    if (trace >= 0) return;
    folder = getenv("RECORD_FOLDER");
    const char *path = getenv("RECORD_TRACE");
    if (!folder || !path) abort();
    trace = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (trace < 0) abort();
}

static void end(void) { pthread_mutex_unlock(&turn); }

static int below(const char *path) {
    return path && folder && strncmp(path, folder, strlen(folder)) == 0;
}

static void put(const void *bytes, size_t count) {
    while (count) {
        ssize_t done = REAL(write)(trace, bytes, count);
        if (done <= 0) abort();
        bytes = (const char *)bytes + done;
        count -= (size_t)done;
    }
}

static void record(char kind, const char *path, const char *other, uint64_t offset, const void *data,
                   size_t count) {
    uint32_t lengths[3] = {(uint32_t)strlen(path), (uint32_t)strlen(other), (uint32_t)count};
    put(&kind, 1);
    put(lengths, sizeof lengths);
    put(&offset, sizeof offset);
    put(path, lengths[0]);
    put(other, lengths[1]);
    put(data, count);
}

static const char *named(int fd) { return fd >= 0 && fd < FDS_MAX ? paths[fd] : NULL; }

static int opened(int fd, const char *path, int flags, int is_new) {
    if (fd < 0 || !below(path)) return fd;
    if (fd >= FDS_MAX) abort();
    free(paths[fd]);
    paths[fd] = strdup(path);
    if (is_new) record('C', path, "", 0, "", 0);
    else if (flags & O_TRUNC) record('T', path, "", 0, "", 0);
    return fd;
}

static int open_path(const char *path, int flags, mode_t mode) {
    begin();
    struct stat found;
    int is_new = (flags & O_CREAT) && below(path) && stat(path, &found) != 0;
    int fd = opened(REAL(open)(path, flags, mode), path, flags, is_new);
    int error = errno;
    end();
    errno = error;
    return fd;
}

#define MODE(flags) ({ va_list rest; va_start(rest, flags); \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; va_end(rest); mode; })

int open(const char *path, int flags, ...) { return open_path(path, flags, MODE(flags)); }
int open64(const char *path, int flags, ...) { return open_path(path, flags, MODE(flags)); }
int openat(int at, const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return path[0] == '/' ? open_path(path, flags, mode) : REAL(openat)(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    mode_t mode = MODE(flags);
    return path[0] == '/' ? open_path(path, flags, mode) : REAL(openat)(at, path, flags, mode);
}

// stdio has calls of its own inside the C library: what it does to files would go unseen.
FILE *fopen(const char *path, const char *mode) {
    begin();
    if (below(path) && strpbrk(mode, "wa+")) record('X', path, mode, 0, "", 0);
    end();
    return REAL(fopen)(path, mode);
}

int close(int fd) {
    begin();
    if (named(fd)) { free(paths[fd]); paths[fd] = NULL; }
    end();
    return REAL(close)(fd);
}

static ssize_t written(int fd, const void *data, size_t count, off_t offset) {
    begin();
    int flags = named(fd) ? fcntl(fd, F_GETFL) : 0;
    off_t at = offset;
    if (at < 0 && named(fd)) at = lseek(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    ssize_t done = offset < 0 ? REAL(write)(fd, data, count) : REAL(pwrite)(fd, data, count, offset);
    int error = errno;
    if (done > 0 && named(fd)) record('W', named(fd), "", (uint64_t)at, data, (size_t)done);
    end();
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t count) { return written(fd, data, count, -1); }
ssize_t pwrite(int fd, const void *data, size_t count, off_t at) { return written(fd, data, count, at); }
ssize_t pwrite64(int fd, const void *data, size_t count, off_t at) { return written(fd, data, count, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!named(fd)) return REAL(writev)(fd, parts, count);
    ssize_t all = 0;
    for (int n = 0; n < count; n++) {
        ssize_t done = written(fd, parts[n].iov_base, parts[n].iov_len, -1);
        if (done < 0) return all ? all : done;
        all += done;
        if ((size_t)done < parts[n].iov_len) break;
    }
    return all;
}

// A sync is recorded when it has returned: what was written meanwhile may be lost.
#define SYNC(name) int name(int fd) { \
    begin(); \
    int result = REAL(name)(fd); \
    int error = errno; \
    if (result == 0 && named(fd)) record('S', named(fd), "", 0, "", 0); \
    end(); \
    errno = error; \
    return result; }
SYNC(fsync)
SYNC(fdatasync)

static int cut(int fd, off_t length, int (*really)(int, off_t)) {
    begin();
    int result = really(fd, length);
    if (result == 0 && named(fd)) record('T', named(fd), "", (uint64_t)length, "", 0);
    end();
    return result;
}
int ftruncate(int fd, off_t length) { return cut(fd, length, REAL(ftruncate)); }
int ftruncate64(int fd, off_t length) { return cut(fd, length, REAL(ftruncate)); }

int rename(const char *from, const char *to) {
    begin();
    int result = REAL(rename)(from, to);
    int error = errno;
    if (result == 0 && below(from)) record('R', from, to, 0, "", 0);
    end();
    errno = error;
    return result;
}

int unlink(const char *path) {
    begin();
    int result = REAL(unlink)(path);
    int error = errno;
    if (result == 0 && below(path)) record('U', path, "", 0, "", 0);
    end();
    errno = error;
    return result;
}

int link(const char *from, const char *to) {
    begin();
    if (below(from)) record('X', from, to, 0, "", 0);
    end();
    return REAL(link)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    begin();
    int result = REAL(mkdir)(path, mode);
    int error = errno;
    if (result == 0 && below(path)) record('D', path, "", 0, "", 0);
    end();
    errno = error;
    return result;
}
