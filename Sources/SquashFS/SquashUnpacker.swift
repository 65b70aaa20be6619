internal import CSupervisor

/// Unpacks an image into a folder, as an ordinary user or as root, with several threads.
///
/// Everything is created through the descriptor of the folder it belongs to, with a single checked name, and must
/// not be there before: nothing is written through a symlink or outside the folder, whatever the image says. When it
/// throws, what was made so far stays; the caller removes it, or never gives it its final name.
package struct SquashUnpacker {
    package struct Options: Sendable {
        /// How many threads write files; one for each processor by default.
        package var threads: Int
        /// Sets the owners of the image. Only root can.
        package var setsOwners: Bool
        /// Sets extended attributes as far as this user and the file system allow.
        package var setsAttributes: Bool
        /// Bytes the tree needs: checked against the file system's free space before anything is made.
        package var neededBytes: Int
        /// Folders whose files are wanted first.
        package var early: [[UInt8]]
        /// Asked now and then; when it says so, unpacking ends with an error.
        package var isStopped: @Sendable () -> Bool

        package init(
            threads: Int = OpenFile.processors, setsOwners: Bool = false, setsAttributes: Bool = false,
            neededBytes: Int = 0, early: [[UInt8]] = [], isStopped: @escaping @Sendable () -> Bool = { false }
        ) {
            self.threads = threads
            self.setsOwners = setsOwners
            self.setsAttributes = setsAttributes
            self.neededBytes = neededBytes
            self.early = early
            self.isStopped = isStopped
        }
    }

    /// What was made.
    package struct Result: Sendable, Equatable {
        /// Regular files, each counted once however many names it has.
        package var files = 0
        package var folders = 0
        package var symlinks = 0
        /// Further names of files that were counted.
        package var hardLinks = 0
        /// Devices that only root could have made.
        package var skippedDevices = 0
        /// Extended attributes that could not be set.
        package var skippedAttributes = 0
        /// Bytes of files' data written, holes left out.
        package var bytes = 0
    }

    let reader: SquashReader
    let options: Options
    private let queue = UnpackQueue()
    /// Writes the files when there are no threads for it.
    private var worker: UnpackWorker?
    private(set) var result = Result()
    private var walker: SquashWalker
    /// Where files go whose bytes come later; nil when they are written as the walk comes to them.
    var held: HeldFiles?
    private var batch = UnpackBatch()
    /// Folders that the walk is in, the root first.
    private var folders: [UnpackFolder] = []
    /// Where files with several names were made.
    private var linked: [UInt64: [UInt8]] = [:]

    init(_ reader: SquashReader, _ options: Options) {
        self.reader = reader
        walker = reader.walk(early: options.early)
        self.options = options
    }

    /// Unpacks the whole image.
    ///
    /// - Parameters:
    ///   - reader: the image.
    ///   - folder: where its root's contents go. It is made when it is missing; it must be empty.
    /// - Returns: what was made.
    package static func unpack(
        _ reader: SquashReader, into folder: [UInt8], options: Options = Options()
    ) throws(SquashError) -> Result {
        var unpacker = SquashUnpacker(reader, options)
        return try unpacker.run(folder)
    }

    private mutating func run(_ path: [UInt8]) throws(SquashError) -> Result {
        try begin(path)
        try startWorkers()
        var failure: SquashError?
        do throws(SquashError) {
            _ = try makeEntries()
            try flush()
        } catch {
            failure = error
        }
        while !folders.isEmpty { leaveFolder() }
        let tally = queue.finish()
        if let failure = tally.failure ?? failure { throw failure }
        result.bytes = tally.bytes
        result.skippedAttributes += tally.skippedAttributes
        return result
    }

    /// Makes the tree's own folder.
    mutating func begin(_ path: [UInt8]) throws(SquashError) {
        let top = try Self.open(path)
        try checkSpace(top)
        guard let root = try walker.next() else { return }
        folders = [UnpackFolder(top, path: [], try attributes(of: root.inode))]
    }

    /// Gives the memory that unpacking used back to the kernel, for a process that goes on to wait.
    package static func releaseMemory() { csupervisor_trim_memory() }

    private static func open(_ path: [UInt8]) throws(SquashError) -> OpenFile {
        do throws(SystemFailure) {
            do throws(SystemFailure) {
                try OpenFile.makeFolder(path, permissions: 0o700)
            } catch {
                guard error.isExisting else { throw error }
            }
            return try OpenFile(path, .folder)
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private func checkSpace(_ top: borrowing OpenFile) throws(SquashError) {
        guard options.neededBytes > 0, let free = try? top.freeBytes(), free < options.neededBytes else { return }
        throw SquashError(
            .noSpace(needed: options.neededBytes, free: free), errorNumber: SystemFailure.spaceless)
    }

    /// Starts the threads; with one thread to use, or none to be had, the walk writes the files itself.
    private mutating func startWorkers() throws(SquashError) {
        for _ in 0..<(options.threads > 1 ? options.threads : 0) {
            let (queue, source, superblock) = (queue, reader.source, reader.superblock)
            queue.begin()
            let isStarted = BackgroundThread.start {
                queue.work { () throws(SquashError) in try UnpackWorker(source, superblock) }
            }
            if !isStarted { queue.end() }
        }
        if queue.workers == 0 { worker = try UnpackWorker(reader.source, reader.superblock) }
    }
}

// MARK: - The walk

extension SquashUnpacker {
    /// Goes on with the walk to its end; false when it stops before, because no more files can be held.
    mutating func makeEntries() throws(SquashError) -> Bool {
        while held?.isFull(beside: folders.count) != true {
            guard let entry = try walker.next() else {
                while !folders.isEmpty { leaveFolder() }
                return true
            }
            while folders.count > entry.depth { leaveFolder() }
            guard let parent = folders.last else { return true }
            guard !options.isStopped() else { throw SquashError(.stopped) }
            do throws(SquashError) {
                try make(entry, in: parent)
            } catch {
                throw error.at(entry.path)
            }
        }
        return false
    }

    /// For one whose walk goes on elsewhere.
    mutating func forgetFolders() { folders = [] }

    /// From here on the walk writes the files itself.
    mutating func writeFiles() throws(SquashError) {
        held = nil
        worker = try UnpackWorker(reader.source, reader.superblock)
    }

    /// Drops the walk's use of a folder; it is finished as soon as its files are.
    private mutating func leaveFolder() {
        if let folder = folders.popLast() { folder.release(queue) }
    }

    private mutating func make(_ entry: SquashEntry, in parent: UnpackFolder) throws(SquashError) {
        let name = entry.name
        let isLinked = entry.inode.links > 1 && !entry.inode.isDirectory
        if isLinked, let first = linked[entry.inode.reference] {
            try link(name, in: parent, to: first)
            return
        }
        let attributes = try attributes(of: entry.inode)
        switch entry.inode.content {
        case .directory: folders.append(try makeFolder(name, in: parent, path: entry.path, attributes))
        case .file(let file) where held != nil: try holdFile(name, in: parent, entry.path, file, attributes)
        case .file(let file): try makeFile(name, in: parent, file, attributes, isLinked: isLinked)
        case .symlink(let target):
            try creating { () throws(SystemFailure) in try parent.file.makeSymlink(name, to: target) }
            result.symlinks += 1
            result.skippedAttributes += attributes.extended.count
            try attributes.set(onSymlink: name, in: parent.file)
        case .blockDevice(let device): try makeDevice(name, in: parent, type: 0o060000, device, attributes)
        case .characterDevice(let device): try makeDevice(name, in: parent, type: 0o020000, device, attributes)
        case .fifo: try makeNode(name, in: parent, type: 0o010000, 0, attributes)
        case .socket: try makeNode(name, in: parent, type: 0o140000, 0, attributes)
        }
        if isLinked { linked[entry.inode.reference] = entry.path }
    }

    private func attributes(of inode: SquashInode) throws(SquashError) -> UnpackAttributes {
        UnpackAttributes(inode, extended: options.setsAttributes ? try reader.attributes(of: inode) : [], options)
    }

    private func creating(_ body: () throws(SystemFailure) -> Void) throws(SquashError) {
        do throws(SystemFailure) { try body() } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private mutating func makeFolder(
        _ name: [UInt8], in parent: UnpackFolder, path: [UInt8], _ attributes: UnpackAttributes
    ) throws(SquashError) -> UnpackFolder {
        result.folders += 1
        do throws(SystemFailure) {
            try parent.file.makeFolder(name, permissions: 0o700)
            let folder = try OpenFile(name, in: parent.file.descriptor, .folder)
            return UnpackFolder(folder, path: path, attributes)
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    /// A second name for a file. The path to the first is walked again without following symlinks.
    private mutating func link(
        _ name: [UInt8], in parent: UnpackFolder, to first: [UInt8]
    ) throws(SquashError) {
        guard let root = folders.first else { return }
        result.hardLinks += 1
        do throws(SystemFailure) {
            var folder = try OpenFile([UInt8(ascii: ".")], in: root.file.descriptor, .folder)
            let components = first.split(separator: UInt8(ascii: "/"))
            for component in components.dropLast() {
                folder = try OpenFile([UInt8](component), in: folder.descriptor, .folder)
            }
            try parent.file.makeLink(name, to: [UInt8](components.last ?? []), in: folder)
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
    }

    private mutating func makeDevice(
        _ name: [UInt8], in parent: UnpackFolder, type: UInt32, _ device: UInt32, _ attributes: UnpackAttributes
    ) throws(SquashError) {
        guard OpenFile.isSuperuser else {
            result.skippedDevices += 1
            return
        }
        do throws(SquashError) {
            try makeNode(name, in: parent, type: type, device, attributes)
        } catch {
            // Root of a container or user namespace is not root enough.
            guard error.errorNumber == SystemFailure.permission else { throw error }
            result.skippedDevices += 1
        }
    }

    private mutating func makeNode(
        _ name: [UInt8], in parent: UnpackFolder, type: UInt32, _ device: UInt32, _ attributes: UnpackAttributes
    ) throws(SquashError) {
        try creating { () throws(SystemFailure) in try parent.file.makeNode(name, mode: type | 0o600, device: device) }
        result.skippedAttributes += attributes.extended.count
        try attributes.set(onNode: name, in: parent.file)
    }
}

// MARK: - Files

extension SquashUnpacker {
    /// Files longer than this are written by several threads.
    private static var partSize: Int { 8 << 20 }

    private mutating func makeFile(
        _ name: [UInt8], in parent: UnpackFolder, _ file: SquashFile, _ attributes: UnpackAttributes, isLinked: Bool
    ) throws(SquashError) {
        result.files += 1
        let blockSize = reader.superblock.blockSize
        let blocksPerPart = Self.partSize / blockSize
        // A further name can come before a thread gets to writing the file; and parts open it each for itself.
        let isMade = isLinked || file.blockCount > blocksPerPart
        if isMade {
            try creating { () throws(SystemFailure) in
                _ = try OpenFile(name, in: parent.file.descriptor, .newFile(permissions: 0o600))
            }
        }
        // It counts as in use until all parts are known, so that the first is not taken for the last.
        let target = UnpackFile(name, in: parent, size: file.size, attributes, isMade: isMade)
        var blocks = StretchReader(file)
        repeat {
            guard !options.isStopped() else { throw SquashError(.stopped) }
            let data = try blocks.next(atMost: blocksPerPart, reader)
            // A hole in a long file needs no thread.
            if !(isMade && data.isHole) { try enqueue(UnpackPart(file: target, data: data)) }
        } while !blocks.isAtEnd
        try finish(target)
    }

    /// A file that is there at once, whole but for its bytes, which whoever opens it waits for.
    private mutating func holdFile(
        _ name: [UInt8], in parent: UnpackFolder, _ path: [UInt8], _ file: SquashFile, _ attributes: UnpackAttributes
    ) throws(SquashError) {
        result.files += 1
        var blocks = StretchReader(file)
        let data = try blocks.next(atMost: file.blockCount, reader)
        let made: HeldFile
        do throws(SystemFailure) {
            let output = try OpenFile(name, in: parent.file.descriptor, .newFile(permissions: 0o600))
            try output.truncate(to: file.size)
            let skipped = try attributes.set(on: output)
            if data.isHole { result.skippedAttributes += skipped }
            made = HeldFile(output, path, data, attributes)
        } catch {
            throw SquashError(.createFailed, errorNumber: error.errorNumber)
        }
        if !data.isHole { try held?.hold(made) }
    }

    /// Drops the walk's use of a file.
    private func finish(_ file: UnpackFile) throws(SquashError) {
        guard file.isLastUse() else { return }
        // Only a file without any data to write comes here, or one whose parts are written already.
        do throws(SystemFailure) {
            let open = try OpenFile(file.name, in: file.folder.file.descriptor, .rewrite)
            try open.truncate(to: file.size)
            queue.skip(attributes: try file.attributes.set(on: open))
        } catch {
            throw SquashError(.writeFailed, path: file.path, errorNumber: error.errorNumber)
        }
        file.folder.release(queue)
    }

    private mutating func enqueue(_ part: UnpackPart) throws(SquashError) {
        if !batch.accepts(part) { try flush() }
        part.file.retain()
        batch.append(part)
    }

    mutating func flush() throws(SquashError) {
        guard !batch.parts.isEmpty else { return }
        let full = batch
        batch = UnpackBatch()
        guard let worker else {
            try queue.send(full)
            return
        }
        queue.add(try worker.write(full, queue))
    }
}
