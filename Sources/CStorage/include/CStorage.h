// What storage needs and Swift cannot say: CRC32C by the processor's own instruction, and writing past
// the system's cache.

#ifndef CSTORAGE_H
#define CSTORAGE_H

#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli, RFC 3720 B.4) of `count` bytes, going on from `crc`; 0 begins anew.
uint32_t barid_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by a table, for processors without the instruction.
uint32_t barid_crc32c_table(uint32_t crc, const void *bytes, size_t count);

/// 1 when `barid_crc32c` uses the processor's instruction.
int barid_crc32c_is_hardware(void);

/// Offset of the first 4 bytes equal to `word` at or after `from`, among the offsets that leave
/// `remainder` when divided by 8; `count` when there is none.
size_t barid_find_word(const void *bytes, size_t count, size_t from, size_t remainder,
                       uint32_t word);

/// 1 when all bytes are zero.
int barid_is_zero(const void *bytes, size_t count);

/// Writes `count` zeros at `offset` past the system's cache (open(2), O_DIRECT).
///
/// Returns 1 when they are written; 0 where the file system does not do that, wants another alignment
/// than offset and count have, or takes less than a page; -1 with `errno` when writing failed.
int barid_write_zeros(int descriptor, size_t offset, size_t count);

#endif
