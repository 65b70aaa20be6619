internal import Synchronization

/// What a made file is given besides its bytes.
struct UnpackAttributes: Sendable {
    /// The permission bits that this user may set.
    var permissions: UInt32
    /// Owner and group; nil to leave them.
    var owner: (user: UInt32, group: UInt32)?
    var modified: Int64
    var extended: [SquashAttribute]

    init(_ inode: SquashInode, extended: [SquashAttribute], _ options: SquashUnpacker.Options) {
        // A setuid program of another's would become one of ours.
        let keepsSetID = options.setsOwners || inode.owner == OpenFile.user
        permissions = UInt32(inode.permissions) & (keepsSetID ? 0o7777 : 0o1777)
        owner = options.setsOwners ? (inode.owner, inode.group) : nil
        modified = Int64(inode.modified)
        self.extended = extended
    }

    /// Sets all on an open file or folder, and says how many extended attributes could not be.
    func set(on file: borrowing OpenFile) throws(SystemFailure) -> Int {
        if let owner { try file.setOwner([], owner: owner.user, group: owner.group) }
        var skipped = 0
        for attribute in extended {
            do throws(SystemFailure) { try file.setAttribute(attribute) } catch { skipped += 1 }
        }
        // After the owner, whose change takes setuid away; the time last of all.
        try file.setPermissions(permissions)
        try file.setTime([], seconds: modified)
        return skipped
    }

    /// Sets what writing has changed since all was set.
    func setAgain(on file: borrowing OpenFile) throws(SystemFailure) -> Int {
        let takenAway: UInt32 = 0o6000
        guard extended.isEmpty, permissions & takenAway == 0 else { return try set(on: file) }
        try file.setTime([], seconds: modified)
        return 0
    }

    func set(onSymlink name: [UInt8], in folder: borrowing OpenFile) throws(SquashError) {
        do throws(SystemFailure) {
            if let owner { try folder.setOwner(name, owner: owner.user, group: owner.group) }
            try folder.setTime(name, seconds: modified)
        } catch {
            throw SquashError(.attributesFailed, errorNumber: error.errorNumber)
        }
    }

    func set(onNode name: [UInt8], in folder: borrowing OpenFile) throws(SquashError) {
        do throws(SystemFailure) {
            if let owner { try folder.setOwner(name, owner: owner.user, group: owner.group) }
            try folder.setNodePermissions(name, permissions)
            try folder.setTime(name, seconds: modified)
        } catch {
            throw SquashError(.attributesFailed, errorNumber: error.errorNumber)
        }
    }
}

/// A folder being filled. Its mode and time are set when the last that is made in it is done: until then it must be
/// writable, and making an entry changes the time.
final class UnpackFolder: Sendable {
    let file: OpenFile
    let path: [UInt8]
    private let attributes: UnpackAttributes
    /// The walk, while it is inside, and each file being written.
    private let uses = Atomic<Int>(1)

    init(_ file: consuming OpenFile, path: [UInt8], _ attributes: UnpackAttributes) {
        self.file = file
        self.path = path
        self.attributes = attributes
    }

    func retain() { uses.add(1, ordering: .relaxed) }

    /// Ends one use; the last finishes the folder.
    func release(_ queue: UnpackQueue) {
        guard uses.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        do throws(SystemFailure) {
            queue.skip(attributes: try attributes.set(on: file))
        } catch {
            queue.fail(SquashError(.attributesFailed, path: path, errorNumber: error.errorNumber))
        }
    }
}

/// A regular file being made.
final class UnpackFile: Sendable {
    let name: [UInt8]
    let folder: UnpackFolder
    let size: Int
    let attributes: UnpackAttributes
    /// Whether the file is there already and is to be filled; otherwise the thread makes it.
    let isMade: Bool
    /// The walk, until all parts are known, and each part.
    private let uses = Atomic<Int>(1)

    init(_ name: [UInt8], in folder: UnpackFolder, size: Int, _ attributes: UnpackAttributes, isMade: Bool) {
        folder.retain()
        self.name = name
        self.folder = folder
        self.size = size
        self.attributes = attributes
        self.isMade = isMade
    }

    var path: [UInt8] { folder.path.isEmpty ? name : folder.path + [UInt8(ascii: "/")] + name }

    func retain() { uses.add(1, ordering: .relaxed) }

    /// Ends one use; true for the last, who then finishes the file and releases its folder.
    func isLastUse() -> Bool { uses.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}

/// A stretch of a file's data, as the image has it.
struct FileStretch: Sendable {
    /// Where in the file it begins.
    let offset: Int
    /// Where its blocks begin in the image; they follow one another.
    let start: UInt64
    private(set) var blocks: [BlockSize] = []
    private(set) var lastLength = 0
    private(set) var storedBytes = 0
    var tail: Tail?

    struct Tail: Sendable {
        var start: UInt64
        var size: BlockSize
        var offset: Int
        var length: Int
    }

    init(offset: Int, start: UInt64) {
        self.offset = offset
        self.start = start
    }

    mutating func append(_ size: BlockSize, length: Int) {
        blocks.append(size)
        lastLength = length
        storedBytes += size.stored
    }

    /// Whether the file's end must be set because no byte is written there.
    var endsInHole: Bool { tail == nil && blocks.last?.stored == 0 }

    /// Whether there is nothing to write.
    var isHole: Bool { storedBytes == 0 && tail == nil }

    /// Where in the image its first byte is.
    var place: UInt64 { storedBytes > 0 ? start : tail?.start ?? start }
}

/// A stretch of a file to be written by one thread.
struct UnpackPart: Sendable {
    let file: UnpackFile
    let data: FileStretch
}

/// Parts that one thread writes one after another.
struct UnpackBatch: Sendable {
    private(set) var parts: [UnpackPart] = []
    private var bytes = 0
    private var fragment: UInt64?

    /// Whether the part should go with these. Files that share a fragment block stay together, so that one thread
    /// decompresses it once.
    func accepts(_ part: UnpackPart) -> Bool {
        if parts.isEmpty { return true }
        let isSameFragment = part.data.tail.map { $0.start == fragment } ?? true
        return isSameFragment ? parts.count < 128 && bytes < 4 << 20 : parts.count < 16 && bytes < 256 << 10
    }

    mutating func append(_ part: UnpackPart) {
        parts.append(part)
        bytes += part.data.storedBytes
        if let tail = part.data.tail { fragment = tail.start }
    }
}
