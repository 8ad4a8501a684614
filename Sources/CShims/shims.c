#define _GNU_SOURCE
#include "shims.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/fsuid.h>

int mainstay_rename_exclusively(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int mainstay_collapse_beginning(int file, long length) {
    return fallocate(file, FALLOC_FL_COLLAPSE_RANGE, 0, length);
}

void mainstay_set_filesystem_user(unsigned int user) {
    setfsuid(user);
}
