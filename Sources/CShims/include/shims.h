#ifndef MAINSTAY_SHIMS_H
#define MAINSTAY_SHIMS_H

// System calls that Swift's Glibc module does not show.

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST instead of replacing.
int mainstay_rename_exclusively(int from_directory, const char *from, int to_directory, const char *to);

#endif
