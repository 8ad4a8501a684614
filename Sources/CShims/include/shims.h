#ifndef MAINSTAY_SHIMS_H
#define MAINSTAY_SHIMS_H

#include "dns.h"

// System calls that Swift's Glibc module does not show.

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST instead of replacing.
int mainstay_rename_exclusively(int from_directory, const char *from, int to_directory, const char *to);

/// fallocate(2) with FALLOC_FL_COLLAPSE_RANGE: takes the first `length` bytes out of a file, what follows moves down.
/// `length` is a multiple of the filesystem's block and less than the file's size.
int mainstay_collapse_beginning(int file, long length);

/// fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives the blocks of a range back; the size of the file stays.
int mainstay_punch_hole(int file, long offset, long length);

/// sync_file_range(2) with SYNC_FILE_RANGE_WRITE: the system begins to write a file out, and nobody waits.
int mainstay_begin_writing(int file);

/// syncfs(2): everything of the filesystem that holds this file, to the disk.
int mainstay_synchronize_filesystem(int file);

/// statx(2): when a file was made, in microseconds since 1970; -1 where the filesystem does not know, or there is none.
long mainstay_birth(int directory, const char *name);

/// statfs(2): the magic number of the filesystem a path lies on; -1 where it cannot be looked at.
long mainstay_filesystem_type(const char *path);

/// adjtimex(2): 0 where something keeps the clock, else -1; and by how much it may be off, in microseconds.
int mainstay_clock_state(long *greatest_error);

/// setfsuid(2): the user whose rights on files this one thread has. For tests that run as root.
void mainstay_set_filesystem_user(unsigned int user);

#endif
