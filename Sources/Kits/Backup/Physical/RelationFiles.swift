import Maintenance
import Outside

/// The pages of a table's files held against what points to them: each entry of a B-tree has a row in the heap, and a page
/// that the visibility map calls all-visible says so of itself.
///
/// amcheck looks from the heap into the index. A page that became zeros, or that is gone with the end of its file, has no
/// row that could be missed there, and a scan takes it for an empty one (PostgreSQL manual, "Database Page Layout";
/// source, nbtree.h, visibilitymap.h). The files must be those of a server that has made a checkpoint and is left alone.
struct RelationFiles: Sendable {
    let dataDirectory: String
    /// In bytes.
    let blockSize: Int
    /// Of a file, before the next one begins.
    let segmentBlocks: Int

    struct Table: Sendable {
        /// Hostile text.
        var name: String
        /// Relative to the data directory.
        var path: String
        /// A B-tree that has an entry for every row; nil where there is none.
        var index: (name: String, path: String)?
    }

    private static let headerLength = 24
    /// VISIBILITYMAP_ALL_VISIBLE of the four blocks of a byte.
    private static let visibleBits: [UInt8] = [0x01, 0x04, 0x10, 0x40]

    /// What is lost of a table, in one clause; nil where nothing is.
    ///
    /// - Throws: `FileError`, `CancellationError`.
    func problem(of table: Table, _ cancellation: Blocking.Cancellation) throws -> String? {
        let heap = try self.heap(table.path, cancellation)
        return try hiddenBlock(heap, table, cancellation) ?? danglingEntry(heap, table, cancellation)
    }

    private struct Heap {
        /// Line pointers by block.
        var items: [UInt16] = []
        /// PD_ALL_VISIBLE by block.
        var isVisible: [Bool] = []
    }

    private func heap(_ path: String, _ cancellation: Blocking.Cancellation) throws -> Heap {
        var heap = Heap()
        let reader = PageReader(self, path)
        while let page = try reader.next(cancellation) {
            let lower = Int(page.number16(12))
            let isUsed = lower >= Self.headerLength && lower <= blockSize
            heap.items.append(isUsed ? UInt16((lower - Self.headerLength) / 4) : 0)
            heap.isVisible.append(page.has(0x4, at: 10))
        }
        return heap
    }

    /// Two bits for each block of the heap behind the header of each page.
    private func hiddenBlock(_ heap: Heap, _ table: Table, _ cancellation: Blocking.Cancellation) throws -> String? {
        let length = heap.items.count
        let reader = PageReader(self, "\(table.path)_vm")
        // Of the blocks of the heap that a page speaks of.
        var first = 0
        let each = (blockSize - Self.headerLength) * 4
        var beyond = -1
        var wrong: [Int] = []
        var count = 0
        while let page = try reader.next(cancellation) {
            let start = first
            first += each
            guard page.number16(14) != 0 else { continue }
            for byte in Self.headerLength..<blockSize {
                let bits: UInt8 = page[byte]
                guard bits != 0 else { continue }
                for slot in 0..<4 where (bits & Self.visibleBits[slot]) != 0 {
                    let block = start + (byte - Self.headerLength) * 4 + slot
                    if block >= length {
                        beyond = max(beyond, block)
                    } else if !heap.isVisible[block] {
                        if wrong.isEmpty { wrong = [block] }
                        count += 1
                    }
                }
            }
        }
        if beyond >= 0 {
            return "\(table.name) is cut: its visibility map knows of block \(beyond), and it has "
                + "block".counted(length)
        }
        guard let block = wrong.first else { return nil }
        return "block \(block) of \(table.name) is not the one that was there: the visibility map calls it "
            + "all-visible, and it does not itself (\(count) such blocks)"
    }

    private func danglingEntry(_ heap: Heap, _ table: Table, _ cancellation: Blocking.Cancellation) throws -> String? {
        guard let index = table.index else { return nil }
        let length = heap.items.count
        let reader = PageReader(self, index.path)
        var beyond = -1
        var lost: Place?
        var count = 0
        while let page = try reader.next(cancellation) {
            for place in entries(of: page) {
                let block = Int(place.block)
                if block >= length {
                    beyond = max(beyond, block)
                } else if place.item > heap.items[block] {
                    if lost == nil { lost = place }
                    count += 1
                }
            }
        }
        if beyond >= 0 {
            return "\(table.name) is cut: the index \(index.name) points to block \(beyond), and it has "
                + "block".counted(length)
        }
        guard let lost else { return nil }
        let present = heap.items[Int(lost.block)]
        return "rows of \(table.name) are lost: the index \(index.name) points to row \(lost.item) of block "
            + "\(lost.block), which has \(present) (\(count) such entries)"
    }

    private struct Place {
        var block: UInt32
        var item: UInt16
    }

    /// The places in the heap that a leaf of a B-tree points to: pages that are deleted or half dead, or no leaves, have
    /// none, and the first item of one that has a right neighbour is only its upper bound.
    private func entries(of page: UnsafeRawBufferPointer) -> [Place] {
        let lower = Int(page.number16(12))
        let upper = Int(page.number16(14))
        let special = Int(page.number16(16))
        guard upper != 0, special + 16 <= blockSize, lower >= Self.headerLength, lower <= special else { return [] }
        // BTP_LEAF, and none of BTP_DELETED, BTP_META, BTP_HALF_DEAD.
        guard page.has(0x01, at: special + 12), !page.has(0x1C, at: special + 12) else { return [] }
        let isRightmost = page.number32(special + 4) == 0
        let count = (lower - Self.headerLength) / 4
        var result: [Place] = []
        result.reserveCapacity(count)
        var number = isRightmost ? 0 : 1
        while number < count {
            let pointer: UInt32 = page.number32(Self.headerLength + number * 4)
            number += 1
            // LP_NORMAL alone: one that is marked dead may point to what is not there any more.
            let state: UInt32 = (pointer >> 15) & 0x3
            let tuple = Int(pointer & 0x7FFF)
            guard state == 1, tuple + 8 <= special else { continue }
            let item: UInt16 = page.number16(tuple + 4)
            guard page.has(0x2000, at: tuple + 6) else {
                result.append(Place(block: page.block(tuple), item: item))
                continue
            }
            // A posting list: as many places as the item says, from where the block says.
            guard page.has(0x2000, at: tuple + 4) else { continue }
            let start = tuple + Int(page.block(tuple))
            for place in 0..<Int(item & 0x0FFF) {
                let at = start + place * 6
                guard at + 6 <= special else { break }
                result.append(Place(block: page.block(at), item: page.number16(at + 4)))
            }
        }
        return result
    }
}

/// The pages of one fork of a relation in their order, over all its files. A fork that is not there has none.
private final class PageReader {
    private let files: RelationFiles
    private let path: String
    private let buffer: UnsafeMutableRawBufferPointer
    private var descriptor: Descriptor?
    private var segment = 0
    /// Of the pages handed over.
    private var number = 0
    private var filled = 0
    private var used = 0

    init(_ files: RelationFiles, _ path: String) {
        self.files = files
        self.path = path
        buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * files.blockSize, alignment: 16)
    }

    deinit { buffer.deallocate() }

    /// - Returns: nil behind the last; valid until the next call.
    func next(_ cancellation: Blocking.Cancellation) throws -> UnsafeRawBufferPointer? {
        let size = files.blockSize
        while used + size > filled {
            try cancellation.check()
            guard let open = try descriptor ?? nextFile() else { return nil }
            descriptor = open
            filled = 0
            used = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let length = try open.read(into: rest)
                if length == 0 { break }
                filled += length
            }
            if filled >= size { break }
            descriptor = nil
            // A file that is not full is the last one, whatever lies behind it (source, md.c).
            guard number == segment * files.segmentBlocks else { return nil }
        }
        let page = UnsafeRawBufferPointer(rebasing: buffer[used..<(used + size)])
        used += size
        number += 1
        return page
    }

    private func nextFile() throws -> Descriptor? {
        let file = "\(files.dataDirectory)/\(path)" + (segment == 0 ? "" : ".\(segment)")
        segment += 1
        let opened: Result<Descriptor, FileError> = Result { () throws(FileError) in try Descriptor.open(file) }
        if case .failure(let error) = opened, error.isMissing { return nil }
        return try opened.get()
    }
}

extension UnsafeRawBufferPointer {
    /// In the byte order of the machine, which is the server's.
    fileprivate func number16(_ offset: Int) -> UInt16 { loadUnaligned(fromByteOffset: offset, as: UInt16.self) }
    fileprivate func number32(_ offset: Int) -> UInt32 { loadUnaligned(fromByteOffset: offset, as: UInt32.self) }

    /// Whether one of the bits is set in the two bytes there.
    fileprivate func has(_ mask: UInt16, at offset: Int) -> Bool {
        let bits: UInt16 = number16(offset) & mask
        return bits != 0
    }

    /// A block's number stands in two halves, the upper one first.
    fileprivate func block(_ offset: Int) -> UInt32 {
        let upper = UInt32(number16(offset))
        let lower = UInt32(number16(offset + 2))
        return (upper << 16) | lower
    }
}
