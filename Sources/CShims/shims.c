#define _GNU_SOURCE
#include "shims.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <unistd.h>

int mainstay_rename_exclusively(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int mainstay_collapse_beginning(int file, long length) {
    return fallocate(file, FALLOC_FL_COLLAPSE_RANGE, 0, length);
}

long mainstay_filesystem_type(const char *path) {
    struct statfs facts;
    if (statfs(path, &facts) != 0) return -1;
    return (long)(unsigned int)facts.f_type;
}

long mainstay_birth(int directory, const char *name) {
    struct statx status;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) != 0) return -1;
    if ((status.stx_mask & STATX_BTIME) == 0) return -1;
    return status.stx_btime.tv_sec * 1000000L + status.stx_btime.tv_nsec / 1000;
}

void mainstay_set_filesystem_user(unsigned int user) {
    setfsuid(user);
}

int mainstay_punch_hole(int file, long offset, long length) {
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int mainstay_begin_writing(int file) {
    return sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int mainstay_synchronize_filesystem(int file) {
    return syncfs(file);
}

int mainstay_clock_state(long *greatest_error) {
    struct timex facts = {0};
    int state = adjtimex(&facts);
    *greatest_error = facts.maxerror;
    return state == TIME_ERROR || (facts.status & STA_UNSYNC) ? -1 : 0;
}
