#ifndef MAINSTAY_SHIMS_H
#define MAINSTAY_SHIMS_H

// System calls that Swift's Glibc module does not show.

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST instead of replacing.
int mainstay_rename_exclusively(int from_directory, const char *from, int to_directory, const char *to);

/// fallocate(2) with FALLOC_FL_COLLAPSE_RANGE: takes the first `length` bytes out of a file, what follows moves down.
/// `length` is a multiple of the filesystem's block and less than the file's size.
int mainstay_collapse_beginning(int file, long length);

/// statx(2): when a file was made, in microseconds since 1970; -1 where the filesystem does not know, or there is none.
long mainstay_birth(int directory, const char *name);

/// setfsuid(2): the user whose rights on files this one thread has. For tests that run as root.
void mainstay_set_filesystem_user(unsigned int user);

#endif
