// A storage that is not what it says: a library for LD_PRELOAD that stands between a program and the files below
// STORAGE_ROOT. It knows what would still be there after a power cut, and it can be full.
//
// What is durable lies in STORAGE_SHADOW, kept by nothing but the calls that ask for it (POSIX: fsync(2) of a file makes
// its content durable and not its name; fsync(2) of a directory makes names durable and no content):
//   f-ID     the content of the file with that identity as it was when it was last synchronised
//   d-ID     the names of a directory as they were then, each "TYPE MODE USER GROUP ID NAME\0"
//   f-ID     of a symbolic link, which comes with its name: where it leads
//   syncs    one line for each call: "kept PATH" or "dropped PATH"
// ID is the inode's number with the time of its birth, since numbers are used again.
//
// STORAGE_LIES    drops every such call and says that it was done: fsync, fdatasync, syncfs, sync, msync, O_SYNC, O_DSYNC
// STORAGE_FULL_AT from the first time that something is made or written below the root whose path contains this text, the
//                 disk is full (ENOSPC), for all programs with this library, until the file STORAGE_SHADOW/full is gone
//
// Built with -DPROGRAM it is a program with the same environment:
//   storage begin               all that is there now is on the disk
//   storage keep DIRECTORY      so is all below it: for a program that goes past the library and synchronises by itself
//   storage cut everything      the power goes: what was not synchronised is gone, names and contents
//   storage cut contents        the same, but names were written down in time: files are there, empty or as they were
//   storage cut SEED            the same, but of the files that were not synchronised some are whole, some half, some empty
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char root[PATH_MAX], shadow[PATH_MAX], full_at[256];
static int is_on, lies;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *below = getenv("STORAGE_ROOT"), *kept = getenv("STORAGE_SHADOW"), *at = getenv("STORAGE_FULL_AT");
    if (!below || !kept || !realpath(below, root)) return;
    snprintf(shadow, sizeof shadow, "%s", kept);
    if (at) snprintf(full_at, sizeof full_at, "%s", at);
    lies = getenv("STORAGE_LIES") != NULL;
    is_on = 1;
}

// A storage that cannot remember would prove nothing.
static void must(int done) {
    if (!done) abort();
}

static int is_below(const char *path) {
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// Whether the descriptor is of something below the root; its path then.
static int of_storage(int file, char path[PATH_MAX]) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int look(int directory, const char *name, char id[64], struct statx *seen) {
    struct statx facts;
    int flags = AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH);
    if (statx(directory, name, flags, STATX_BASIC_STATS | STATX_BTIME, &facts) != 0) return -1;
    long birth = facts.stx_mask & STATX_BTIME ? facts.stx_btime.tv_sec * 1000000000L + facts.stx_btime.tv_nsec : 0;
    snprintf(id, 64, "%llu-%ld", (unsigned long long)facts.stx_ino, birth);
    *seen = facts;
    return 0;
}

// Programs of several users share the shadow.
static int open_shadow(const char *name, int flags) {
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", shadow, name);
    int file = REAL(open)(path, flags | O_CLOEXEC, 0666);
    if (file >= 0) fchmod(file, 0666);
    return file;
}

static void note(const char *what, const char *path) {
    int log = open_shadow("syncs", O_WRONLY | O_CREAT | O_APPEND);
    if (log < 0) return;
    char line[PATH_MAX + 32];
    int length = snprintf(line, sizeof line, "%s %s\n", what, path);
    must(REAL(write)(log, line, (size_t)length) == length);
    close(log);
}

static void in_shadow(char path[PATH_MAX], const char *kind, const char *id, const char *ending) {
    snprintf(path, PATH_MAX, "%.2000s/%s-%s%s", shadow, kind, id, ending);
}

static void replace(const char *kind, const char *id) {
    char from[PATH_MAX], to[PATH_MAX];
    in_shadow(from, kind, id, ".next");
    in_shadow(to, kind, id, "");
    must(rename(from, to) == 0);
}

static void copy_all(int from, int to) {
    char buffer[65536];
    off_t at = 0;
    for (ssize_t size; (size = pread(from, buffer, sizeof buffer, at)) > 0; at += size)
        must(REAL(write)(to, buffer, (size_t)size) == size);
}

static void keep_file(int directory, const char *name, const char *id, int flags) {
    char next[160];
    snprintf(next, sizeof next, "f-%s.next", id);
    int source = REAL(openat)(directory, name, O_RDONLY | O_CLOEXEC | flags);
    // It may have gone since its name was read.
    if (source < 0 && errno == ENOENT) return;
    int copy = open_shadow(next, O_WRONLY | O_CREAT | O_TRUNC);
    must(source >= 0 && copy >= 0);
    copy_all(source, copy);
    close(source);
    close(copy);
    replace("f", id);
}

static void keep_link(int directory, const char *name, const char *id) {
    char next[160], goal[PATH_MAX];
    snprintf(next, sizeof next, "f-%s.next", id);
    ssize_t length = readlinkat(directory, name, goal, sizeof goal);
    if (length < 0) return;
    int copy = open_shadow(next, O_WRONLY | O_CREAT | O_TRUNC);
    must(copy >= 0 && REAL(write)(copy, goal, (size_t)length) == length);
    close(copy);
    replace("f", id);
}

// The names of a directory; with all below it where everything is meant.
static void keep_directory(int directory, const char *id, int everything) {
    char next[160];
    snprintf(next, sizeof next, "d-%s.next", id);
    int again = REAL(openat)(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = again < 0 ? NULL : fdopendir(again);
    int copy = open_shadow(next, O_WRONLY | O_CREAT | O_TRUNC);
    must(names && copy >= 0);
    for (struct dirent *entry; (entry = readdir(names));) {
        char own[64], line[512];
        struct statx seen;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (look(dirfd(names), entry->d_name, own, &seen) != 0) continue;
        unsigned mode = seen.stx_mode;
        char type = S_ISDIR(mode) ? 'd' : S_ISREG(mode) ? 'f' : S_ISLNK(mode) ? 'l' : 'o';
        int length = snprintf(line, sizeof line, "%c %o %u %u %s %s", type, mode & 07777, seen.stx_uid, seen.stx_gid, own,
                              entry->d_name);
        must(REAL(write)(copy, line, (size_t)length + 1) == length + 1);
        if (type == 'l') keep_link(dirfd(names), entry->d_name, own);
        if (!everything) continue;
        if (type == 'f') keep_file(dirfd(names), entry->d_name, own, O_NOFOLLOW);
        if (type != 'd') continue;
        int below = REAL(openat)(dirfd(names), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (below < 0) continue;
        keep_directory(below, own, 1);
        close(below);
    }
    closedir(names);
    close(copy);
    replace("d", id);
}

// One at a time, of all programs: a copy that began earlier must not come after a later one.
static void keep(int file, const char *path, int everything) {
    char id[64];
    struct statx seen;
    pthread_mutex_lock(&mutex);
    int lock = open_shadow("lock", O_RDWR | O_CREAT);
    must(lock >= 0 && flock(lock, LOCK_EX) == 0);
    must(look(file, "", id, &seen) == 0);
    if (S_ISDIR(seen.stx_mode)) {
        keep_directory(file, id, everything);
    } else if (S_ISREG(seen.stx_mode) && seen.stx_nlink > 0) {
        // A file that has no name any more is nobody's after a power cut.
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", file);
        keep_file(AT_FDCWD, link, id, 0);
    }
    note("kept", path);
    close(lock);
    pthread_mutex_unlock(&mutex);
}

static void keep_all(void) {
    int top = REAL(open)(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(top >= 0);
    keep(top, root, 1);
    close(top);
}

// What a program asked for: whether the true call is to be left out.
static int synchronised(int file, int everything) {
    char path[PATH_MAX];
    int before = errno;
    if (!is_on || !of_storage(file, path)) return 0;
    if (lies) {
        note("dropped", path);
    } else if (everything) {
        keep_all();
    } else {
        keep(file, path, 0);
    }
    errno = before;
    return 1;
}

int fsync(int file) { return synchronised(file, 0) ? 0 : REAL(fsync)(file); }
int fdatasync(int file) { return synchronised(file, 0) ? 0 : REAL(fdatasync)(file); }
int syncfs(int file) { return synchronised(file, 1) ? 0 : REAL(syncfs)(file); }

// It gives no promise (sync_file_range(2)), so that nothing is kept for it.
int sync_file_range(int file, off64_t offset, off64_t length, unsigned flags) {
    char path[PATH_MAX];
    return is_on && of_storage(file, path) ? 0 : REAL(sync_file_range)(file, offset, length, flags);
}

void sync(void) {
    if (!is_on) REAL(sync)();
    else if (lies) note("dropped", root);
    else keep_all();
}

int msync(void *address, size_t length, int flags) {
    if (is_on && flags & MS_SYNC) {
        if (lies) note("dropped", root);
        else keep_all();
    }
    return REAL(msync)(address, length, flags);
}

// Whether there is no room for what somebody makes or writes there.
static int is_full(const char *path) {
    if (!full_at[0]) return 0;
    char mark[2 * PATH_MAX];
    snprintf(mark, sizeof mark, "%s/full", shadow);
    if (access(mark, F_OK) == 0) return 1;
    if (!strstr(path + strlen(root), full_at)) return 0;
    int file = open_shadow("full", O_WRONLY | O_CREAT);
    must(file >= 0 && REAL(write)(file, path, strlen(path)) >= 0);
    close(file);
    return 1;
}

static int refuses(int file) {
    char path[PATH_MAX];
    int before = errno;
    int refused = is_on && full_at[0] && of_storage(file, path) && is_full(path);
    errno = refused ? ENOSPC : before;
    return refused;
}

// Written with O_SYNC or O_DSYNC: durable when the call is over.
static void wrote(int file) {
    if (!is_on || lies) return;
    int flags = fcntl(file, F_GETFL);
    if (flags >= 0 && flags & (O_SYNC | O_DSYNC)) synchronised(file, 0);
}

#define WRITES(type, name, parameters, arguments)                                                                      \
    type name parameters {                                                                                             \
        if (refuses(file)) return -1;                                                                                  \
        type size = REAL(name) arguments;                                                                              \
        if (size > 0) wrote(file);                                                                                     \
        return size;                                                                                                   \
    }

WRITES(ssize_t, write, (int file, const void *bytes, size_t count), (file, bytes, count))
WRITES(ssize_t, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at))
WRITES(ssize_t, pwrite64, (int file, const void *bytes, size_t count, off64_t at), (file, bytes, count, at))
WRITES(ssize_t, writev, (int file, const struct iovec *parts, int count), (file, parts, count))
WRITES(ssize_t, pwritev, (int file, const struct iovec *parts, int count, off_t at), (file, parts, count, at))
WRITES(ssize_t, sendfile, (int file, int from, off_t *at, size_t count), (file, from, at, count))
WRITES(ssize_t, copy_file_range, (int from, off64_t *at, int file, off64_t *to, size_t count, unsigned flags),
       (from, at, file, to, count, flags))

// Making a file or a directory needs room too.
static int refuses_name(int directory, const char *name) {
    char path[PATH_MAX], place[PATH_MAX];
    if (!is_on || !full_at[0]) return 0;
    if (name[0] == '/') {
        char parent[PATH_MAX];
        snprintf(parent, sizeof parent, "%s", name);
        char *slash = strrchr(parent, '/');
        *slash = 0;
        if (!realpath(*parent ? parent : "/", place)) return 0;
        snprintf(path, sizeof path, "%.2000s/%.1000s", place, slash + 1);
    } else {
        char link[64];
        if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        ssize_t length = readlink(link, place, sizeof place - 1);
        if (length <= 0) return 0;
        place[length] = 0;
        snprintf(path, sizeof path, "%.2000s/%.1000s", place, name);
    }
    int before = errno;
    int refused = is_below(path) && access(path, F_OK) != 0 && is_full(path);
    errno = refused ? ENOSPC : before;
    return refused;
}

#define OPENS(name)                                                                                                    \
    int name(const char *path, int flags, ...) {                                                                       \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        if (flags & O_CREAT && refuses_name(AT_FDCWD, path)) return -1;                                                \
        return REAL(name)(path, flags, mode);                                                                          \
    }

#define OPENS_AT(name)                                                                                                 \
    int name(int directory, const char *path, int flags, ...) {                                                        \
        va_list rest;                                                                                                  \
        va_start(rest, flags);                                                                                         \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                        \
        va_end(rest);                                                                                                  \
        if (flags & O_CREAT && refuses_name(directory, path)) return -1;                                               \
        return REAL(name)(directory, path, flags, mode);                                                               \
    }

OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)

int mkdir(const char *path, mode_t mode) { return refuses_name(AT_FDCWD, path) ? -1 : REAL(mkdir)(path, mode); }

int mkdirat(int directory, const char *path, mode_t mode) {
    return refuses_name(directory, path) ? -1 : REAL(mkdirat)(directory, path, mode);
}

// Of a disk that is full already nothing is free.
static void empty(const char *path, fsblkcnt_t *free_blocks, fsblkcnt_t *available) {
    char mark[2 * PATH_MAX], place[PATH_MAX];
    if (!is_on || !full_at[0] || !realpath(path, place) || !is_below(place)) return;
    snprintf(mark, sizeof mark, "%s/full", shadow);
    if (access(mark, F_OK) == 0) *free_blocks = *available = 0;
}

int statvfs(const char *path, struct statvfs *facts) {
    int result = REAL(statvfs)(path, facts);
    if (result == 0) empty(path, &facts->f_bfree, &facts->f_bavail);
    return result;
}

int statvfs64(const char *path, struct statvfs64 *facts) {
    int result = REAL(statvfs64)(path, facts);
    if (result == 0) empty(path, &facts->f_bfree, &facts->f_bavail);
    return result;
}

int fstatvfs(int file, struct statvfs *facts) {
    char path[PATH_MAX];
    int result = REAL(fstatvfs)(file, facts);
    if (result == 0 && is_on && of_storage(file, path)) empty(path, &facts->f_bfree, &facts->f_bavail);
    return result;
}

// stdio writes past the library's own write(2).
FILE *fopen(const char *path, const char *mode) {
    return strpbrk(mode, "wa+") && refuses_name(AT_FDCWD, path) ? NULL : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    return strpbrk(mode, "wa+") && refuses_name(AT_FDCWD, path) ? NULL : REAL(fopen64)(path, mode);
}

#ifdef PROGRAM
static void remove_tree(const char *path) {
    char words[PATH_MAX + 64];
    snprintf(words, sizeof words, "rm -rf -- '%s'", path);
    must(system(words) == 0);
}

// Makes a directory's entries as they are on the disk.
static void rebuild(const char *id, const char *place) {
    char path[PATH_MAX], line[512];
    in_shadow(path, "d", id, "");
    FILE *names = fopen(path, "r");
    // Nobody ever made its names durable.
    if (!names) return;
    for (size_t length = 0; (line[length] = (char)fgetc(names)), !feof(names);) {
        if (line[length]) {
            length++;
            continue;
        }
        length = 0;
        char type, own[64], name[300], goal[PATH_MAX];
        unsigned mode, user, group;
        must(sscanf(line, "%c %o %u %u %63s %299[^\n]", &type, &mode, &user, &group, own, name) == 6);
        snprintf(goal, sizeof goal, "%.3000s/%.299s", place, name);
        in_shadow(path, "f", own, "");
        int content = open(path, O_RDONLY | O_CLOEXEC);
        if (type == 'd') {
            must(mkdir(goal, 0700) == 0);
            rebuild(own, goal);
        } else if (type == 'l') {
            char leads[PATH_MAX];
            ssize_t size = read(content, leads, sizeof leads - 1);
            must(size > 0);
            leads[size] = 0;
            must(symlink(leads, goal) == 0);
        } else if (type == 'f') {
            int file = open(goal, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            must(file >= 0);
            if (content >= 0) copy_all(content, file);
            close(file);
        }
        if (content >= 0) close(content);
        if (type == 'o') continue;
        must(lchown(goal, user, group) == 0 || geteuid() != 0);
        if (type != 'l') must(chmod(goal, mode) == 0);
    }
    fclose(names);
}

static int is_equal(int one, int other) {
    char first[65536], second[65536];
    for (off_t at = 0;; at += sizeof first) {
        ssize_t size = pread(one, first, sizeof first, at), same = pread(other, second, sizeof second, at);
        must(size >= 0 && same >= 0);
        if (size != same || memcmp(first, second, (size_t)size) != 0) return 0;
        if (size < (ssize_t)sizeof first) return 1;
    }
}

// Takes from the files below a directory what was not synchronised, or by chance a part of it.
static void lose(int directory, int by_chance) {
    DIR *names = fdopendir(directory);
    must(names != NULL);
    for (struct dirent *entry; (entry = readdir(names));) {
        char id[64], path[PATH_MAX];
        struct statx seen;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        must(look(dirfd(names), entry->d_name, id, &seen) == 0);
        if (S_ISDIR(seen.stx_mode)) lose(openat(dirfd(names), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC), by_chance);
        if (!S_ISREG(seen.stx_mode)) continue;
        must(fchmodat(dirfd(names), entry->d_name, 0600, 0) == 0);
        int file = openat(dirfd(names), entry->d_name, O_RDWR | O_CLOEXEC);
        in_shadow(path, "f", id, "");
        int kept = open(path, O_RDONLY | O_CLOEXEC);
        must(file >= 0);
        int chance = by_chance ? rand() % 3 : 0;
        if ((kept < 0 || !is_equal(file, kept)) && chance != 1) {
            must(ftruncate(file, chance == 2 ? (off_t)seen.stx_size / 2 : 0) == 0);
            if (chance == 0 && kept >= 0) copy_all(kept, file);
        }
        must(fchmod(file, seen.stx_mode & 07777) == 0);
        if (kept >= 0) close(kept);
        close(file);
    }
    closedir(names);
}

// The power is back: what is there is all there is.
static void settle(void) {
    char words[PATH_MAX + 64];
    snprintf(words, sizeof words, "rm -rf -- '%.4000s'/[dfs]*", shadow);
    must(system(words) == 0);
    keep_all();
}

int main(int count, char **words) {
    must(is_on && count > 1);
    if (strcmp(words[1], "begin") == 0) {
        settle();
        return 0;
    }
    if (count == 3 && strcmp(words[1], "keep") == 0) {
        int directory = open(words[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(directory >= 0);
        keep(directory, words[2], 1);
        return 0;
    }
    must(count == 3 && strcmp(words[1], "cut") == 0);
    int top = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (strcmp(words[2], "everything") == 0) {
        char id[64], next[PATH_MAX];
        struct statx seen;
        must(look(top, "", id, &seen) == 0);
        snprintf(next, sizeof next, "%.4000s.next", root);
        must(mkdir(next, 0700) == 0);
        rebuild(id, next);
        must(chmod(next, seen.stx_mode & 07777) == 0 && chown(next, seen.stx_uid, seen.stx_gid) == 0);
        remove_tree(root);
        must(rename(next, root) == 0);
    } else {
        srand((unsigned)atoi(words[2]));
        lose(top, strcmp(words[2], "contents") != 0);
    }
    settle();
    return 0;
}
#endif
