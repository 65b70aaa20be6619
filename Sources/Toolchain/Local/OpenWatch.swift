internal import ByteKit
internal import Glibc

/// Notices which files below a folder are opened, by whatever process and in whatever way. inotify(7).
///
/// It needs no rights, and sees what no library of ours could: loaders, static programs, the kernel's own opening of programs.
/// It does not see who only asks whether a file is there.
package final class OpenWatch {
    private let descriptor: Int32
    private let stop: HostPipe
    private let state = Monitor(State())
    private var thread: Thread?

    private struct State: Sendable {
        /// For each watched folder, its path below the root; empty or with a slash at its end.
        var folders: [Int32: [UInt8]] = [:]
        var opened: Set<[UInt8]> = []
        /// Whether the kernel dropped some.
        var hasLost = false
    }

    /// Watches a folder and all that are in it by now.
    package init(_ root: String) throws {
        stop = try HostPipe()
        descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw FileError("watch", root) }
        try watch(root)
        let (descriptor, end, state) = (descriptor, stop.readEnd, state)
        thread = try Thread { Self.follow(descriptor, until: end, state) }
    }

    deinit {
        stop.closeWrite()
        thread?.join()
        close(descriptor)
    }

    /// The files that were opened since this was last asked, relative to the folder and in byte order.
    ///
    /// - Throws: a `ToolError` when there were more than the kernel keeps.
    package func take() throws(ToolError) -> [[UInt8]] {
        Self.read(descriptor, state)
        let (opened, hasLost) = state.withLock { state in
            defer { state.opened = [] }
            return (state.opened, state.hasLost)
        }
        guard !hasLost else {
            throw ToolError(
                "trace-incomplete", "files were opened faster than they could be noted down",
                hint: "try again, or raise fs.inotify.max_queued_events")
        }
        return opened.sorted { $0.lexicographicallyPrecedes($1) }
    }

    // MARK: - Watching

    private func watch(_ root: String) throws {
        var pending: [[UInt8]] = [[]]
        while let folder = pending.popLast() {
            let path = Array(root.utf8) + [UInt8(ascii: "/")] + folder
            let place = path.map { CChar(bitPattern: $0) } + [0]
            let flags = UInt32(IN_OPEN) | UInt32(IN_ONLYDIR) | UInt32(IN_DONT_FOLLOW)
            let number = unsafe inotify_add_watch(descriptor, place, flags)
            guard number >= 0 else { throw Self.refusal(path) }
            state.withLock { $0.folders[number] = folder }
            for name in try Self.folders(in: path) { pending.append(folder + name + [UInt8(ascii: "/")]) }
        }
    }

    private static func refusal(_ path: [UInt8]) -> any Error {
        let error = FileError("watch", DiagnosticText.printable(path))
        guard errno == ENOSPC else { return error }
        return ToolError(
            "trace-limit", "this user may watch no more folders, and the image has more",
            hint: "raise fs.inotify.max_user_watches, or lock the recipe where it is higher")
    }

    /// Where a name begins in `struct dirent`. readdir(3).
    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19

    private static func folders(in path: [UInt8]) throws -> [[UInt8]] {
        guard let folder = unsafe opendir(path.map { CChar(bitPattern: $0) } + [0]) else {
            throw FileError("open", DiagnosticText.printable(path))
        }
        defer { unsafe closedir(folder) }
        var names: [[UInt8]] = []
        while let entry = unsafe readdir(folder) {
            // The record ends with the name, which may be shorter than its field.
            let start = unsafe UnsafeRawPointer(entry) + nameOffset
            let text = unsafe start.assumingMemoryBound(to: CChar.self)
            var isFolder = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            if unsafe entry.pointee.d_type == UInt8(DT_UNKNOWN) {
                // Some file systems do not say.
                var status = stat()
                let found = unsafe fstatat(dirfd(folder), text, &status, AT_SYMLINK_NOFOLLOW)
                isFolder = found == 0 && status.st_mode & S_IFMT == S_IFDIR
            }
            guard isFolder else { continue }
            let name = unsafe Array(UnsafeRawBufferPointer(start: start, count: strlen(text)))
            if !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) { names.append(name) }
        }
        return names
    }

    // MARK: - Reading

    private static func follow(_ descriptor: Int32, until end: Int32, _ state: Monitor<State>) {
        while true {
            var waiting = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: end, events: Int16(POLLIN), revents: 0),
            ]
            let count = unsafe poll(&waiting, 2, -1)
            if count < 0, errno != EINTR { return }
            if waiting[1].revents != 0 { return }
            if waiting[0].revents != 0 { read(descriptor, state) }
        }
    }

    /// Takes what there is. Two threads may do it at once: events come whole.
    private static func read(_ descriptor: Int32, _ state: Monitor<State>) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        state.withLock { state in
            while true {
                let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
                guard count > 0 else { return }
                note(buffer[..<count], in: &state)
            }
        }
    }

    /// `struct inotify_event`: watch, mask, cookie and length, four bytes each, and the name, filled up with zeros.
    private static func note(_ bytes: ArraySlice<UInt8>, in state: inout State) {
        let bytes = Array(bytes)
        var reader = LittleEndianReader(bytes.span)
        while reader.remaining >= 16 {
            let watch = Int32(bitPattern: reader.read(UInt32.self))
            let mask = reader.read(UInt32.self)
            _ = reader.read(UInt32.self)
            let name = reader.read(count: Int(reader.read(UInt32.self))).prefix { $0 != 0 }
            if mask & UInt32(IN_Q_OVERFLOW) != 0 { state.hasLost = true }
            guard mask & UInt32(IN_ISDIR) == 0, !name.isEmpty, let folder = state.folders[watch] else { continue }
            state.opened.insert(folder + name)
        }
    }
}
